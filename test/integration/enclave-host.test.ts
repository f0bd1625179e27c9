/** The parent of an enclave, with a real signing service behind a vsock of Unix sockets. @module */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesToHex } from '../../src/crypto/index.ts'
import { payloadMessage } from '../../src/crypto/transaction.ts'
import {
  createEnclaveHost,
  type EnclaveHostEvent,
  type EnclaveHostLimits,
  type EnclaveRunner,
} from '../../src/enclave/index.ts'
import { createRemoteSigner } from '../../src/signers/remote/index.ts'
import {
  encodeRequest,
  MAX_MESSAGE_BYTES,
  MAX_REPLY_BYTES,
} from '../../src/signers/remote/protocol.ts'
import { listen, type ServiceDoor } from '../../src/signing-service/index.ts'
import { bridgeTo, type FakeVsock, type GuestPort, startFakeVsock } from '../support/fake-vsock.ts'
import { createMapStore } from '../support/map-store.ts'
import { startMetrics } from '../support/metrics.ts'
import { until } from '../support/until.ts'
import { numbered, serviceWith, signer, transaction } from '../unit/signing-service/fixture.ts'

let folder: string
let vsock: FakeVsock
let inside: ServiceDoor
let control: Server
/** What the control door inside answers, by path. */
let controlled: Readonly<Record<string, readonly [status: number, body: unknown]>>
const events: EnclaveHostEvent[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-enclave-'))
  vsock = await startFakeVsock(join(folder, 'v'))
  inside = await listen(serviceWith().service, { socketPath: join(folder, 'inside') })
  control = createServer((request, response) => {
    request.resume().once('end', () => {
      const [status, body] = controlled[request.url ?? ''] ?? [404, {}]
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  control.listen(join(folder, 'control'))
  await once(control, 'listening')
})
beforeEach(async () => {
  vsock.die()
  await until(() => vsock.open.size === 0)
  events.length = 0
  vsock.greeting = 'OK 1073741824\n'
  vsock.ports.clear()
  vsock.ports.set(5_000, bridgeTo(inside.address))
  vsock.ports.set(5_001, bridgeTo(join(folder, 'control')))
  controlled = { '/health': [200, { status: 'ok', now: Date.now(), startedAt: 1 }] }
})
afterAll(async () => {
  await vsock?.[Symbol.asyncDispose]()
  await inside?.close()
  control?.closeAllConnections()
  control?.close()
  await rm(folder, { recursive: true, force: true })
})

const startHost = (limits: Partial<EnclaveHostLimits> = {}, runner?: EnclaveRunner) =>
  createEnclaveHost({
    ...{ vsock: { socketPath: vsock.socketPath }, store: createMapStore(), hosts: {}, limits },
    onEvent: (event) => events.push(event),
    ...(runner === undefined ? {} : { runner }),
  })

const message = payloadMessage(transaction)
const sign = (bytes: Uint8Array = message): unknown =>
  JSON.parse(
    encodeRequest({
      ...{ operation: 'sign', key: 'minter', message: bytes, hashAlgorithm: 'SHA3_256' },
    } as const),
  )
const publicKey = { version: 1, operation: 'publicKey', key: 'minter' }
/** A refusal of the protocol. */
const refusal = (code: string, status = 503) => ({
  status,
  body: {
    version: 1,
    requestId: expect.any(String),
    error: expect.objectContaining({ code, disposition: expect.any(String) }),
  },
})
/** Answers each connection with bytes, as soon as it has been asked something. */
const saying =
  (bytes: string): GuestPort =>
  (socket) =>
    socket.once('data', () => socket.write(bytes))
const http = (body: string, head = 'HTTP/1.1 200 OK') =>
  `${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
const silent: GuestPort = (socket) => socket.resume()

describe('a host', () => {
  it.each(['a Unix socket', 'a port'])(
    'lets a remote signer sign through the enclave, by %s of its own',
    async (kind) => {
      await using host = await startHost()
      const isSocket = kind === 'a Unix socket'
      const where = isSocket ? { socketPath: join(folder, 'd') } : { port: 0 }
      await using door = await listen(host.service, where)
      const way = isSocket ? { socketPath: door.address } : { url: door.address }
      const remote = createRemoteSigner({ ...way, key: 'minter' })
      const signature = await remote.sign({ message, hashAlgorithm: 'SHA3_256' })
      expect(signature).toHaveLength(64)
      expect((await remote.publicKey()).bytes).toEqual((await signer.publicKey()).bytes)
      expect(host.stats()).toMatchObject({ requests: 2, refusals: 0 })
      expect(events.filter(({ kind: one }) => one === 'refused')).toEqual([])
    },
  )

  it('gives back what the enclave refuses, as the enclave says it', async () => {
    await using host = await startHost()
    const other = payloadMessage({ ...transaction, cadence: 'transaction {}' })
    const mine = await host.service.handle(sign(other))
    expect(mine).toEqual(refusal('POLICY_REFUSED', 403))
    expect(await host.service.handle({ version: 1 })).toEqual(
      refusal('SIGNING_REQUEST_MALFORMED', 400),
    )
    expect(host.stats()).toMatchObject({ requests: 2, refusals: 0 })
  })

  it('carries an attestation, as long as one is', async () => {
    const document = new Uint8Array(9_000).fill(7)
    const { service } = serviceWith({ attest: async () => document })
    await using other = await listen(service, { socketPath: join(folder, 'attesting') })
    vsock.ports.set(5_000, bridgeTo(other.address))
    await using host = await startHost()
    const asked = { ...publicKey, operation: 'attest', nonce: 'AAAA' }
    const { status, body } = await host.service.handle(asked)
    expect(status).toBe(200)
    expect(body['document']).toBe(Buffer.from(document).toString('base64'))
  })

  it('carries the largest request there can be, and refuses one that is larger', async () => {
    await using host = await startHost()
    const largest = await host.service.handle(sign(new Uint8Array(MAX_MESSAGE_BYTES)))
    expect(largest).toEqual(refusal('MALFORMED_MESSAGE', 400))
    expect(host.stats().refusals).toBe(0)
    const text = 'x'.repeat(2 * 1_048_576)
    const larger = await host.service.handle({ ...publicKey, text })
    expect(larger).toEqual(refusal('SIGNING_REQUEST_TOO_LARGE', 413))
    expect(host.stats().refusals).toBe(1)
  })

  it('carries 32 requests at once, on as many connections as it may have', async () => {
    await using host = await startHost({ maxSockets: 8 })
    let most = 0
    const looking = setInterval(() => {
      most = Math.max(most, vsock.open.size)
    }, 1)
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, n) =>
        host.service.handle(sign(payloadMessage(numbered(BigInt(n))))),
      ),
    )
    clearInterval(looking)
    expect(answers.map(({ status }) => status)).toEqual(Array(32).fill(200))
    const signatures = new Set(answers.map(({ body }) => body['signature']))
    expect(signatures.size).toBe(32)
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(8 + 1) // and the one of the health checks
  })

  it('refuses more at once than it may have', async () => {
    vsock.ports.set(5_000, silent)
    await using host = await startHost({ maxConcurrent: 2, requestTimeoutMs: 300 })
    const three = [1, 2, 3].map(() => host.service.handle(publicKey))
    expect(await three[2]).toEqual(refusal('SIGNING_SERVICE_BUSY'))
    expect(await three[0]).toEqual(refusal('SIGNING_SERVICE_TIMEOUT', 504))
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a function', () => undefined],
    ['a circle', Object.assign([], { 0: globalThis })],
  ])('refuses %s, which is no JSON', async (_, asked) => {
    await using host = await startHost()
    const answer = await host.service.handle(asked)
    expect(answer).toEqual(refusal('SIGNING_REQUEST_MALFORMED', 400))
  })

  it('goes on while a client is slow', async () => {
    await using host = await startHost()
    await using door = await listen(host.service, { socketPath: join(folder, 'd') })
    const slow = connect(door.address)
    slow.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n')
    slow.write('content-length: 1000\r\n\r\n{')
    const remote = createRemoteSigner({ socketPath: door.address, key: 'minter' })
    expect(await remote.sign({ message, hashAlgorithm: 'SHA3_256' })).toHaveLength(64)
    slow.destroy()
  })

  it('ends a request whose caller is gone', async () => {
    vsock.ports.set(5_000, silent)
    await using host = await startHost()
    const gone = new AbortController()
    const asking = host.service.handle(publicKey, { signal: gone.signal })
    await until(() => vsock.open.size >= 1)
    gone.abort()
    expect(await asking).toEqual(refusal('SIGNING_SERVICE_TIMEOUT', 504))
  })
})

describe('an enclave that does not answer', () => {
  const greet = (greeting: string | undefined) => () => {
    vsock.greeting = greeting
  }
  it.each<[string, () => void]>([
    ['says garbage in place of OK', greet('500 no\n')],
    ['says nothing in place of OK', greet(undefined)],
    ['says more than OK', greet(`OK 1\n${http('{}')}`)],
    ['has nobody on the port', () => vsock.ports.clear()],
    ['closes the connection', () => vsock.ports.set(5_000, (socket) => socket.end())],
    [
      'closes it in the middle of its answer',
      () => vsock.ports.set(5_000, (socket) => socket.once('data', () => socket.end('HTTP/1.1 2'))),
    ],
  ])('that %s has its request refused in time', async (_, change) => {
    change()
    await using host = await startHost({ connectTimeoutMs: 200 })
    const answer = await host.service.handle(sign(), { timeoutMs: 5_000 })
    expect(answer).toEqual(refusal('ENCLAVE_UNAVAILABLE'))
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'refused', code: 'ENCLAVE_UNAVAILABLE' }),
    )
    expect(host.stats()).toMatchObject({ requests: 1, refusals: 1 })
  })

  it('takes no longer than the request may', async () => {
    vsock.ports.set(5_000, silent)
    await using host = await startHost({ requestTimeoutMs: 300 })
    const answer = await host.service.handle(sign())
    expect(answer).toEqual(refusal('SIGNING_SERVICE_TIMEOUT', 504))
    expect(await host.service.handle(sign(), { timeoutMs: 20 })).toEqual(
      refusal('SIGNING_SERVICE_TIMEOUT', 504),
    )
  })

  it('dies in the middle: a refusal at once, and it goes on with the next one', async () => {
    await using host = await startHost()
    vsock.ports.set(5_000, silent)
    const asking = Array.from({ length: 8 }, () => host.service.handle(sign()))
    await until(() => vsock.open.size >= 8)
    vsock.die()
    for (const answer of await Promise.all(asking))
      expect(answer).toEqual(refusal('ENCLAVE_UNAVAILABLE'))
    vsock.ports.set(5_000, bridgeTo(inside.address))
    expect(await host.service.handle(sign())).toMatchObject({ status: 200 })
  })

  it('lets connections of before go stale, which no request notices', async () => {
    await using host = await startHost()
    expect(await host.service.handle(sign())).toMatchObject({ status: 200 })
    vsock.die()
    const answer = await host.service.handle(sign())
    expect(answer).toMatchObject({ status: 200 })
    expect(host.stats().refusals).toBe(0)
  })
})

describe('an enclave that answers', () => {
  const answered = { version: 1, key: 'minter', signatureAlgorithm: 'ECDSA_P256', requestId: 'r' }
  const whole = JSON.stringify({ ...answered, publicKey: 'ab'.repeat(64) })
  const error = { code: 'POLICY_REFUSED', disposition: 'refuse', message: 'No.' }
  const refused = JSON.stringify({ version: 1, requestId: 'r', error })
  it.each<[string, string]>([
    ['what is not HTTP', 'garbage\r\n\r\n'],
    ['no JSON', http('text')],
    ['no answer', http('{}')],
    ['an answer of another version', http(whole.replace('"version":1', '"version":2'))],
    ['a key twice', http(whole.replace('{', '{"version":1,'))],
    ['half an answer', http(JSON.stringify(answered))],
    ['an answer as a failure', http(whole, 'HTTP/1.1 500 No')],
    ['a refusal as a success', http(refused)],
    ['a byte more than there can be', http(whole.padEnd(MAX_REPLY_BYTES + 1))],
    ['that it will send a gigabyte', `HTTP/1.1 200 OK\r\ncontent-length: ${2 ** 30}\r\n\r\n{`],
    ['a stream without end', `HTTP/1.1 200 OK\r\n\r\n${' '.repeat(40_000)}`],
    ['another protocol', 'HTTP/1.1 101 No\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
  ])('%s is refused', async (_, bytes) => {
    vsock.ports.set(5_000, saying(bytes))
    await using host = await startHost()
    const answer = await host.service.handle(publicKey, { timeoutMs: 5_000 })
    expect(answer).toEqual(refusal('SIGNING_REPLY_MALFORMED'))
    expect(host.stats().refusals).toBe(1)
  })

  it('as it should is believed: the twin of those', async () => {
    vsock.ports.set(5_000, saying(http(whole)))
    await using host = await startHost()
    const { status, body } = await host.service.handle(publicKey)
    expect({ status, body }).toEqual({ status: 200, body: JSON.parse(whole) })
    vsock.ports.set(5_000, saying(http(whole.padEnd(MAX_REPLY_BYTES))))
    vsock.die()
    expect(await host.service.handle(publicKey)).toMatchObject({ status: 200 })
    vsock.ports.set(5_000, saying(http(refused, 'HTTP/1.1 403 No')))
    vsock.die()
    expect(await host.service.handle(publicKey)).toEqual(refusal('POLICY_REFUSED', 403))
  })
})

describe('a host that is closed', () => {
  it('waits for what is under way, and takes no more', async () => {
    let answer: () => void = () => undefined
    vsock.ports.set(5_000, (socket: Socket) => {
      socket.pause()
      answer = () => bridgeTo(inside.address)(socket)
    })
    const host = await startHost()
    const asking = host.service.handle(sign())
    const before = answer
    await until(() => answer !== before)
    const closing = host.close()
    expect(await host.service.handle(sign())).toEqual(refusal('ENCLAVE_UNAVAILABLE'))
    await expect(host.create('minter')).rejects.toMatchObject({ code: 'ENCLAVE_UNAVAILABLE' })
    answer()
    expect(await asking).toMatchObject({ status: 200 })
    await closing
  })

  it('does not wait without end', async () => {
    vsock.ports.set(5_000, silent)
    const host = await startHost({ closeTimeoutMs: 50 })
    const asking = host.service.handle(sign())
    await until(() => vsock.open.size >= 1)
    await host.close()
    expect(await asking).toEqual(refusal('ENCLAVE_UNAVAILABLE'))
    await until(() => vsock.open.size === 0)
  })
})

describe('a host with a runner', () => {
  it('starts the enclave, starts it again when it died in the middle, and ends it', async () => {
    const calls: string[] = []
    let kill: (why: string) => void = () => undefined
    const runner: EnclaveRunner = {
      async start() {
        calls.push('start')
        vsock.ports.set(5_000, calls.length === 1 ? silent : bridgeTo(inside.address))
        const ended = new Promise<string>((resolve) => {
          kill = resolve
        })
        return { ended, stop: async () => void calls.push('stop') }
      },
    }
    const host = await startHost({ minPauseMs: 20 }, runner)
    expect(host.stats()).toMatchObject({ state: 'up', up: true, restarts: 0 })
    const { valueNow, metrics } = startMetrics({})
    const stop = metrics.observe(host)
    expect(await valueNow('enclave_up', { enclave: 'enclave' })).toBe(1)
    // Its connections stay open when it is gone, as those of vhost-device-vsock do.
    const asking = host.service.handle(sign())
    await until(() => vsock.open.size >= 1)
    kill('killed')
    expect(await asking).toEqual(refusal('ENCLAVE_UNAVAILABLE'))
    expect(await host.service.handle(sign())).toEqual(refusal('ENCLAVE_UNAVAILABLE'))
    expect(await valueNow('enclave_up', { enclave: 'enclave' })).toBe(0)
    await until(() => host.stats().up)
    expect(await host.service.handle(sign())).toMatchObject({ status: 200 })
    expect(await valueNow('enclave_restarts_total', { enclave: 'enclave' })).toBe(1)
    expect(await valueNow('enclave_requests_total', { enclave: 'enclave' })).toBe(3)
    expect(await valueNow('enclave_refusals_total', { enclave: 'enclave' })).toBe(2)
    stop()
    await host.close()
    expect(calls).toEqual(['start', 'start', 'stop'])
  })

  it('rejects, and leaves nothing open, when the first start fails', async () => {
    const no = new Error('no')
    await expect(startHost({}, { start: () => Promise.reject(no) })).rejects.toBe(no)
    await using host = await startHost()
    expect(host.stats().restarts).toBe(0)
  })
})

describe('the control door of the enclave', () => {
  it('is asked how the enclave is', async () => {
    await using host = await startHost()
    controlled = {
      '/health': [200, { status: 'ok', now: Date.now() + 600_000, startedAt: 1_000 }],
    }
    const { status, startedAt, clockOffsetMs } = await host.health()
    expect({ status, startedAt }).toEqual({ status: 'ok', startedAt: new Date(1_000) })
    expect(Math.abs(clockOffsetMs - 600_000)).toBeLessThan(5_000)
    expect(await host.ready()).toMatchObject({ status: 'ok' })
  })

  it('tells what is wrong, and is waited for where that passes', async () => {
    await using host = await startHost({ startTimeoutMs: 1_000 })
    const failing = (code: string) => ({
      '/health': [
        200,
        { status: 'failing', now: 1, startedAt: 1, error: { code, message: 'Two\nlines.' } },
      ] as const,
    })
    controlled = failing('KMS_ACCESS_DENIED')
    expect(await host.health()).toMatchObject({
      ...{ status: 'failing', error: { code: 'KMS_ACCESS_DENIED', message: 'Two lines.' } },
    })
    await expect(host.ready()).rejects.toMatchObject({
      ...{ code: 'ENCLAVE_NOT_STARTED', context: { reason: 'it says KMS_ACCESS_DENIED' } },
    })
    controlled = failing('KMS_UNAVAILABLE')
    const ready = host.ready()
    setTimeout(() => {
      controlled = { '/health': [200, { status: 'ok', now: 1, startedAt: 1 }] }
    }, 150)
    expect(await ready).toMatchObject({ status: 'ok' })
    controlled = { '/health': [200, { status: 'starting', now: 1, startedAt: 1 }] }
    await expect(host.ready()).rejects.toMatchObject({
      ...{ code: 'ENCLAVE_NOT_STARTED', context: { reason: expect.stringMatching(/starting$/) } },
    })
  })

  it.each<[string, unknown]>([
    ['null', null],
    ['a signal that is none', { signal: 'x' }],
    ['another option', { signals: 1 }],
  ])('refuses %s in the place of options', async (_, given) => {
    await using host = await startHost()
    const refusal = { name: 'SignerError', code: 'INVALID_OPTION' }
    for (const ask of [
      () => host.create('minter', given as object),
      () => host.health(given as object),
      () => host.ready(given as object),
    ])
      await expect(ask()).rejects.toMatchObject(refusal)
  })

  it('refuses bounds that contradict each other, and begins nothing for a signal that is over', async () => {
    const pauses = startHost({ minPauseMs: 1_000, maxPauseMs: 10 })
    await expect(pauses).rejects.toMatchObject({ context: { option: 'maxPauseMs' } })
    const over = { vsock: { socketPath: vsock.socketPath }, store: createMapStore(), hosts: {} }
    const signal = AbortSignal.abort(new Error('over'))
    await expect(createEnclaveHost({ ...over, signal })).rejects.toThrow('over')
  })

  it('makes a key', async () => {
    await using host = await startHost()
    const told = {
      ...{ key: 'minter', signatureAlgorithm: 'ECDSA_P256' },
      publicKey: bytesToHex((await signer.publicKey()).bytes),
    }
    controlled = { '/create': [200, told] }
    expect(await host.create('minter')).toEqual(told)
    await expect(host.create('a key')).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    for (const wrong of [
      { key: 'other' },
      { signatureAlgorithm: 'ECDSA_secp256k1' },
      { signatureAlgorithm: 'RSA' },
      { publicKey: 'ab'.repeat(64) },
      { publicKey: 'ab' },
    ]) {
      controlled = { '/create': [200, { ...told, ...wrong }] }
      await expect(host.create('minter')).rejects.toMatchObject({ code: 'SIGNING_REPLY_MALFORMED' })
    }
  })

  it.each<[string, number, unknown, object]>([
    [
      'a code that lasts',
      400,
      { error: { code: 'SIGNING_KEY_UNKNOWN', message: 'No.' } },
      { code: 'ENCLAVE_REFUSED', context: { enclaveCode: 'SIGNING_KEY_UNKNOWN' } },
    ],
    [
      'a code that passes',
      503,
      { error: { code: 'KMS_UNAVAILABLE', message: 'No.' } },
      { code: 'ENCLAVE_UNAVAILABLE', context: { reason: 'it answered KMS_UNAVAILABLE' } },
    ],
    [
      'a code of a later version',
      400,
      { error: { code: 'LATER', message: 'No.' } },
      { code: 'ENCLAVE_REFUSED', context: { enclaveCode: 'LATER' } },
    ],
    ['no code', 500, { error: { code: 'a text', message: 'No.' } }, malformed()],
    ['no JSON', 500, 'text', malformed()],
    ['a list', 200, [], malformed()],
    ['nothing that it should', 200, {}, malformed()],
  ])('that says %s', async (_, status, body, error) => {
    controlled = { '/create': [status, body], '/health': [status, body] }
    await using host = await startHost()
    await expect(host.create('minter')).rejects.toMatchObject(error)
    await expect(host.health()).rejects.toMatchObject(error)
  })
})

function malformed() {
  return { code: 'SIGNING_REPLY_MALFORMED' }
}
