import type { JobRow } from '../../src/relay/index.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { type FlowChain, startChain } from '../support/flow-chain.ts'
import { isSend, type RelayRun, type RunOptions, startRun } from '../support/relay-run.ts'
import { until } from '../support/until.ts'

const EXPIRY = 10

let chain: FlowChain

beforeAll(async () => {
  chain = await startChain({
    transactionExpiry: EXPIRY,
    extraFlags: ['--storage-limit=false'], // accounts have no FLOW
  })
})

afterAll(async () => {
  await chain?.[Symbol.asyncDispose]()
})

type Result = { readonly error_message: string; readonly status_code: number }

const isResults = (path: string) => path.startsWith('/v1/transaction_results')

/** Changes results, whether the node tells one or those of a block; `undefined` leaves one out. */
const rewriteResults = (change: (result: Result) => Result | undefined) => ({
  kind: 'rewrite' as const,
  fn(body: string) {
    const told: Result | readonly Result[] = JSON.parse(body)
    const changed = [told].flat().flatMap((result) => change(result) ?? [])
    return JSON.stringify(Array.isArray(told) ? changed : changed[0])
  },
})
const missing = { kind: 'status', status: 404, body: '{"code":404,"message":"no"}' } as const
const succeeded = rewriteResults((result) => ({ ...result, error_message: '', status_code: 0 }))

/** A run with a second node. */
async function startPair(options: RunOptions = {}) {
  const second = await startFaultProxy({ target: chain.url })
  const settings = { copies: 1, transactionExpiry: EXPIRY, otherNodes: [second.url] }
  const run = await startRun(chain, { ...settings, ...options })
  return {
    run,
    second,
    async [Symbol.asyncDispose]() {
      await run[Symbol.asyncDispose]()
      await second.stop()
    },
  }
}

const heldCode = async ({ relay }: RelayRun) => (await relay.stats()).held?.code

const stateOf = async ({ relay }: RelayRun, id: string): Promise<JobRow['state']> =>
  (await (await relay.job(id)).status()).state

/** Resolves when the proxy was asked for so many more of these. */
async function asked(proxy: FaultProxy, name: string, more: number): Promise<void> {
  const isCounted = ([request]: readonly [string, number]) => request.startsWith(name)
  const count = () =>
    [...proxy.requests].filter(isCounted).reduce((sum, [, times]) => sum + times, 0)
  const before = count()
  await until(() => count() >= before + more)
}

/** A mint that fails on chain: its recipient has no collection. */
async function submitFailing(run: RelayRun): Promise<string> {
  const { signer, single } = run.account
  const recipient = await chain.createAccount([{ signer, weight: 1_000 }])
  const [id = ''] = await run.submit([single('order-1', { recipient })])
  return id
}

describe('when two nodes differ about a result', () => {
  it('tells nothing done, holds, and takes the true one when they agree again', async () => {
    await using pair = await startPair({ asksContract: false })
    const { run, second } = pair
    run.proxy.setFault(({ path }) => (isResults(path) ? succeeded : undefined))
    const id = await submitFailing(run)
    await until(async () => (await heldCode(run)) === 'NODES_DISAGREE')
    await asked(second, 'GET /v1/transaction_results', 2)
    expect(await stateOf(run, id)).toBe('in-flight')
    expect(run.eventsOf('done')).toEqual([])
    run.proxy.setFault(undefined)
    await run.relay.resume()
    await expect((await run.relay.job(id)).sealed()).rejects.toMatchObject({ code: 'JOB_FAILED' })
    await run.check()
  })

  it('holds as well when it is the second that lies', async () => {
    await using pair = await startPair({ asksContract: false })
    const { run, second } = pair
    second.setFault(({ path }) => (isResults(path) ? succeeded : undefined))
    const id = await submitFailing(run)
    await until(async () => (await heldCode(run)) === 'NODES_DISAGREE')
    expect(await stateOf(run, id)).toBe('in-flight')
    second.setFault(undefined)
    await run.relay.resume()
    await expect((await run.relay.job(id)).sealed()).rejects.toMatchObject({ code: 'JOB_FAILED' })
    await run.check()
  })

  it('is done only once the second has the block, too', async () => {
    await using pair = await startPair()
    const { run, second } = pair
    second.setFault(({ path }) => (isResults(path) ? missing : undefined))
    const [id = ''] = await run.submit([run.account.single('order-1')])
    await until(() => run.eventsOf('sealed').length === 1)
    await asked(second, 'GET /v1/transaction_results', 3)
    expect(await stateOf(run, id)).toBe('in-flight')
    second.setFault(undefined)
    await run.sealed([id])
    await run.check()
    expect(run.eventsOf('held')).toEqual([])
  })
})

describe('when one node says that a transaction has expired', () => {
  /** The results without ours, and the sequence number as it was before. */
  const deny = (proxy: FaultProxy) =>
    proxy.setFault(({ path }) => {
      if (path.startsWith('/v1/transaction_results/')) return missing
      if (isResults(path)) return rewriteResults((result) => (isMint(result) ? undefined : result))
      const fn = (body: string) => body.replace('"sequence_number":"1"', '"sequence_number":"0"')
      return path.includes('/keys/1') ? { kind: 'rewrite', fn } : undefined
    })
  const isMint = (result: Result) => JSON.stringify(result).includes('DropNFT')

  it('believes it only when the other says so, too', async () => {
    await using pair = await startPair({ asksContract: false, resendMs: 60_000 })
    const { run } = pair
    deny(run.proxy)
    const [id = ''] = await run.submit([run.account.single('order-1')])
    await until(async () => (await heldCode(run)) === 'NODES_DISAGREE')
    expect(await stateOf(run, id)).toBe('in-flight')
    expect(run.eventsOf('dead')).toEqual([])
    run.proxy.setFault(undefined)
    await run.relay.resume()
    await run.sealed([id])
    const { attempts } = await run.check()
    expect(attempts).toHaveLength(1)
  })

  it('signs anew when both say so', async () => {
    await using pair = await startPair()
    const { run, second } = pair
    let lost = true
    for (const proxy of [run.proxy, second])
      proxy.setFault((request) => (lost && isSend(request) ? { kind: 'reset-before' } : undefined))
    const [id = ''] = await run.submit([run.account.single('order-1')])
    await until(() => run.eventsOf('dead').length === 1)
    lost = false
    await run.sealed([id])
    await run.check()
    expect(run.eventsOf('held')).toEqual([])
  })
})

it('does not believe one node alone that the contract has fulfilled a request', async () => {
  await using pair = await startPair({ resendMs: 500 })
  const { run } = pair
  const fulfilled = JSON.stringify(
    Buffer.from(
      '{"type":"Array","value":[{"type":"Optional","value":{"type":"UInt64","value":"7"}}]}',
    ).toString('base64'),
  )
  run.proxy.setFault(({ path }) =>
    path.startsWith('/v1/scripts') ? { kind: 'body', body: fulfilled } : undefined,
  )
  const id = await submitFailing(run)
  await until(
    async () => (await heldCode(run)) === 'NODES_DISAGREE' || (await stateOf(run, id)) === 'failed',
  )
  expect(run.eventsOf('done')).toEqual([])
  await run.check()
})

it('does not tell executed what failed and is not sealed', async () => {
  await using run = await startRun(chain, { copies: 1 })
  let sealed = false
  // As on a network, where a block is executed long before it is sealed.
  const unsealed = {
    kind: 'rewrite' as const,
    fn: (body: string) => body.replaceAll('"Sealed"', '"Executed"'),
  }
  run.proxy.setFault(({ path }) => (!sealed && isResults(path) ? unsealed : undefined))
  const id = await submitFailing(run)
  const job = await run.relay.job(id)
  const told: string[] = []
  const executed = job.executed().then(
    () => told.push('executed'),
    () => told.push('failed'),
  )
  await until(() => run.eventsOf('executed').length === 1)
  const [good = ''] = await run.submit([run.account.single('order-2')])
  await (await run.relay.job(good)).executed() // the key is free before the seal
  expect(told).toEqual([])
  expect(await stateOf(run, good)).toBe('in-flight')
  sealed = true
  await executed
  expect(told).toEqual(['failed'])
  await run.sealed([good])
  await run.check()
})
