import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createEnclaveHost,
  type EnclaveHost,
  type EnclaveHostEvent,
  type EnclaveHostOptions,
} from '../../../src/enclave/index.ts'
import { SignerError } from '../../../src/errors.ts'
import { createFileKeyStore } from '../../../src/signers/sealed-key/index.ts'
import { createMapStore } from '../../support/map-store.ts'
import { until } from '../../support/until.ts'

let folder: string
const events: EnclaveHostEvent[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-parent-'))
})
beforeEach(() => {
  events.length = 0
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const socketPath = () => join(folder, 'v')
const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'a-secret-that-stays' }
const start = (options: Partial<EnclaveHostOptions> = {}): Promise<EnclaveHost> =>
  createEnclaveHost({
    ...{ vsock: { socketPath: socketPath() }, store: createMapStore(), hosts: {}, credentials },
    onEvent: (event) => events.push(event),
    ...options,
  })

type Answer = { readonly status: number; readonly body: unknown }

/** As the enclave asks. */
async function ask(path: string, asked: unknown, head: object = {}): Promise<Answer> {
  const text = typeof asked === 'string' ? asked : JSON.stringify(asked)
  const outgoing = request({
    ...{ socketPath: `${socketPath()}_8000`, path, method: 'POST', agent: false },
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
    ...head,
  })
  outgoing.on('error', () => undefined) // a refused body need not be read
  outgoing.end(text)
  const [incoming] = await once(outgoing, 'response')
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  return { status: incoming.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) }
}
const store = (asked: object) => ask('/store', { version: 1, ...asked })
const base64 = (text: string) => Buffer.from(text).toString('base64')
const refused = (status: number, code: string) => ({
  status,
  body: { error: { code, message: expect.any(String) } },
})

describe('the store, as the enclave asks for it', () => {
  it.each([
    ['a store of one’s own', async () => createMapStore()],
    ['files', () => createFileKeyStore({ folder: join(folder, 'files') })],
  ])('is %s', async (_, make) => {
    await using _host = await start({ store: await make() })
    const answers = [
      await store({ operation: 'read', id: 'a' }),
      await store({ operation: 'create', id: 'a', record: base64('one') }),
      await store({ operation: 'create', id: 'a', record: base64('two') }),
      await store({ operation: 'read', id: 'a' }),
      await store({ operation: 'replace', id: 'a', expected: base64('no'), next: base64('two') }),
      await store({ operation: 'replace', id: 'a', expected: base64('one'), next: base64('two') }),
      await store({ operation: 'create', id: 'b', record: base64('three') }),
      await store({ operation: 'list', limit: 1 }),
      await store({ operation: 'replace', id: 'a', expected: base64('two'), next: null }),
      await store({ operation: 'list', limit: 1_000 }),
    ]
    expect(answers.map(({ body }) => body)).toEqual([
      { record: null },
      { done: true },
      { done: false },
      { record: base64('one') },
      { done: false },
      { done: true },
      { done: true },
      { ids: [expect.stringMatching(/^[ab]$/)], next: expect.any(String) },
      { done: true },
      { ids: expect.arrayContaining(['b']) }, // one that reads as nothing may stay on it
    ])
    expect(answers.every(({ status }) => status === 200)).toBe(true)
  })

  it.each<[string, unknown]>([
    ['no operation', {}],
    ['an unknown one', { operation: 'forget', id: 'a' }],
    ['no id', { operation: 'read' }],
    ['an id that is a path', { operation: 'read', id: '../a' }],
    ['a field too much', { operation: 'read', id: 'a', record: '' }],
    ['no record', { operation: 'create', id: 'a' }],
    ['a record that is not base64', { operation: 'create', id: 'a', record: 'a' }],
    ['an empty record', { operation: 'create', id: 'a', record: '' }],
    [
      'a record over 8,192 bytes',
      { operation: 'create', id: 'a', record: Buffer.alloc(8_193).toString('base64') },
    ],
    ['no next', { operation: 'replace', id: 'a', expected: base64('one') }],
    ['a limit of 0', { operation: 'list', limit: 0 }],
    ['a limit that is a text', { operation: 'list', limit: '5' }],
    ['another version', { version: 2, operation: 'read', id: 'a' }],
  ])('refuses %s', async (_, asked) => {
    const records = createMapStore()
    await using _host = await start({ store: records })
    expect(await store(asked as object)).toEqual(refused(400, 'SIGNING_REQUEST_MALFORMED'))
    expect(records.records.size).toBe(0)
    expect(events).toMatchObject([{ kind: 'helper-failed', path: '/store' }])
  })

  it.each<[string, unknown, number, string]>([
    [
      'is down',
      Object.assign(new Error('a-secret-path'), { code: 'EIO' }),
      503,
      'STORE_UNAVAILABLE',
    ],
    [
      'turns it away',
      new SignerError('STORE_DENIED', { operation: 'read', reason: 'a-secret-path' }),
      403,
      'STORE_DENIED',
    ],
  ])('tells by its code alone that it %s', async (_, thrown, status, code) => {
    const failing = { ...createMapStore(), read: () => Promise.reject(thrown) }
    await using host = await start({ store: failing })
    const answer = await store({ operation: 'read', id: 'a' })
    expect(answer).toEqual(refused(status, code))
    expect(JSON.stringify(answer)).not.toContain('a-secret-path')
    expect(host.stats().helperFailures).toBe(1)
    expect(events).toMatchObject([{ kind: 'helper-failed', path: '/store', code }])
  })

  it('does not wait for it without end', async () => {
    const silent = { ...createMapStore(), read: () => new Promise<never>(() => undefined) }
    await using _host = await start({ store: silent, limits: { storeTimeoutMs: 50 } })
    expect(await store({ operation: 'read', id: 'a' })).toEqual(refused(503, 'STORE_UNAVAILABLE'))
  })

  it('is not believed an answer that is none', async () => {
    const odd = createMapStore()
    const ids = Array.from({ length: 501 }, (_, index) => `w${index}`)
    const bad = { ...odd, read: async () => 'text' as unknown as Uint8Array }
    await using _host = await start({ store: { ...bad, list: async () => ({ ids }) } })
    const invalid = refused(403, 'STORE_ANSWER_INVALID')
    expect(await store({ operation: 'read', id: 'a' })).toEqual(invalid)
    expect(await store({ operation: 'list', limit: 1_000 })).toEqual(invalid)
  })

  it('gives a page that fits its answer, however long the ids', async () => {
    const full = createMapStore()
    for (let index = 0; index < 700; index += 1)
      full.records.set(`${index}`.padStart(80, 'w'), new Uint8Array(1))
    await using _host = await start({ store: full })
    const { status, body } = await store({ operation: 'list', limit: 1_000 })
    expect(status).toBe(200)
    expect((body as { ids: string[] }).ids).toHaveLength(500)
    expect(JSON.stringify(body).length).toBeLessThan(65_536)
  })

  it('cuts a record that can be none', async () => {
    const long = { ...createMapStore(), read: async () => new Uint8Array(1_000_000) }
    await using _host = await start({ store: long })
    const { body } = await store({ operation: 'read', id: 'a' })
    expect(Buffer.from((body as { record: string }).record, 'base64')).toHaveLength(8_193)
  })
})

describe('credentials, as the enclave asks for them', () => {
  const asked = { version: 1 }

  it('are asked for anew each time', async () => {
    let times = 0
    const give = async () => ({ ...credentials, sessionToken: `token-${++times}` })
    await using _host = await start({ credentials: give })
    expect((await ask('/credentials', asked)).body).toEqual({
      ...{ ...credentials, sessionToken: 'token-1' },
    })
    expect((await ask('/credentials', asked)).body).toMatchObject({ sessionToken: 'token-2' })
  })

  it('are told with their end', async () => {
    const expiration = new Date(Date.now() + 3_600_000)
    await using _host = await start({ credentials: async () => ({ ...credentials, expiration }) })
    const { body } = await ask('/credentials', asked)
    expect(body).toEqual({ ...credentials, expiration: expiration.toISOString() })
  })

  it('that cannot be had are a fault of a code, and no text of whoever threw', async () => {
    const give = () => Promise.reject(new Error('a-secret-text'))
    await using _host = await start({ credentials: give })
    const answer = await ask('/credentials', asked)
    expect(answer).toEqual(refused(403, 'KMS_CREDENTIALS_MISSING'))
    expect(JSON.stringify([answer, events])).not.toContain('a-secret-text')
    expect(events).toMatchObject([{ kind: 'helper-failed', path: '/credentials' }])
  })

  it.each<[string, unknown, number, string]>([
    ['pass', Object.assign(new Error('no'), { code: 'ECONNREFUSED' }), 503, 'UNAVAILABLE'],
    ['last', Object.assign(new Error('no'), { name: 'CredentialsProviderError' }), 403, 'MISSING'],
  ])('tell faults that %s apart', async (_, thrown, status, code) => {
    await using _host = await start({ credentials: () => Promise.reject(thrown) })
    expect(await ask('/credentials', asked)).toEqual(refused(status, `KMS_CREDENTIALS_${code}`))
  })

  it('that do not come are not waited for', async () => {
    const never = () => new Promise<never>(() => undefined)
    await using _host = await start({ credentials: never, limits: { credentialsTimeoutMs: 50 } })
    const answer = await ask('/credentials', asked)
    expect(answer).toEqual(refused(503, 'KMS_CREDENTIALS_UNAVAILABLE'))
  })

  it('are in no event and no count', async () => {
    await using host = await start()
    await ask('/credentials', asked)
    await ask('/credentials', { version: 1, secret: credentials.secretAccessKey })
    const told = JSON.stringify([events, host.stats()])
    expect(told).toContain('helper-failed')
    expect(told).not.toContain(credentials.secretAccessKey)
  })
})

describe('events of the enclave', () => {
  const tell = (event: unknown) => ask('/events', { version: 1, event })

  it('come to the observer as they are, on one line', async () => {
    await using _host = await start()
    const event = { operation: 'sign', durationMs: 3, replayed: false, caller: null }
    const proposalKey = { address: '0x01', keyIndex: 3 }
    expect(await tell({ ...event, problem: 'two\nlines', proposalKey })).toMatchObject({
      ...{ status: 200, body: {} },
    })
    expect(events).toEqual([
      { kind: 'told', event: { ...event, problem: 'two lines', proposalKey } },
    ])
    expect(Object.isFrozen(events[0])).toBe(true)
  })

  it('are cut where a text is long', async () => {
    await using _host = await start()
    await tell({ problem: 'x'.repeat(10_000) })
    expect(JSON.stringify(events).length).toBeLessThan(2_200)
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'text'],
    ['a list', [1]],
    ['a list in a field', { list: [1] }],
    ['two levels', { a: { b: { c: 1 } } }],
    ['a name that is none', { 'a b': 1 }],
    ['33 fields', Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`f${n}`, n]))],
  ])('of the form of %s are refused', async (_, event) => {
    await using _host = await start()
    expect(await tell(event)).toEqual(refused(400, 'SIGNING_REQUEST_MALFORMED'))
    expect(events.map(({ kind }) => kind)).toEqual(['helper-failed'])
  })
})

describe('the helper door', () => {
  it.each<[string, string, object, number]>([
    ['another path', '/secrets', {}, 404],
    ['a path of the prototype', '/constructor', {}, 404],
    ['another method', '/store', { method: 'GET' }, 405],
    ['another type', '/store', { headers: { 'content-type': 'text/plain' } }, 415],
  ])('refuses %s', async (_, path, head, status) => {
    await using _host = await start()
    expect(await ask(path, '', head)).toMatchObject({ status })
  })

  it('refuses what is too long, and goes on', async () => {
    await using _host = await start()
    const long = JSON.stringify({ version: 1, operation: 'read', id: 'a'.repeat(70_000) })
    expect(await ask('/store', long)).toEqual(refused(413, 'SIGNING_REQUEST_TOO_LARGE'))
    expect(await store({ operation: 'read', id: 'a' })).toMatchObject({ status: 200 })
  })

  it.each(['', '[]', '{"version":1,"version":1}', '{', 'null', '\u0000'])(
    'refuses the body %j',
    async (text) => {
      await using _host = await start()
      expect(await ask('/store', text)).toEqual(refused(400, 'SIGNING_REQUEST_MALFORMED'))
    },
  )

  it('answers 32 at once, and survives who goes in the middle', async () => {
    await using _host = await start()
    const gone = connect(`${socketPath()}_8000`)
    gone.write('POST /store HTTP/1.1\r\ncontent-length: 100\r\n')
    await once(gone, 'connect')
    gone.destroy()
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, n) => store({ operation: 'read', id: `w${n}` })),
    )
    expect(answers.every(({ status }) => status === 200)).toBe(true)
  })

  it('is open to its owner only, and is gone when the host was closed', async () => {
    const host = await start({ hosts: { 8001: '127.0.0.1:9' } })
    const names = await readdir(folder)
    const sockets = names.filter((name) => name.startsWith('v_')).sort()
    expect(sockets).toEqual(['v_8000', 'v_8001', 'v_9000'])
    for (const name of sockets) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
    await host.close()
    await host.close()
    expect((await readdir(folder)).filter((name) => name.startsWith('v_'))).toEqual([])
  })

  it('that cannot be opened leaves nothing open', async () => {
    await writeFile(join(folder, 'v_9000'), 'a file')
    await expect(start()).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await rm(join(folder, 'v_9000'))
    await using host = await start()
    await expect(start()).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    expect(host.stats().state).toBe('starting')
  })
})

describe('the heartbeat', () => {
  it('is said back, one byte', async () => {
    await using host = await start()
    const beat = connect(`${socketPath()}_9000`)
    beat.write(Uint8Array.of(0xb7, 1, 2))
    const chunks: Buffer[] = []
    for await (const chunk of beat) chunks.push(chunk)
    expect(Buffer.concat(chunks)).toEqual(Buffer.of(0xb7))
    await until(() => host.stats().heartbeats === 1)
  })
})

describe('options of a host', () => {
  it.each<[string, object]>([
    ['vsock', { vsock: undefined }],
    ['vsock.socketPath', { vsock: { socketPath: 'relative' } }],
    ['vsock.socketPath', { vsock: { socketPath: `/${'a'.repeat(70)}` } }],
    ['port', { vsock: { socketPath: '/v', port: 1 } }],
    ['store', { store: {} }],
    ['hosts', { hosts: undefined }],
    ['hosts', { hosts: { zero: 'kms:443' } }],
    ['hosts', { hosts: { 0: 'kms:443' } }],
    ['hosts', { hosts: { 8000: 'kms:443' } }],
    ['hosts', { hosts: { 9000: 'kms:443' } }],
    ['hosts', { hosts: { 4294967295: 'kms:443' } }],
    ['hosts.8001', { hosts: { 8001: 'kms' } }],
    ['hosts.8001', { hosts: { 8001: 'kms:0' } }],
    ['hosts.8001', { hosts: { 8001: 'kms:65536' } }],
    ['hosts.8001', { hosts: { 8001: 'https://kms:443' } }],
    ['hosts.8001', { hosts: { 8001: 'a b:443' } }],
    ['hosts.8001', { hosts: { 8001: 443 } }],
    ['credentials', { credentials: 'text' }],
    ['credentials', { credentials: null }],
    ['runner', { runner: {} }],
    ['onEvent', { onEvent: true }],
    ['name', { name: 'a b' }],
    ['limits', { limit: 1 }],
    ['maxSockets', { limits: { maxSockets: 0 } }],
    ['healthIntervalMs', { limits: { healthIntervalMs: 1.5 } }],
    ['speed', { limits: { speed: 1 } }],
  ])('that are wrong are refused: %s', async (option, given) => {
    const wrong = start(given as Partial<EnclaveHostOptions>)
    const named = option === 'limits' ? 'limit' : option
    await expect(wrong).rejects.toMatchObject({
      ...{ code: 'INVALID_OPTION', context: { option: named } },
    })
  })
})
