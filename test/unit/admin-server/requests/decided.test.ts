import type { Session } from '../../../../examples/admin-server/src/database/database.ts'
import { readDecided } from '../../../../examples/admin-server/src/requests/decided.ts'
import { openApprovals } from '../../../support/admin-server/approval-world.ts'

type Plan = {
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly Plans?: readonly Plan[]
}

/** Rows that a plan took out of a table. */
const rowsOf = (plan: Plan, table: string): number =>
  (plan['Relation Name'] === table ? plan['Actual Rows'] * plan['Actual Loops'] : 0) +
  (plan.Plans ?? []).reduce((sum, one) => sum + rowsOf(one, table), 0)

it('reads the last decision of each request, and no other record of it', async () => {
  await using world = await openApprovals()
  const { database, audit } = world
  const requests = ['rq_a', 'rq_b'].map((id) => ({ id, decidedAt: new Date() }))
  for (let n = 1; n <= 50; n += 1)
    await database.transaction((session) =>
      audit.append(session, [
        {
          kind: 'decision',
          actor: 'server',
          requestIds: requests.map(({ id }) => id),
          facts: { verdict: 'allowed', weights: { 0: n }, met: { rq_a: [0], rq_b: [1] } },
        },
      ]),
    )
  const found = await readDecided(database, requests)
  expect(found.get('rq_a')).toMatchObject({ weights: { 0: 50 }, met: [0] })
  expect(found.get('rq_b')).toMatchObject({ weights: { 0: 50 }, met: [1] })

  // So many others that the planner of a small table does not read it as a whole.
  const other = { kind: 'request', actor: 'shop', facts: {} } as const
  const others = Array.from({ length: 3_000 }, (_, n) => ({ ...other, requestIds: [`rq_${n}`] }))
  await database.transaction((session) => audit.append(session, others))
  await database.query('ANALYZE')
  const plans: Plan[] = []
  const explained: Session = {
    async query(text, parameters) {
      type Row = { 'QUERY PLAN': readonly { Plan: Plan }[] }
      const [row] = await database.query<Row>(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, parameters)
      plans.push(...(row?.['QUERY PLAN'] ?? []).map((one) => one.Plan))
      return []
    },
  }
  await readDecided(explained, requests)
  expect(plans.map((plan) => rowsOf(plan, 'audit'))).toEqual([2])
})
