/** Goes through steps with the code on its database and with the model, and compares the two. @module */

import { createPromoter } from '../../../examples/admin-server/src/execution/promote.ts'
import type { ReleasedItem } from '../../../examples/admin-server/src/execution/release.ts'
import type { PolicyVerdict } from '../../../src/relay/index.ts'
import { weightOf } from './approval-arbitraries.ts'
import { checkRecord, compare, compareSpending, sum } from './approval-compare.ts'
import {
  approveModel,
  cancelModel,
  expireModel,
  firstKeys,
  grantedTo,
  isMet,
  isOver,
  limits,
  type Model,
  type ModelItem,
  type ModelRequest,
  people,
  promoteModel,
  releaseModel,
  type Step,
  startModel,
  withdrawModel,
} from './approval-model.ts'
import type { Approvals } from './approval-world.ts'

/** How often something was allowed, refused or had to wait: a model that allows nothing proves nothing. */
export type Tally = { allowed: number; refused: number; postponed: number; sequences: number }

/** Ends what a sequence before it has left. */
export async function forget({ database }: Approvals): Promise<void> {
  await database.query(`UPDATE requests SET state = 'cancelled'
    WHERE state IN ('waiting', 'ready', 'released')`)
  await database.query('DELETE FROM spending')
}

/** Throws where the code does otherwise than the model. */
export async function runSteps(world: Approvals, steps: readonly Step[], tally: Tally) {
  const model = startModel()
  const jobs = new Map<string, ReleasedItem>()
  world.setKeys(firstKeys)
  world.setPaused(false)
  tally.sequences += 1
  for (const step of steps) {
    await take(world, model, jobs, step, tally)
    await compare(world, model)
    await compareSpending(world, model)
  }
}

async function take(
  world: Approvals,
  model: Model,
  jobs: Map<string, ReleasedItem>,
  { kind, pick, who }: Step,
  tally: Tally,
): Promise<void> {
  const { database } = world
  const name = chosen(people, who)
  if (kind === 'accept') return accept(world, model, name, 1 + (pick % 3))
  if (kind === 'key') return changeKey(world, model, pick, who)
  if (kind === 'promote') {
    promoteModel(model)
    // A new one looks at all that wait.
    return expect(await createPromoter(world.context)()).toBe(false)
  }
  if (kind === 'pause') {
    model.paused = pick % 3 === 0
    return world.setPaused(model.paused)
  }
  if (kind === 'expire') return expect(await world.expire()).toBe(expireModel(model))
  if (kind === 'next-day') {
    model.spent.push(0)
    const today = `(clock_timestamp() AT TIME ZONE 'UTC')::date`
    for (const [table, column] of [
      ['spending', 'day'],
      ['items', 'decided_on'],
    ] as const)
      await database.query(
        `UPDATE ${table} SET ${column} = ${column} - $1::integer WHERE ${column} = ${today}`,
        [model.spent.length],
      )
    return
  }
  if (kind === 'release') {
    const items = await world.release()
    expect(items.map(({ jobId }) => jobId)).toEqual(releaseModel(model))
    for (const item of items) jobs.set(item.jobId, item)
    return
  }
  if (kind === 'decide') return decide(world, model, jobs, pick, who, tally)
  const request = model.requests[pick % Math.max(1, model.requests.length)]
  if (request === undefined) return
  const { asked } = request
  const { id } = asked.row
  if (kind === 'approve')
    expect(await codeOf(world.approve(name, asked))).toBe(approveModel(model, request, name, true))
  else if (kind === 'approve-other')
    expect(await codeOf(world.approve(name, asked, 'f'.repeat(64)))).toBe(
      approveModel(model, request, name, false),
    )
  else if (kind === 'withdraw')
    expect(await codeOf(world.withdraw(name, asked))).toBe(withdrawModel(model, request, name))
  else if (kind === 'cancel') {
    const isOperator = who % 3 === 0
    const cancelled = world.cancel(name, asked, ...(isOperator ? (['operator'] as const) : []))
    expect(await codeOf(cancelled)).toBe(cancelModel(request, name, isOperator))
  } else if (kind === 'approval-expires') {
    for (const one of request.approvals) one.expired = true
    await database.query(
      'UPDATE approvals SET expires_at = clock_timestamp() WHERE request_id = $1',
      [id],
    )
  } else {
    request.inTime = false
    await database.query('UPDATE requests SET expires_at = clock_timestamp() WHERE id = $1', [id])
  }
}

async function accept(world: Approvals, model: Model, requester: string, count: number) {
  const names = Array.from({ length: count }, (_, index) => `Ticket ${index}`)
  const asked = await world.mint(requester, names)
  const request: ModelRequest = {
    ...{ asked, requester, items: [], approvals: [], decided: false, inTime: true },
    state: 'waiting',
  }
  if (isMet(model, request)) request.state = 'ready'
  names.forEach((_, index) => {
    const jobId = `${asked.row.id}-${index}`
    request.items.push({ jobId, request, decidedOn: undefined, cancelled: false })
  })
  model.requests.push(request)
}

function changeKey(world: Approvals, model: Model, pick: number, who: number): void {
  const weight = [0, 100, 299, 300, 399, 400, 600, 1_000][pick % 8] ?? 0
  const index = who % model.keys.length
  const first = firstKeys[index]
  if (first === undefined) return
  const changed =
    pick >= 24 ? first : pick >= 20 ? { ...first, revoked: true } : { ...first, weight }
  model.keys = model.keys.map((key, place) => (place === index ? changed : key))
  world.setKeys(model.keys)
}

/** As the relay: some of the jobs that it has, also such as were decided before and died since. */
async function decide(
  world: Approvals,
  model: Model,
  jobs: Map<string, ReleasedItem>,
  pick: number,
  who: number,
  tally: Tally,
): Promise<void> {
  const all = [...jobs.values()]
  const count = 1 + (who % 5)
  const some = all.slice(pick % Math.max(1, all.length)).slice(0, count)
  if (some.length === 0) return
  const items = some.map(({ jobId }) => itemOf(model, jobId))
  const verdict = await world.decide(some)
  for (const { id } of verdict.refused ?? []) jobs.delete(id) // the relay fails it for good
  if (verdict.keyIndexes === undefined) {
    tally.refused += verdict.refused?.length ?? 0
    tally.postponed += verdict.postponed?.length ?? 0
    return checkKept(model, items, verdict)
  }
  tally.allowed += 1
  const { keyIndexes } = verdict
  const fresh = items.filter(({ decidedOn }) => decidedOn === undefined)
  model.spent.push((model.spent.pop() ?? 0) + fresh.length)
  expect(model.spent.at(-1)).toBeLessThanOrEqual(limits.maxAmountPerDay)
  expect(sum(model.spent)).toBeLessThanOrEqual(limits.maxAmountInAll)
  expect(model.paused).toBe(false)
  expect(weightOf(model.keys, keyIndexes)).toBeGreaterThanOrEqual(1_000)
  for (const item of items) {
    const { request } = item
    expect([item.cancelled, isOver(request), isMet(model, request)]).toEqual([false, false, true])
    const granted = grantedTo(model, request)
    expect(keyIndexes.filter((index) => !granted.has(index))).toEqual([])
    item.decidedOn ??= model.spent.length - 1
    request.decided = true
    if (request.state === 'waiting' || request.state === 'ready') request.state = 'released'
  }
  await checkRecord(world, items, keyIndexes)
}

/** Nothing is kept back without a reason. */
function checkKept(model: Model, items: readonly ModelItem[], verdict: PolicyVerdict): void {
  const refused = new Set(verdict.refused?.map(({ id }) => id))
  const postponed = new Set(verdict.postponed)
  const inAll = limits.maxAmountInAll - sum(model.spent)
  const today = limits.maxAmountPerDay - (model.spent.at(-1) ?? 0)
  const fresh = items.filter(({ decidedOn }) => decidedOn === undefined).length
  for (const item of items) {
    const { request, jobId } = item
    if (item.cancelled) expect(refused.has(jobId)).toBe(!model.paused)
    else if (refused.has(jobId))
      expect([item.decidedOn !== undefined, inAll < fresh]).toEqual([false, true])
    else if (model.paused || !isMet(model, request)) expect(postponed.has(jobId)).toBe(true)
    else if (items.length === 1)
      expect([postponed.has(jobId), item.decidedOn !== undefined, today < 1]).toEqual([
        true,
        false,
        true,
      ])
  }
  if (model.paused) return
  for (const item of items) {
    const { request, jobId, decidedOn } = item
    if (refused.has(jobId) || isMet(model, request)) continue
    if (decidedOn !== undefined) model.spent[decidedOn] = (model.spent[decidedOn] ?? 0) - 1
    item.decidedOn = undefined
    request.decided = false
    if (!isOver(request)) request.state = 'waiting'
  }
}

function itemOf({ requests }: Model, jobId: string): ModelItem {
  const found = requests.flatMap(({ items }) => items).find((item) => item.jobId === jobId)
  if (found === undefined) throw new Error('a job of no item')
  return found
}

const codeOf = (call: Promise<void>): Promise<string | undefined> =>
  call.then(
    () => undefined,
    (thrown) => String(thrown.code),
  )

function chosen<T>(list: readonly T[], index: number): T {
  const one = list[index % list.length]
  if (one === undefined) throw new Error('the list is empty')
  return one
}
