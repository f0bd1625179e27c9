import { type FlowChain, noop, startChain } from '../support/flow-chain.ts'
import { malleateSends } from '../support/malleate.ts'
import { isSend, type RelayRun, startRun } from '../support/relay-run.ts'
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

/** One key, so that it is known which number is used. */
const options = { copies: 1, transactionExpiry: EXPIRY, resendMs: 500 } as const

/** A transaction of somebody else with the next number of the relay's proposal key. */
async function stealNumber({ account }: RelayRun, keyIndex = 1): Promise<void> {
  const { address, authorizer } = account
  const authz = authorizer.authorize(address, { proposalKeyIndex: keyIndex })
  const { errorMessage } = await chain.send({ cadence: noop, authz })
  expect(errorMessage).toBe('')
}

/** Two ways to learn what became of a request: the contract, and the blocks. */
const ways = [
  { way: 'the contract', asksContract: true },
  { way: 'the blocks', asksContract: false },
] as const

const asking = ({ asksContract }: { readonly asksContract: boolean }) => ({ asksContract })

/** All but the last were given up: one may wait longer for its turn than so few blocks. */
function expectDeadBut(attempts: readonly { readonly state: string }[], last: string): void {
  const states = attempts.map(({ state }) => state)
  expect(states.length).toBeGreaterThan(1)
  expect(new Set(states.slice(0, -1))).toEqual(new Set(['dead']))
  expect(states.at(-1)).toBe(last)
}

describe('when no block takes a transaction before it expires', () => {
  it.each(ways)('signs another, once the first is dead, and mints once by $way', async (way) => {
    await using run = await startRun(chain, { ...options, ...asking(way) })
    let lost = true
    run.proxy.setFault((request) =>
      lost && isSend(request) ? { kind: 'reset-before' } : undefined,
    )
    const [id = ''] = await run.submit([run.account.single('order-1')])
    await until(() => run.eventsOf('dead').length === 1)
    lost = false
    await run.sealed([id])
    const { attempts } = await run.check()
    expectDeadBut(attempts, 'sealed')
    expect(new Set(attempts.map(({ sequenceNumber }) => sequenceNumber)).size).toBe(1)
  })
})

describe('when the number of an unsent transaction is used by somebody else', () => {
  it.each(ways)('mints once after the expiry, by $way', async (way) => {
    await using run = await startRun(chain, { ...options, ...asking(way) })
    let lost = true
    run.proxy.setFault((request) =>
      lost && isSend(request) ? { kind: 'reset-before' } : undefined,
    )
    const ids = await run.submit([run.account.single('order-1')])
    await until(() => run.eventsOf('sent').length > 0)
    await stealNumber(run)
    await until(() => run.eventsOf('dead').length === 1)
    lost = false
    await run.sealed(ids)
    const { attempts } = await run.check()
    expectDeadBut(attempts, 'sealed')
  })
})

describe('when a copy executes and ours is never taken', () => {
  it.each(ways)('is done once ours has expired, by $way', async (way) => {
    await using run = await startRun(chain, { ...options, ...asking(way) })
    run.proxy.setFault(malleateSends(1_000))
    const [id = ''] = await run.submit([run.account.single('order-1')])
    await run.sealed([id])
    const { attempts } = await run.check()
    expect(attempts.map(({ state }) => state)).toEqual(['dead'])
    expect(run.eventsOf('copied')).toHaveLength(1)
  })
})

describe('when the results of a block leave our transaction out', () => {
  it.each(ways)('it is found before it would count as dead, by $way', async (way) => {
    await using run = await startRun(chain, { ...options, ...asking(way), resendMs: 60_000 })
    let lies = true
    run.proxy.setFault(({ path }) =>
      lies && path.startsWith('/v1/transaction_results?')
        ? { kind: 'rewrite', fn: onlySystem }
        : undefined,
    )
    const [id = ''] = await run.submit([run.account.single('order-1')])
    await until(async () => (await run.account.minted()).size === 1)
    const { finalizedHeight } = await heights()
    await until(async () => (await heights()).finalizedHeight > finalizedHeight + 5)
    lies = false
    await run.sealed([id])
    const { attempts, jobs } = await run.check()
    expect(attempts).toHaveLength(1)
    expect(jobs[0]?.state).toBe('done')
    expect(run.eventsOf('copied')).toEqual([])
  })
})

/** The results of a block without those that have an event of the contract. */
function onlySystem(body: string): string {
  const results: readonly { readonly events: readonly { readonly type: string }[] }[] =
    JSON.parse(body)
  const ours = ({ type }: { readonly type: string }) => type.includes('DropNFT')
  return JSON.stringify(results.filter(({ events }) => !events.some(ours)))
}

async function heights(): Promise<{ readonly finalizedHeight: number }> {
  const reply = await fetch(`${chain.url}/v1/blocks?height=final`)
  const [block]: { header: { height: string } }[] = JSON.parse(await reply.text())
  return { finalizedHeight: Number(block?.header.height) }
}
