import { createMintAccount } from '../support/mint-relay.ts'
import { idsOf, isSend, type RelayRun, startRun } from '../support/relay-run.ts'
import { startRestartableChain } from '../support/restartable-chain.ts'
import { until } from '../support/until.ts'

const storage = '--storage-limit=false' // accounts have no FLOW

const heldCode = async ({ relay }: RelayRun) => (await relay.stats()).held?.code

describe('when the node is killed and started again', () => {
  it('goes on by itself where the chain is kept, and mints each once', async () => {
    await using restartable = await startRestartableChain({ persists: true, extraFlags: [storage] })
    const { chain } = restartable
    await using run = await startRun(chain, { copies: 5, resendMs: 2_000 })
    const ids = await run.submit(idsOf(12).map((id) => run.account.single(id)))
    await until(() => run.eventsOf('done').length >= 5)
    let taken = 0
    run.proxy.setFault((request) => {
      if (isSend(request)) taken += 1
      return isSend(request) ? { kind: 'body', body: '{}' } : undefined
    })
    await until(() => taken >= 3) // what the node has taken dies with it
    run.proxy.setFault(() => ({ kind: 'reset-before' }))
    await until(() => run.proxy.underWay() === 0)
    await restartable.kill()
    run.proxy.setFault(undefined)
    const later = await run.submit(idsOf(3, 'later').map((id) => run.account.single(id)))
    await restartable.restart()
    await run.sealed([...ids, ...later])
    await run.check()
    expect(run.eventsOf('held')).toEqual([])
  })

  it('holds where the chain begins anew, and goes on when an operator says so', async () => {
    await using restartable = await startRestartableChain({
      persists: false,
      extraFlags: [storage],
    })
    const { chain } = restartable
    const privateKey = new Uint8Array(32).fill(7)
    const account = await createMintAccount(chain, 2, { privateKey })
    await using run = await startRun(chain, { account })
    const gone = await run.submit(idsOf(4, 'gone').map((id) => account.single(id)))
    await run.sealed(gone)
    await restartable.kill()
    const ids = idsOf(6, 'kept')
    await Promise.all(ids.map((id) => run.relay.submit(account.single(id))))
    await restartable.restart()
    await until(async () => (await heldCode(run)) === 'CHAIN_WENT_BACKWARDS')
    const sends = run.eventsOf('signed').length
    const again = await createMintAccount(chain, 2, { privateKey })
    expect(again.address).toBe(account.address)
    expect(run.eventsOf('signed')).toHaveLength(sends)
    expect((await account.minted()).size).toBe(0)
    await run.relay.resume()
    await run.sealed(ids)
    const minted = await account.minted()
    expect(ids.map((id) => minted.get(id)?.length)).toEqual(ids.map(() => 1))
    expect(await heldCode(run)).toBeUndefined()
  })
})

describe('when the chain is rolled back', () => {
  it('holds, and goes on when an operator says so', async () => {
    await using restartable = await startRestartableChain({
      persists: false,
      jumps: true,
      extraFlags: [storage],
    })
    const { chain } = restartable
    await using run = await startRun(chain, { copies: 2 })
    const { account } = run
    await run.sealed(await run.submit(idsOf(2, 'kept').map((id) => account.single(id))))
    await restartable.snapshot('before')
    const gone = idsOf(4, 'gone')
    for (const id of gone) await (await run.relay.submit(account.single(id))).sealed()
    await restartable.jump('before')
    const ids = await run.submit(idsOf(6, 'after').map((id) => account.single(id)))
    await until(async () => (await heldCode(run)) === 'CHAIN_WENT_BACKWARDS')
    await run.relay.resume()
    await run.sealed(ids)
    await run.check()
    const minted = await account.minted()
    expect(gone.filter((id) => minted.has(id))).toEqual([])
  })
})
