import { PGlite } from '@electric-sql/pglite'
import { decodeTransaction } from '../../src/crypto/index.ts'
import type { RelayPolicy } from '../../src/relay/index.ts'
import { createSqlStore } from '../../src/stores/index.ts'
import { type FlowChain, noop, startChain } from '../support/flow-chain.ts'
import { createRelayAccount, startRelay } from '../support/relay.ts'
import { until } from '../support/until.ts'

let chain: FlowChain

beforeAll(async () => {
  chain = await startChain()
})

afterAll(async () => {
  await chain?.[Symbol.asyncDispose]()
})

const failing = 'transaction { prepare(signer: &Account) { panic("no luck") } }'

it('seals 100 jobs from one account with 20 proposal keys, each once', async () => {
  const account = await createRelayAccount(chain, 20)
  await using relay = await startRelay(chain, account)
  const jobs = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      relay.submit({ id: `job-${index}`, cadence: noop, limit: 100 }),
    ),
  )
  const outcomes = await Promise.all(jobs.map((job) => job.sealed()))
  expect(new Set(outcomes.map(({ transactionId }) => transactionId)).size).toBe(100)
  const numbers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => chain.sequenceNumber(account.address, index + 1)),
  )
  expect(numbers.reduce((sum, number) => sum + number, 0)).toBe(100)
  const stats = await relay.stats()
  expect(stats.jobs).toMatchObject({ done: 100, queued: 0, 'in-flight': 0 })
  const sends = relay.events.filter(({ kind }) => kind === 'sent').length
  // Each busy answer of the emulator is a send; the rest is what followed 100 transactions.
  expect(sends).toBeGreaterThanOrEqual(100)
  expect(stats.nodeRequests / 100).toBeLessThanOrEqual(1)
})

it('keeps what it accepted in a database, and a new relay goes on with it', async () => {
  const account = await createRelayAccount(chain, 2)
  const database = await PGlite.create()
  const store = await createSqlStore(database)
  const first = await startRelay(chain, account, { store })
  await first.pause()
  for (const id of ['a', 'b', 'c']) await first.submit({ id, cadence: noop, limit: 100 })
  await first.close()
  await using second = await startRelay(chain, account, { store })
  expect((await second.stats()).jobs.queued).toBe(3)
  await second.resume()
  const outcome = await (await second.job('c')).sealed()
  expect(outcome.transactionId).toMatch(/^[0-9a-f]{64}$/)
  await second.close()
  await database.close()
})

it('returns the same job for the same intent and refuses another under its id', async () => {
  const account = await createRelayAccount(chain, 1)
  await using relay = await startRelay(chain, account)
  const request = { id: 'order-1', cadence: noop, limit: 100 }
  const [one, two] = await Promise.all([relay.submit(request), relay.submit(request)])
  expect((await one.sealed()).transactionId).toBe((await two.sealed()).transactionId)
  const other = relay.submit({ ...request, limit: 101 })
  await expect(other).rejects.toMatchObject({ code: 'JOB_ID_TAKEN' })
  expect(await chain.sequenceNumber(account.address, 1)).toBe(1)
})

it('fails a job whose transaction fails, and goes on with the others', async () => {
  const account = await createRelayAccount(chain, 2)
  await using relay = await startRelay(chain, account)
  const bad = await relay.submit({ id: 'bad', cadence: failing, limit: 100 })
  const good = await relay.submit({ id: 'good', cadence: noop, limit: 100 })
  await expect(bad.executed()).rejects.toMatchObject({ code: 'JOB_FAILED' })
  await good.executed()
  expect(await bad.status()).toMatchObject({ state: 'failed', attempts: 1 })
  expect((await bad.status()).reason).toContain('no luck')
})

it('cancels what was not sent', async () => {
  const account = await createRelayAccount(chain, 1)
  await using relay = await startRelay(chain, account)
  await relay.pause()
  const job = await relay.submit({ id: 'x', cadence: noop, limit: 100 })
  expect(await job.cancel()).toBe(true)
  expect(await job.cancel()).toBe(false)
  await expect(job.sealed()).rejects.toMatchObject({ code: 'JOB_CANCELLED' })
  await relay.resume()
  await (await relay.submit({ id: 'y', cadence: noop, limit: 100 })).sealed()
  expect(await chain.sequenceNumber(account.address, 1)).toBe(1)
})

it('refuses a job when the queue is full', async () => {
  const account = await createRelayAccount(chain, 1)
  await using relay = await startRelay(chain, account, { maxOpenJobs: 1 })
  await relay.pause()
  await relay.submit({ id: 'x', cadence: noop, limit: 100 })
  await expect(relay.submit({ id: 'y', cadence: noop, limit: 100 })).rejects.toMatchObject({
    code: 'RELAY_QUEUE_FULL',
  })
  await until(async () => (await relay.stats()).jobs.queued === 1)
})

it('declares more compute for the one request of a batch that ran out of it', async () => {
  const account = await createRelayAccount(chain, 2)
  const cadence = `transaction(ids: [String]) {
    prepare(signer: &Account) { var i = 0; while i < 300 { i = i + 1 } }
  }`
  const batches = { loop: { cadence, computePerRequest: 1, computeBase: 1 } }
  await using relay = await startRelay(chain, account, { batches })
  const args = [{ type: 'String', value: 'a' }]
  const job = await relay.submit({ id: 'a', args, batch: 'loop' })
  await job.sealed()
  expect((await job.status()).attempts).toBeGreaterThan(1)
})

describe('a policy', () => {
  const policy = ({ arguments: args }: { readonly arguments: readonly string[] }) => {
    if (args.some((argument) => argument.includes('bad'))) throw new Error('bad is not allowed')
  }
  const request = (id: string) => ({ id, args: [{ type: 'String', value: id }] })

  it('fails a job before anything is signed', async () => {
    const account = await createRelayAccount(chain, 1)
    await using relay = await startRelay(chain, account, { policy })
    const cadence = 'transaction(id: String) { prepare(signer: &Account) {} }'
    const bad = await relay.submit({ ...request('bad'), cadence, limit: 100 })
    const good = await relay.submit({ ...request('good'), cadence, limit: 100 })
    await expect(bad.sealed()).rejects.toMatchObject({ code: 'JOB_FAILED' })
    await good.sealed()
    expect(await bad.status()).toMatchObject({ errorCode: 'POLICY_REFUSED', attempts: 0 })
    expect(await chain.sequenceNumber(account.address, 1)).toBe(1)
  })

  it('says which keys sign', async () => {
    const account = await createRelayAccount(chain, 3)
    const keyIndexes = [0, 1, 2, 3]
    await using relay = await startRelay(chain, account, { policy: () => ({ keyIndexes }) })
    const job = await relay.submit({ id: 'all', cadence: noop, limit: 100 })
    await job.sealed()
    const [attempt] = await job.attempts()
    const { envelopeSignatures } = decodeTransaction(attempt?.transaction ?? new Uint8Array())
    expect(envelopeSignatures.map(({ keyIndex }) => keyIndex)).toEqual(keyIndexes)
  })

  it('postpones and fails the jobs that it names, and sends the others of the batch', async () => {
    const account = await createRelayAccount(chain, 4)
    const cadence = 'transaction(ids: [String]) { prepare(signer: &Account) {} }'
    const batches = { note: { cadence, maxRequests: 8 } }
    let open = false
    const policy: RelayPolicy = (_, { jobIds }) => ({
      postponed: jobIds.filter((id) => id === 'later' && !open),
      refused: jobIds.filter((id) => id === 'bad').map((id) => ({ id, reason: 'no good' })),
    })
    await using relay = await startRelay(chain, account, { policy, batches })
    const ids = ['a', 'later', 'bad', 'b']
    const [a, later, bad, b] = await Promise.all(
      ids.map((id) => relay.submit({ ...request(id), batch: 'note', group: 'one' })),
    )
    await Promise.all([a?.sealed(), b?.sealed()])
    await expect(bad?.sealed()).rejects.toMatchObject({ code: 'JOB_FAILED' })
    expect(await bad?.status()).toMatchObject({ errorCode: 'POLICY_REFUSED', reason: 'no good' })
    expect(await later?.status()).toMatchObject({ errorCode: 'POLICY_POSTPONED', attempts: 0 })
    open = true
    await later?.sealed()
  })

  it('fails the one request of a batch that it refuses, and no other', async () => {
    const account = await createRelayAccount(chain, 4)
    const cadence = 'transaction(ids: [String]) { prepare(signer: &Account) {} }'
    const batches = { note: { cadence, maxRequests: 8 } }
    await using relay = await startRelay(chain, account, { policy, batches })
    const ids = ['a', 'b', 'c', 'bad', 'd', 'e', 'f', 'g']
    const jobs = await Promise.all(ids.map((id) => relay.submit({ ...request(id), batch: 'note' })))
    const ended = await Promise.allSettled(jobs.map((job) => job.sealed()))
    expect(ended.map(({ status }) => status === 'fulfilled')).toEqual(ids.map((id) => id !== 'bad'))
  })
})
