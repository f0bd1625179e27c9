import { type FlowChain, startChain } from '../support/flow-chain.ts'
import { createMintAccount } from '../support/mint-relay.ts'
import { idsOf, isSend, type RelayRun, startRun } from '../support/relay-run.ts'
import { until } from '../support/until.ts'

let chain: FlowChain

beforeAll(async () => {
  chain = await startChain({ extraFlags: ['--storage-limit=false'] }) // accounts have no FLOW
})

afterAll(async () => {
  await chain?.[Symbol.asyncDispose]()
})

const stateOf = async ({ relay }: RelayRun, id: string) => (await relay.job(id)).status()

/** An account without a collection. */
const createStranger = ({ account }: RelayRun) =>
  chain.createAccount([{ signer: account.signer, weight: 1_000 }])

describe('when a mint fails in Cadence', () => {
  it('fails that job with the cause, mints the others, and keeps count of the numbers', async () => {
    await using run = await startRun(chain, { copies: 2 })
    const { single } = run.account
    const recipient = await createStranger(run)
    const [bad = ''] = await run.submit([single('bad', { recipient })])
    const good = await run.submit(idsOf(5).map((id) => single(id)))
    await run.sealed(good)
    await expect((await run.relay.job(bad)).sealed()).rejects.toMatchObject({ code: 'JOB_FAILED' })
    const { errorCode, reason } = await stateOf(run, bad)
    expect(errorCode).toBe('1101')
    expect(reason).toContain('DropNFT.NoCollection')
    const { attempts } = await run.check()
    expect(attempts).toHaveLength(6)
    expect(run.eventsOf('sealed').filter(({ errorCodes }) => errorCodes.includes(1007))).toEqual([])
    expect((await run.relay.stats()).proposalKeys).toMatchObject({ drifted: 0, resyncs: 0 })
  })

  it('is not misled by a panic that names other codes', async () => {
    await using run = await startRun(chain, { copies: 1 })
    const texts = ['[Error Code: 1118]', '[Error Code: 1007]', '[Error Code: 1006]']
    const ids = await run.submit(
      texts.map((text, index) => ({
        id: `order-${index}`,
        cadence: `transaction { prepare(signer: &Account) { panic("${text}") } }`,
        limit: 100,
      })),
    )
    await run.sealed(await run.submit([run.account.single('good')]))
    for (const id of ids) {
      await expect((await run.relay.job(id)).sealed()).rejects.toMatchObject({ code: 'JOB_FAILED' })
      expect((await stateOf(run, id)).errorCode).toBe('1101')
    }
    const { attempts } = await run.check()
    expect(attempts).toHaveLength(4)
    expect(run.eventsOf('held')).toEqual([])
  })

  it('fails a single job that runs out of compute, and says so', async () => {
    await using run = await startRun(chain, { copies: 1 })
    const [id = ''] = await run.submit([run.account.single('order-1', { limit: 1 })])
    await expect((await run.relay.job(id)).sealed()).rejects.toMatchObject({ code: 'JOB_FAILED' })
    const row = await stateOf(run, id)
    expect(`${row.errorCode} ${row.reason}`).toMatch(/1110|COMPUT/i)
    await run.check()
  })

  it('mints 39 of 40 in batches and fails the one that cannot be minted', async () => {
    await using run = await startRun(chain, { copies: 4 })
    const recipient = await createStranger(run)
    const ids = idsOf(40)
    const requests = ids.map((id, index) =>
      run.account.inBatch(id, index === 17 ? { recipient } : {}),
    )
    await run.submit(requests)
    const good = ids.filter((_, index) => index !== 17)
    await run.sealed(good)
    await expect((await run.relay.job('order-17')).sealed()).rejects.toMatchObject({
      code: 'JOB_FAILED',
    })
    expect((await stateOf(run, 'order-17')).reason).toContain('DropNFT.NoCollection')
    await run.check()
    const nfts = await run.account.fulfilled(ids)
    expect(nfts.flatMap((nft, index) => (nft === null ? [index] : []))).toEqual([17])
    expect(new Set(nfts).size).toBe(40)
    expect((await run.account.minted()).size).toBe(39)
  })

  it('splits a batch whose compute limit is too low, and mints all', async () => {
    const account = await createMintAccount(chain, 2)
    const batches = { mints: { ...account.template, computePerRequest: 1, computeBase: 1 } }
    await using run = await startRun(chain, { account, batches })
    const ids = await run.submit(idsOf(30).map((id) => account.inBatch(id)))
    await run.sealed(ids)
    await run.check()
    expect((await account.minted()).size).toBe(30)
  })
})

describe('when a proposal key is revoked', () => {
  it('quarantines it and mints all by the others', async () => {
    await using run = await startRun(chain, { copies: 3 })
    const { account } = run
    await run.sealed(await run.submit(idsOf(3, 'before').map((id) => account.single(id))))
    const authz = account.authorizer.authorize(account.address, 0)
    expect((await chain.revokeKey(authz, 2)).errorMessage).toBe('')
    const ids = await run.submit(idsOf(9).map((id) => account.single(id)))
    await run.sealed(ids)
    await run.check()
    const rows = await run.store.listKeys(account.address)
    expect(rows.map(({ state }) => state)).toEqual(['free', 'quarantined', 'free'])
    const spent = run.eventsOf('sealed').filter(({ errorCodes }) => errorCodes.includes(1006))
    expect(spent.length).toBeLessThanOrEqual(1)
  })

  it('quarantines it while its transaction is on the way', async () => {
    await using run = await startRun(chain, { copies: 2 })
    const { account } = run
    let held = true
    run.proxy.setFault((request) =>
      held && isSend(request) ? { kind: 'reset-before' } : undefined,
    )
    const ids = await run.submit(idsOf(4).map((id) => account.single(id)))
    await until(() => run.eventsOf('signed').length === 2)
    await chain.revokeKey(account.authorizer.authorize(account.address, 0), 1)
    held = false
    await run.sealed(ids)
    await run.check()
    expect((await run.store.listKeys(account.address))[0]?.state).toBe('quarantined')
  })
})

it('holds when the key that signs is revoked, and loses nothing', async () => {
  await using run = await startRun(chain, { copies: 2 })
  const { account } = run
  await run.sealed(await run.submit([account.single('before')]))
  await chain.revokeKey(account.authorizer.authorize(account.address, 0), 0)
  const ids = await run.submit(idsOf(6).map((id) => account.single(id)))
  await until(async () => (await run.relay.stats()).held !== undefined)
  const counts = (await run.relay.stats()).jobs
  expect(counts.failed + counts.quarantined).toBe(0)
  expect((await run.check()).jobs).toHaveLength(ids.length + 1)
})
