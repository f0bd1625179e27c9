import type { Relay } from '../../../src/relay/index.ts'
import { createMemoryStore } from '../../../src/stores/index.ts'
import { interposed, mint, openRelay, startRelayNode } from '../../support/simulated-relay.ts'

const hostile = new Proxy(
  {},
  {
    get() {
      throw new TypeError('a trap')
    },
  },
)
const refused = (option: unknown = expect.anything()) =>
  expect.objectContaining({
    name: 'SignerError',
    code: 'INVALID_OPTION',
    context: expect.objectContaining({ option }),
  })

/** A relay, and which steps its store was asked for after it had started. */
async function startCounted() {
  const node = await startRelayNode()
  const asked: string[] = []
  const store = interposed(createMemoryStore(), async (name, step) => {
    asked.push(name)
    return step()
  })
  const relay = await openRelay(node.url, { store })
  asked.length = 0
  const stop = async () => {
    await relay.close()
    await node[Symbol.asyncDispose]()
  }
  return { relay, asked, [Symbol.asyncDispose]: stop }
}

/** A call with what TypeScript would not let pass. */
const call = async (relay: Relay, name: keyof Relay, ...args: readonly unknown[]) => {
  const run: unknown = relay[name]
  if (typeof run !== 'function') throw new Error(`${String(name)} is no function`)
  return await run(...args)
}

it.each([
  ['submit', [null], 'options'],
  ['submit', [], 'options'],
  ['submit', [7], 'options'],
  ['submit', [{ ...mint('a'), args: [{ type: 'String', value: 7 }] }], 'args'],
  ['submit', [{ ...mint('a'), args: [{ type: 'String', value: undefined }] }], 'args'],
  ['job', [null], 'id'],
  ['job', [7], 'id'],
  ['list', [null], 'options'],
  ['list', ['queued'], 'options'],
  ['list', [{ states: 'queued' }], 'states'],
  ['list', [{ states: ['lost'] }], 'states'],
  ['list', [{ states: [null] }], 'states'],
  ['list', [{ afterId: 7 }], 'id'],
  ['list', [{ afterId: '\0' }], 'afterId'],
  ['list', [{ limit: Number.NaN }], 'limit'],
  ['list', [{ limit: '5' }], 'limit'],
  ['list', [{ state: 'queued' }], 'state'],
  ['resolve', ['a', null], 'options'],
  ['resolve', ['a'], 'options'],
  ['resolve', ['a', { state: 'lost' }], 'state'],
  ['resolve', ['a', { state: 'done', transactionId: 7 }], 'transactionId'],
  ['resolve', ['a', { state: 'failed', reason: {} }], 'reason'],
  ['resolve', ['a', { state: 'failed', reason: 'a\0b' }], 'reason'],
  ['resolve', [7, { state: 'done' }], 'id'],
  ['close', [null], 'options'],
  ['close', [{ timeoutMs: '5' }], 'timeoutMs'],
  ['close', [{ timeoutMs: Number.NaN }], 'timeoutMs'],
  ['close', [{ timeoutMs: -1 }], 'timeoutMs'],
] as const)('%s(%j) is refused before the store is asked', async (name, args, option) => {
  await using started = await startCounted()
  await expect(call(started.relay, name, ...args)).rejects.toEqual(refused(option))
  expect(started.asked.filter((step) => /Job/.test(step) && step !== 'claimJobs')).toEqual([])
})

it('refuses an object whose fields cannot be read', async () => {
  await using started = await startCounted()
  await expect(call(started.relay, 'submit', hostile)).rejects.toEqual(refused('request'))
  await expect(call(started.relay, 'job', hostile)).rejects.toEqual(refused('id'))
  await expect(call(started.relay, 'resolve', 'a', hostile)).rejects.toEqual(refused())
  await expect(call(started.relay, 'list', hostile)).rejects.toEqual(refused())
})

it('is told of no job by a text that is the id of none', async () => {
  await using started = await startCounted()
  const unknown = expect.objectContaining({ code: 'JOB_UNKNOWN' })
  for (const id of ['', ' ', '\0', 'ä', 'x'.repeat(129)]) {
    await expect(started.relay.job(id)).rejects.toEqual(unknown)
    await expect(started.relay.resolve(id, { state: 'done' })).rejects.toEqual(unknown)
  }
  expect(started.asked.filter((step) => step === 'getJobs' || step === 'resolveJob')).toEqual([])
})

it.each([null, 7, { signal: 7 }, { signal: null }, { timeoutMs: 5 }])(
  'a job refuses to be waited for with %j',
  async (options) => {
    await using started = await startCounted()
    const job = await started.relay.submit(mint('a'))
    for (const wait of [job.sealed, job.executed]) {
      const given: (options: unknown) => unknown = wait as (options: unknown) => unknown // as JavaScript would
      await expect(given(options)).rejects.toEqual(refused())
    }
  },
)

it('takes a list of what was submitted, and an end that is asked for at once', async () => {
  await using started = await startCounted()
  await started.relay.submit(mint('a'))
  expect(await started.relay.list({ afterId: '', limit: 5.5 })).toMatchObject([{ id: 'a' }])
  await started.relay.close({ timeoutMs: 0 })
})
