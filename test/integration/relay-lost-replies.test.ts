import { type FlowChain, startChain } from '../support/flow-chain.ts'
import { firstSends, idsOf, recordSends, startRun } from '../support/relay-run.ts'

let chain: FlowChain

beforeAll(async () => {
  chain = await startChain({ extraFlags: ['--storage-limit=false'] }) // accounts have no FLOW
})

afterAll(async () => {
  await chain?.[Symbol.asyncDispose]()
})

describe('when the reply to a send is lost', () => {
  it('mints once, under the id that was stored first', async () => {
    await using run = await startRun(chain)
    const { bodies, recording } = recordSends(firstSends(1, { kind: 'lose-reply' }))
    run.proxy.setFault(recording)
    const [id = ''] = await run.submit([run.account.single('order-1')])
    const job = await run.relay.job(id)
    const { transactionId } = await job.sealed()
    const attempts = await job.attempts()
    expect(attempts.map((attempt) => attempt.transactionId)).toEqual([transactionId])
    expect(new Set(bodies).size).toBe(1)
    await run.check()
  })

  it('mints 500 of 500 when each first reply is lost', async () => {
    await using run = await startRun(chain, { copies: 50 })
    run.proxy.setFault(firstSends(1, { kind: 'lose-reply' }))
    const ids = await run.submit(idsOf(500, 'lost').map((id) => run.account.single(id)))
    await run.sealed(ids)
    const { attempts } = await run.check()
    const minted = await run.account.minted()
    expect(minted.size).toBe(500)
    expect(new Set([...minted.values()].flat()).size).toBe(500)
    expect(attempts).toHaveLength(500)
    expect(run.eventsOf('dead')).toEqual([])
  })

  it('mints 40 in batches once each when each reply is cut off', async () => {
    await using run = await startRun(chain)
    run.proxy.setFault(firstSends(1, { kind: 'truncate', bytes: 20 }))
    const ids = await run.submit(idsOf(40).map((id) => run.account.inBatch(id)))
    await run.sealed(ids)
    await run.check()
    expect((await run.account.fulfilled(ids)).filter((nft) => nft === null)).toEqual([])
  })
})
