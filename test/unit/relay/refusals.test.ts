import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts'
import type { SimulatedNode } from '../../support/simulated-node.ts'
import { mint, openRelay, startRelayNode } from '../../support/simulated-relay.ts'
import { until } from '../../support/until.ts'

type Opened = Awaited<ReturnType<typeof openRelay>>

const said = (sentence: string) => {
  const message = `Invalid Flow argument: invalid transaction: ${sentence}`
  return { kind: 'status', status: 400, body: JSON.stringify({ code: 400, message }) } as const
}
const stale = said('transaction is expired: ref_height=1 final_height=900')
const invalid = said('transaction gas limit (0) is not in the acceptable range (min: 1, max: 9999)')

let node: SimulatedNode & { readonly executed: readonly string[] }
let proxies: readonly [FaultProxy, FaultProxy]

beforeEach(async () => {
  node = await startRelayNode()
  const start = () => startFaultProxy({ target: node.url })
  proxies = [await start(), await start()]
})

afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.stop()))
  await node[Symbol.asyncDispose]()
})

const refuse = (index: 0 | 1, reply: typeof stale | { readonly kind: 'reset-before' }) =>
  proxies[index].setFault(({ method }) => (method === 'POST' ? reply : undefined))
const open = (options: Parameters<typeof openRelay>[1] = {}) =>
  openRelay(node.url, { accessNodes: proxies.map(({ url }) => url), ...options })
const eventsOf = ({ events }: Opened, kind: string) => events.filter((one) => one.kind === kind)

describe('a refusal by one of two nodes', () => {
  it.each([0, 1] as const)(
    'signs nothing again: node %i refuses, the other takes it',
    async (one) => {
      refuse(one, stale)
      await using relay = await open()
      const jobs = await Promise.all(['a', 'b', 'c'].map((id) => relay.submit(mint(id))))
      await Promise.all(jobs.map((job) => job.sealed()))
      expect(eventsOf(relay, 'signed')).toHaveLength(3)
      expect([...node.executed].sort()).toEqual(['a', 'b', 'c'])
    },
  )

  it('is enough for a job that fails by it', async () => {
    for (const index of [0, 1] as const) refuse(index, invalid)
    await using relay = await open()
    const job = await relay.submit(mint('bad'))
    await expect(job.sealed()).rejects.toMatchObject({ code: 'JOB_FAILED' })
    expect(eventsOf(relay, 'sent')).toHaveLength(1)
  })

  it('does not halve a batch that the other takes', async () => {
    refuse(0, invalid)
    const batches = { mints: { cadence: 'transaction(ids: [String]) {}' } }
    await using relay = await open({ batches, batchWaitMs: 200 })
    const request = (id: string) => ({ id, batch: 'mints', args: [{ type: 'String', value: id }] })
    const jobs = await Promise.all(['a', 'b'].map((id) => relay.submit(request(id))))
    await Promise.all(jobs.map((job) => job.sealed()))
    expect(eventsOf(relay, 'signed')).toHaveLength(1)
  })
})

it('by both nodes is one for certain: another transaction, with the same key and number', async () => {
  for (const index of [0, 1] as const) refuse(index, stale)
  await using relay = await open()
  const job = await relay.submit(mint('a'))
  await until(() => eventsOf(relay, 'dead').length === 1)
  for (const proxy of proxies) proxy.setFault(undefined)
  await job.sealed()
  const attempts = await job.attempts()
  expect(attempts.length).toBeGreaterThan(1)
  expect(new Set(attempts.map(({ sequenceNumber }) => sequenceNumber))).toEqual(new Set([0n]))
  expect(node.executed).toEqual(['a'])
})
