import { SignerError } from '../../../src/index.ts'
import { createMemoryStore, type RelayStore } from '../../../src/stores/index.ts'
import { malformedRowOf, storeAttempt } from '../../support/poison.ts'
import {
  address,
  interposed,
  mint,
  openRelay,
  signer,
  startRelayNode,
} from '../../support/simulated-relay.ts'
import { until } from '../../support/until.ts'

const template = { cadence: 'transaction(ids: [String]) {}' }
const ofBatch = (id: string, batch: string) => ({
  id,
  batch,
  args: [{ type: 'String', value: id }],
})
const ids = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`)

type Opened = Awaited<ReturnType<typeof openRelay>>
const heldBy = async (relay: Opened) => (await relay.stats()).held?.code
const stateOf = async (relay: Opened, id: string) => (await (await relay.job(id)).status()).state
const kinds = (relay: Opened, kind: string) => relay.events.filter((event) => event.kind === kind)

/** The key of the account, as it answers while KMS has it disabled. */
function disablable() {
  const state = { isDisabled: true }
  const key = {
    ...signer,
    sign: (request: Parameters<typeof signer.sign>[0]) =>
      state.isDisabled
        ? Promise.reject(new SignerError('KEY_DISABLED', { keyId: 'k' }))
        : signer.sign(request),
  }
  return { key, state }
}

describe('a job that cannot be signed while others are', () => {
  /** The policy chooses a key for it that is not there. */
  const policy = (_: unknown, { jobIds }: { readonly jobIds: readonly string[] }) =>
    jobIds.includes('bad') ? { keyIndexes: [99] } : undefined

  it('is quarantined with its code, and the others are done', async () => {
    await using node = await startRelayNode()
    await using relay = await openRelay(node.url, { policy })
    await relay.submit(mint('bad'))
    const good = ids(12, 'good')
    for (const id of good) await relay.submit(mint(id))
    await Promise.all(good.map(async (id) => (await relay.job(id)).sealed()))
    for (let extra = 0; (await stateOf(relay, 'bad')) !== 'quarantined'; extra++)
      await (await relay.submit(mint(`more-${extra}`))).sealed()
    expect(await (await relay.job('bad')).status()).toMatchObject({
      errorCode: 'KEY_INDEX_UNKNOWN',
      attempts: 0,
    })
    await until(async () => (await heldBy(relay)) === undefined)
    await relay.resolve('bad', { state: 'failed', reason: 'no such key' })
    expect(await stateOf(relay, 'bad')).toBe('failed')
  })

  it('is kept where nothing can be signed: the relay is held, and goes on when it works', async () => {
    await using node = await startRelayNode()
    const { key, state } = disablable()
    await using relay = await openRelay(node.url, { key })
    const jobs = await Promise.all(ids(5, 'job').map((id) => relay.submit(mint(id))))
    await until(() => kinds(relay, 'requeued').length >= 5 + 1) // by one that tried
    state.isDisabled = false
    await Promise.all(jobs.map((job) => job.sealed()))
    expect(kinds(relay, 'quarantined')).toEqual([])
  })
})

describe('jobs of a template that one process does not have', () => {
  it('stop nobody there, and are done by the process that has it', async () => {
    await using node = await startRelayNode()
    const store = createMemoryStore()
    await using old = await openRelay(node.url, { store })
    await using fresh = await openRelay(node.url, { store, batches: { added: template } })
    const added = await Promise.all(ids(6, 'added').map((id) => fresh.submit(ofBatch(id, 'added'))))
    const good = await Promise.all(ids(6, 'good').map((id) => old.submit(mint(id))))
    await Promise.all([...added, ...good].map((job) => job.sealed()))
    expect([...kinds(old, 'held'), ...kinds(fresh, 'held')]).toEqual([])
  })

  it('wait, told, while no process has it', async () => {
    await using node = await startRelayNode()
    const store = createMemoryStore()
    {
      await using first = await openRelay(node.url, { store, batches: { gone: template } })
      await first.pause()
      await first.submit(ofBatch('waits', 'gone'))
    }
    await store.resume(address)
    await using relay = await openRelay(node.url, { store })
    await until(() => kinds(relay, 'trouble').length > 0)
    expect(kinds(relay, 'trouble')).toEqual([
      { kind: 'trouble', code: 'TEMPLATE_UNKNOWN', where: 'claim' },
    ])
    await (await relay.submit(mint('good'))).sealed()
    expect(await (await relay.job('waits')).status()).toMatchObject({
      state: 'queued',
      errorCode: 'TEMPLATE_UNKNOWN',
    })
  })
})

describe('a reference block that the node refuses', () => {
  it('is signed for a few times, then by one job that tries, and goes on when it is taken', async () => {
    await using node = await startRelayNode({ copies: 10 })
    const message =
      'Invalid Flow argument: invalid transaction: transaction is expired: ref_height=1 final_height=900'
    node.setFault(({ method, path }) =>
      method === 'POST' && path === 'transactions'
        ? { status: 400, body: { code: 400, message } }
        : undefined,
    )
    await using relay = await openRelay(node.url)
    const jobs = await Promise.all(ids(10, 'job').map((id) => relay.submit(mint(id))))
    await until(async () => (await heldBy(relay)) === 'REFERENCE_BLOCK_REFUSED')
    const signedUntilHeld = kinds(relay, 'signed').length
    expect(signedUntilHeld).toBeLessThanOrEqual(2 * jobs.length)
    await until(() => kinds(relay, 'signed').length >= signedUntilHeld + 1)
    node.setFault(() => undefined)
    await Promise.all(jobs.map((job) => job.sealed()))
    expect([...node.executed].sort()).toEqual(ids(10, 'job').sort())
  })
})

describe('a stored transaction that cannot be read', () => {
  it.each(Object.entries(malformedRowOf))(
    'is set aside, and its neighbours go on: %s',
    async (_, make) => {
      await using node = await startRelayNode()
      const store: RelayStore = createMemoryStore()
      await storeAttempt(store, { address, id: 'poison', keyIndex: 1, transaction: make() })
      await using relay = await openRelay(node.url, { store })
      await (await relay.submit(mint('good'))).sealed()
      await until(async () => (await stateOf(relay, 'poison')) === 'quarantined')
      expect(await (await relay.job('poison')).status()).toMatchObject({
        errorCode: 'TRANSACTION_UNREADABLE',
      })
      expect(kinds(relay, 'quarantined')).toHaveLength(1)
      await relay.resolve('poison', { state: 'queued' })
      await (await relay.job('poison')).sealed()
      const rows = await store.listKeys(address)
      expect(rows.find(({ keyIndex }) => keyIndex === 1)?.state).toBe('quarantined')
    },
  )
})

describe('a request that no transaction can hold', () => {
  it('is refused by submit, alone or in a batch, and nothing is stored', async () => {
    await using node = await startRelayNode()
    await using relay = await openRelay(node.url, { batches: { mints: template } })
    const value = '語'.repeat(495_000) // 1,485,000 bytes
    const args = [{ type: 'String', value }]
    const refusal = expect.objectContaining({ code: 'INVALID_OPTION' })
    await expect(relay.submit({ ...mint('a'), args })).rejects.toEqual(refusal)
    await expect(relay.submit({ id: 'b', batch: 'mints', args })).rejects.toEqual(refusal)
    expect(await relay.list()).toEqual([])
  })

  /** As an older version, which had other limits, has stored it. */
  async function storeOld(store: RelayStore, characters: number): Promise<void> {
    const text = JSON.stringify({ type: 'String', value: 'x'.repeat(characters) })
    const intent = { intentHash: 'ab'.repeat(32), batchGroup: null, batch: null, computeLimit: 100 }
    const { cadence } = mint('old')
    await store.addJobs(address, [{ ...intent, id: 'old', cadence, arguments: [text] }], 10)
  }
  const tooLarge = { state: 'failed', errorCode: 'TRANSACTION_TOO_LARGE', attempts: 0 }

  it('is not stored where its signatures make it too large', async () => {
    await using node = await startRelayNode({ copies: 400 })
    const keyIndexes = Array.from({ length: 400 }, (_, index) => index)
    const store = createMemoryStore()
    await storeOld(store, 1_478_000)
    await using relay = await openRelay(node.url, { store, policy: () => ({ keyIndexes }) })
    await until(async () => (await stateOf(relay, 'old')) === 'failed')
    expect(await (await relay.job('old')).status()).toMatchObject(tooLarge)
  })

  it('is not signed where an older version has stored it: it fails, and others go on', async () => {
    await using node = await startRelayNode()
    const store = createMemoryStore()
    await storeOld(store, 1_490_000)
    await using relay = await openRelay(node.url, { store })
    await expect((await relay.job('old')).sealed()).rejects.toMatchObject({ code: 'JOB_FAILED' })
    expect(await (await relay.job('old')).status()).toMatchObject(tooLarge)
    await (await relay.submit(mint('good'))).sealed()
  })
})

describe('while the relay is held', () => {
  /** As a database is, that takes some milliseconds. */
  const slow = () =>
    interposed(createMemoryStore(), async (_, step) => {
      await new Promise((resolve) => setTimeout(resolve, 3))
      return step()
    })

  it('others try when the oldest has tried in vain, and all go on but that one', async () => {
    await using node = await startRelayNode()
    const policy = (_: unknown, { jobIds }: { readonly jobIds: readonly string[] }) =>
      jobIds.includes('bad') ? { keyIndexes: [99] } : undefined
    await using relay = await openRelay(node.url, { policy, store: slow() })
    await relay.submit(mint('bad'))
    await until(async () => (await heldBy(relay)) !== undefined)
    const jobs = await Promise.all(ids(3, 'good').map((id) => relay.submit(mint(id))))
    await Promise.all(jobs.map((job) => job.sealed()))
  })

  it('a job that the policy postpones does not keep others from trying', async () => {
    await using node = await startRelayNode()
    const { key, state } = disablable()
    const policy = (_: unknown, { jobIds }: { readonly jobIds: readonly string[] }) => ({
      postponed: jobIds.filter((id) => id === 'later'),
    })
    await using relay = await openRelay(node.url, { key, policy, store: slow() })
    await relay.submit(mint('later'))
    const job = await relay.submit(mint('good'))
    await until(async () => (await heldBy(relay)) === 'KEY_DISABLED')
    state.isDisabled = false
    await job.sealed()
  })

  it('a job of a batch tries, and does not wait for others of it', async () => {
    await using node = await startRelayNode()
    const { key, state } = disablable()
    const batches = { mints: template }
    await using relay = await openRelay(node.url, { key, batches, batchWaitMs: 50, store: slow() })
    const job = await relay.submit(ofBatch('one', 'mints'))
    await until(async () => (await heldBy(relay)) === 'KEY_DISABLED')
    state.isDisabled = false
    await job.sealed()
  })
})
