/** What the database holds after a step, beside what the model holds. @module */

import type { Model, ModelItem } from './approval-model.ts'
import type { Approvals } from './approval-world.ts'

/** What was spent, by the database and by the model. */
export async function compareSpending({ database }: Approvals, { spent }: Model): Promise<void> {
  const [row] = await database.query<{ sum: number }>(
    'SELECT coalesce(sum(amount), 0)::integer AS sum FROM spending',
  )
  expect(row?.sum).toBe(sum(spent))
}

/** The decision has its record. */
export async function checkRecord(
  world: Approvals,
  items: readonly ModelItem[],
  keyIndexes: readonly number[],
): Promise<void> {
  const requestId = items[0]?.request.asked.row.id ?? ''
  const [last] = await world.audit.list({
    ...{ requestId, kind: 'decision', newestFirst: true, limit: 1 },
  })
  const jobIds = items.map(({ jobId }) => jobId)
  expect(last?.facts).toMatchObject({ verdict: 'allowed', keyIndexes, jobIds })
}

/** States, by the database and by the model. */
export async function compare(world: Approvals, { requests }: Model): Promise<void> {
  const rows = await world.database.query<{ id: string; state: string; decided: boolean }>(
    `SELECT id, state, decided_at IS NOT NULL AS decided FROM requests
    WHERE id = ANY ($1::text[]) ORDER BY position`,
    [requests.map(({ asked }) => asked.row.id)],
  )
  const expected = requests.map(({ asked, state, decided }) => ({
    id: asked.row.id,
    state,
    decided,
  }))
  expect(rows).toEqual(expected)
}

export const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)
