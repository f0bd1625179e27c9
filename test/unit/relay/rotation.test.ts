/** Relays while the keys of their account are swapped, one of them with the old signer alone. */
import { KmsAuthorizer, type Signer } from '../../../src/index.ts'
import { createDrain } from '../../../src/provisioning/rotation/drain.ts'
import { createRelay, type RelayEvent } from '../../../src/relay/index.ts'
import { createMemoryStore, type RelayStore } from '../../../src/stores/index.ts'
import { address } from '../../support/pool-world.ts'
import { type RotatingAccount, startRotatingAccount } from '../../support/rotating-account.ts'
import { mint } from '../../support/simulated-relay.ts'
import { until } from '../../support/until.ts'

async function open({ node }: RotatingAccount, signers: readonly Signer[], store: RelayStore) {
  const events: RelayEvent[] = []
  const relay = await createRelay({
    accessNodes: [node.url],
    address,
    authorizer: KmsAuthorizer.fromSigners(signers, { accessNode: node.url }),
    store,
    sendsPerSecond: 500,
    pollMs: 5,
    webSocket: false,
    onEvent: (event) => events.push(event),
  })
  return { ...relay, events }
}

async function swap(account: RotatingAccount, store: RelayStore) {
  const flagKey = { keyIndex: account.add(account.next, 0), sequenceNumber: 0n }
  const pools = [{ store, address }]
  const drain = createDrain({ pools, id: '0123456789abcdef', flagKey, pollMs: 5 })
  expect(await drain.acquire({ timeoutMs: 30_000 })).toEqual({ held: true })
  expect(await drain.makeDurable()).toEqual({ held: true })
  account.swap()
  await drain.release(account.keysOf(account.next))
  await drain.close()
}

describe('a relay with both signers', () => {
  it('does every job once through a swap', async () => {
    await using account = await startRotatingAccount()
    const store = createMemoryStore()
    await using relay = await open(account, [account.old, account.next], store)
    const ids = Array.from({ length: 60 }, (_, index) => `job-${index}`)
    await Promise.all(ids.map((id) => relay.submit(mint(id))))
    await until(() => account.executed.length > 5)
    await swap(account, store)
    for (const id of ids) await (await relay.job(id)).sealed()
    expect(account.refused).toEqual([])
    expect(account.executed).toHaveLength(ids.length)
    const told = new Set(relay.events.map(({ kind }) => kind))
    for (const kind of ['held', 'requeued', 'dead', 'quarantined'] as const)
      expect(told).not.toContain(kind)
  })
})

describe('a relay with the old signer alone', () => {
  it('stops claiming and says so, while the others do its jobs', async () => {
    await using account = await startRotatingAccount()
    const store = createMemoryStore()
    await using alone = await open(account, [account.old], store)
    await (await alone.submit(mint('before'))).sealed()
    await swap(account, store)
    const job = await alone.submit(mint('after'))
    await until(async () => (await alone.stats()).held?.code === 'KEY_ROTATED')
    expect(alone.events).toContainEqual({
      kind: 'held',
      code: 'KEY_ROTATED',
      reason: expect.stringContaining('rotated'),
    })
    expect(await store.readHold(address)).toEqual({ paused: false, hold: null })
    const rows = await store.listKeys(address)
    expect(rows.filter(({ keyIndex }) => keyIndex > 3).map(({ state }) => state)).toEqual(['free'])
    await until(async () => (await alone.stats()).jobs.queued === 1)

    await using both = await open(account, [account.old, account.next], store)
    await job.sealed()
    expect(both.events.map(({ kind }) => kind)).not.toContain('held')
    expect(account.refused).toEqual([])
    expect(alone.events.filter(({ kind }) => kind === 'held')).toHaveLength(1)
  })

  it('tries again when an operator says so, or when its keys can be read', async () => {
    await using account = await startRotatingAccount()
    const store = createMemoryStore()
    await using alone = await open(account, [account.old], store)
    await swap(account, store)
    const job = await alone.submit(mint('after'))
    await until(async () => (await alone.stats()).held?.code === 'KEY_ROTATED')
    await alone.resume()
    await until(() => alone.events.filter(({ kind }) => kind === 'held').length === 2)
    await expect(alone.refreshKeys()).rejects.toMatchObject({ code: 'KEY_ROTATED' })
    account.add(account.old, 1_000)
    account.add(account.old, 0, 2)
    await alone.refreshKeys()
    await job.sealed()
    expect((await alone.stats()).held).toBeUndefined()
  })
})
