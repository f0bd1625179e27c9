import { createMemoryStore } from '../../src/stores/index.ts'
import { type FlowChain, noop, startChain } from '../support/flow-chain.ts'
import { malleateSends } from '../support/malleate.ts'
import { createMintAccount } from '../support/mint-relay.ts'
import { idsOf, isSend, type RelayRun, startRun } from '../support/relay-run.ts'
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

describe('when somebody else uses the sequence number', () => {
  it.each(ways)('before we sign: mints once by $way', async (way) => {
    await using run = await startRun(chain, { ...options, ...asking(way) })
    await stealNumber(run)
    const ids = await run.submit(idsOf(2).map((id) => run.account.single(id)))
    await run.sealed(ids)
    const { attempts } = await run.check()
    expect(attempts).toHaveLength(3)
    expect(run.eventsOf('copied')).toEqual([])
  })

  it.each(ways)('while our transaction is held back: mints once by $way', async (way) => {
    await using run = await startRun(chain, { ...options, ...asking(way) })
    let held = true
    run.proxy.setFault((request) =>
      held && isSend(request) ? { kind: 'reset-before' } : undefined,
    )
    const ids = await run.submit([run.account.single('order-1')])
    await until(() => run.eventsOf('sent').length > 0)
    await stealNumber(run)
    held = false
    await run.sealed(ids)
    const { attempts } = await run.check()
    expect(attempts).toHaveLength(2)
    expect(await chain.sequenceNumber(run.account.address, 1)).toBe(2)
  })
})

describe('when a copy of our transaction executes under another id', () => {
  it('is done by the word of the contract, and tells of the copy', async () => {
    await using run = await startRun(chain, options)
    run.proxy.setFault(malleateSends(1))
    const [id = ''] = await run.submit([run.account.single('order-1')])
    await run.sealed([id])
    const { attempts } = await run.check()
    expect(attempts).toHaveLength(1)
    expect(run.eventsOf('copied')).toHaveLength(1)
    const [nft] = await run.account.fulfilled([id])
    expect(nft).not.toBeNull()
  })

  it('is found in the blocks, and the job is done with the id of the copy', async () => {
    await using run = await startRun(chain, { ...options, asksContract: false })
    run.proxy.setFault(malleateSends(1))
    const [id = ''] = await run.submit([run.account.single('order-1')])
    await run.sealed([id])
    const { attempts, jobs } = await run.check()
    expect(attempts).toHaveLength(1)
    const [copied] = run.eventsOf('copied')
    expect(copied?.transactionId).toBe(attempts[0]?.transactionId)
    expect(jobs[0]?.transactionId).toBe(copied?.copyId)
    expect(jobs[0]?.transactionId).not.toBe(attempts[0]?.transactionId)
  })

  it('is found in the blocks when the contract cannot know of the job', async () => {
    await using run = await startRun(chain, options)
    run.proxy.setFault(malleateSends(1))
    const job = await run.relay.submit({ id: 'unnamed', cadence: noop, limit: 100 })
    await job.sealed()
    expect(await job.attempts()).toHaveLength(1)
    expect(run.eventsOf('copied')).toHaveLength(1)
    expect(await chain.sequenceNumber(run.account.address, 1)).toBe(1)
  })

  it.each(ways)('and fails: the job fails with its cause, by $way', async (way) => {
    await using run = await startRun(chain, { ...options, ...asking(way) })
    run.proxy.setFault(malleateSends(1))
    const { signer } = run.account
    const empty = await chain.createAccount([{ signer, weight: 1_000 }])
    const [id = ''] = await run.submit([run.account.single('order-1', { recipient: empty })])
    const job = await run.relay.job(id)
    await expect(job.sealed()).rejects.toMatchObject({ code: 'JOB_FAILED' })
    expect((await job.status()).reason).toContain('DropNFT.NoCollection')
    await run.check()
  })

  it('is done for every request of a batch', async () => {
    await using run = await startRun(chain, options)
    run.proxy.setFault(malleateSends(1))
    const ids = await run.submit(idsOf(5).map((id) => run.account.inBatch(id)))
    await run.sealed(ids)
    await run.check()
    expect(run.eventsOf('copied')).toHaveLength(1)
  })
})

describe('when the database was restored from before', () => {
  it('mints nothing twice: the contract knows what was fulfilled', async () => {
    const account = await createMintAccount(chain, 2)
    const ids = idsOf(12)
    {
      await using before = await startRun(chain, { ...options, account })
      await before.sealed(await before.submit(ids.slice(0, 8).map((id) => account.single(id))))
      await before.check()
    }
    await using run = await startRun(chain, { ...options, account, store: createMemoryStore() })
    await run.sealed(await run.submit(ids.slice(0, 4).map((id) => account.single(id))))
    await run.sealed(await run.submit(ids.slice(4).map((id) => account.inBatch(id))))
    await run.check()
    const minted = await account.minted()
    expect([...minted.values()].map((nfts) => nfts.length)).toEqual(ids.map(() => 1))
  })
})
