import { execFile } from 'node:child_process'
import { lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { envelopeMessage } from '../../../src/crypto/transaction.ts'
import { MAX_REQUEST_BYTES } from '../../../src/signers/remote/protocol.ts'
import {
  type ListenOptions,
  listen,
  type SigningService,
} from '../../../src/signing-service/index.ts'
import { createCertificate } from '../admin-server/webhooks/certificate.ts'
import {
  askingEnvelope,
  fullKey,
  gate,
  serviceWith,
  signer,
  transaction,
  verifies,
} from './fixture.ts'

type Reply = {
  readonly status: number
  readonly headers: object
  readonly body: Record<string, unknown>
}

/** @param send - Writes and ends the request. */
async function exchange(
  asked: ClientRequest,
  send: (asked: ClientRequest) => void,
): Promise<Reply> {
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    asked.once('response', resolve)
    asked.once('error', reject)
  })
  send(asked)
  const got = await response
  const chunks: Buffer[] = []
  for await (const chunk of got) chunks.push(chunk as Buffer)
  const body = JSON.parse(Buffer.concat(chunks).toString())
  return { status: got.statusCode ?? 0, headers: got.headers, body }
}

const headers = { 'content-type': 'application/json' }
const post = (url: string, body: string | Buffer, more: object = {}) =>
  exchange(request(url, { method: 'POST', headers, agent: false, ...more }), (asked) =>
    asked.end(body),
  )
const good = JSON.stringify(askingEnvelope())

describe('a port', () => {
  it('answers a POST of JSON with what the service says', async () => {
    await using door = await listen(serviceWith().service, { port: 0 })
    expect(door.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
    const { status, headers: said, body } = await post(door.address, good)
    expect(status).toBe(200)
    expect(said).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' })
    expect(await verifies(body, envelopeMessage(transaction))).toBe(true)
  })

  it('answers on its path alone', async () => {
    await using door = await listen(serviceWith().service, { port: 0, path: '/v1/sign' })
    expect(door.address).toMatch(/\/v1\/sign$/)
    const origin = new URL(door.address).origin
    const paths = ['/v1/sign', '/', '/v1/sign/', '/v1/sign?key=a', '/v1/../v1/sign', '/V1/sign']
    const said = paths.map((path) => post(origin, good, { path }))
    expect((await Promise.all(said)).map(({ status }) => status)).toEqual([
      200, 404, 404, 404, 404, 404,
    ])
  })

  it.each<readonly [string, object, number, string]>([
    ['GET', { method: 'GET' }, 405, 'SIGNING_REQUEST_MALFORMED'],
    ['PUT', { method: 'PUT' }, 405, 'SIGNING_REQUEST_MALFORMED'],
    [
      'OPTIONS, as a page of another origin would',
      { method: 'OPTIONS' },
      405,
      'SIGNING_REQUEST_MALFORMED',
    ],
    ['no content type', { headers: {} }, 415, 'SIGNING_REQUEST_MALFORMED'],
    [
      'a content type that a form may send',
      { headers: { 'content-type': 'text/plain' } },
      415,
      'SIGNING_REQUEST_MALFORMED',
    ],
    [
      'gzip',
      { headers: { ...headers, 'content-encoding': 'gzip' } },
      415,
      'SIGNING_REQUEST_MALFORMED',
    ],
    [
      'a page in a browser',
      { headers: { ...headers, origin: 'http://127.0.0.1:4000' } },
      403,
      'SIGNING_REQUEST_MALFORMED',
    ],
    ['br', { headers: { ...headers, 'content-encoding': 'br' } }, 415, 'SIGNING_REQUEST_MALFORMED'],
    [
      'a length over 2 MiB',
      { headers: { ...headers, 'content-length': MAX_REQUEST_BYTES + 1 } },
      413,
      'SIGNING_REQUEST_TOO_LARGE',
    ],
  ])('refuses %s, whatever the body', async (_name, more, status, code) => {
    const { service, events } = serviceWith()
    await using door = await listen(service, { port: 0 })
    const body = status === 413 ? Buffer.alloc(MAX_REQUEST_BYTES + 1) : ''
    const said = await post(door.address, body, more)
    expect(said).toMatchObject({ status, body: { version: 1, error: { code } } })
    expect(events).toMatchObject([{ operation: 'malformed', outcome: 'refused', errorCode: code }])
  })

  it.each<readonly [string, string | Buffer]>([
    ['nothing', ''],
    ['half of it', good.slice(0, -1)],
    ['two of it', good + good],
    ['what was compressed and does not say so', gzipSync(good)],
    ['what is not UTF-8', Buffer.concat([Buffer.from(good), Buffer.from([0xff])])],
    [
      'a text that is not UTF-8',
      Buffer.from(good.replace('}', ',"approvals":["\xff"]}'), 'latin1'),
    ],
    ['a byte order mark', `\ufeff${good}`],
    ['a list', `[${good}]`],
    ['a key twice', good.replace('"key":', '"key":"other","key":')],
    ['a key twice, once escaped', good.replace('"key":', '"k\\u0065y":"other","key":')],
    ['many levels', `${'['.repeat(65)}${']'.repeat(65)}`],
  ])('refuses a body of %s', async (_name, body) => {
    await using door = await listen(serviceWith().service, { port: 0 })
    const said = await post(door.address, body)
    expect(said).toMatchObject({
      status: 400,
      body: { error: { code: 'SIGNING_REQUEST_MALFORMED' } },
    })
  })

  it('refuses a body that was compressed on the way, though its content is none', async () => {
    await using door = await listen(serviceWith().service, { port: 0 })
    const asked = request(door.address, {
      method: 'POST',
      headers: { ...headers, 'transfer-encoding': 'gzip, chunked' },
      agent: false,
    })
    expect((await exchange(asked, () => asked.end(good))).status).toBe(415)
  })

  it('takes 2 MiB and no byte more, when no length was said', async () => {
    await using door = await listen(serviceWith().service, { port: 0 })
    const padded = (length: number) => good.padEnd(length, ' ')
    const send = (body: string) =>
      exchange(
        request(door.address, {
          method: 'POST',
          headers: { ...headers, 'transfer-encoding': 'chunked' },
          agent: false,
        }),
        (asked) => {
          asked.on('error', () => undefined) // it is closed while more comes
          asked.end(body)
        },
      )
    expect((await send(padded(MAX_REQUEST_BYTES))).status).toBe(200)
    expect(await send(padded(MAX_REQUEST_BYTES + 1))).toMatchObject({
      status: 413,
      body: { error: { code: 'SIGNING_REQUEST_TOO_LARGE' } },
    })
  })

  it.each<readonly [string, string]>([
    ['head', 'POST / HTTP/1.1\r\nhost: a\r\n'],
    [
      'body',
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    ],
    ['silence', ''],
  ])('closes a connection whose %s does not end', async (_name, start) => {
    await using door = await listen(serviceWith().service, { port: 0, receiveTimeoutMs: 50 })
    const socket = connect(Number(new URL(door.address).port), '127.0.0.1')
    socket.write(start)
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve))
    expect((await post(door.address, good)).status).toBe(200)
  })

  it('closes a connection that stays idle', async () => {
    await using door = await listen(serviceWith().service, { port: 0, idleTimeoutMs: 50 })
    const agent = new Agent({ keepAlive: true })
    const asked = request(door.address, { method: 'POST', headers, agent })
    const closed = new Promise((resolve) => {
      asked.once('socket', (socket) => socket.once('close', resolve))
    })
    await exchange(asked, () => asked.end(good))
    await closed
  })

  it('reads no more than 16 KiB of headers', async () => {
    await using door = await listen(serviceWith().service, { port: 0 })
    const more = { headers: { ...headers, x: 'a'.repeat(20_000) } }
    const asked = request(door.address, { method: 'POST', agent: false, ...more })
    const status = new Promise((resolve) => {
      asked.once('response', (response) => resolve(response.resume().statusCode))
    })
    asked.end(good)
    expect(await status).toBe(431)
  })

  it('gives back the room that a body took: more pass one after the other than at once', async () => {
    await using door = await listen(serviceWith().service, { port: 0 })
    const largest = Buffer.alloc(MAX_REQUEST_BYTES, ' ')
    for (let sent = 0; sent < 34; sent += 1)
      expect((await post(door.address, largest)).status).toBe(400)
  })

  it('closes connections beyond those that it may have', async () => {
    await using door = await listen(serviceWith().service, {
      port: 0,
      maxConnections: 1,
      receiveTimeoutMs: 600_000, // so that nothing else closes it
    })
    const port = Number(new URL(door.address).port)
    const first = connect(port, '127.0.0.1')
    await new Promise((resolve) => first.once('connect', resolve))
    const second = connect(port, '127.0.0.1')
    second.resume()
    await new Promise((resolve) => second.once('close', resolve))
    first.destroy()
    await new Promise((resolve) => first.once('close', resolve))
  })

  it('gives up a request whose caller is gone', async () => {
    let told: AbortSignal | undefined
    const asked = gate()
    const sign: typeof signer.sign = ({ signal }) => {
      told = signal
      asked.open()
      return new Promise<never>(() => undefined)
    }
    const { service, events } = serviceWith({
      keys: { minter: { ...fullKey, signer: { ...signer, sign } } },
    })
    await using door = await listen(service, { port: 0 })
    const open = request(door.address, { method: 'POST', headers, agent: false })
    open.on('error', () => undefined)
    open.end(good)
    await asked.opened
    open.destroy()
    while (events.length === 0) await new Promise(setImmediate)
    expect(told?.aborted).toBe(true)
  })

  it('ends what is under way before it is closed', async () => {
    const asked = gate()
    const goOn = gate()
    const sign: typeof signer.sign = async (what) => {
      asked.open()
      await goOn.opened
      return signer.sign(what)
    }
    const { service } = serviceWith({
      keys: { minter: { ...fullKey, signer: { ...signer, sign } } },
    })
    const door = await listen(service, { port: 0 })
    const said = post(door.address, good)
    await asked.opened
    const closed = door.close()
    goOn.open()
    expect((await said).status).toBe(200)
    await closed
    await expect(post(door.address, good)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe('TLS', () => {
  const server = createCertificate(['localhost'])
  const client = createCertificate(['client'])
  const stranger = createCertificate(['stranger'])
  const ended = createCertificate(['client'], -1)
  const tls = { cert: server.cert, key: server.key, ca: `${client.cert}\n${ended.cert}` }
  const secure = (url: string, more: object) =>
    exchange(
      secureRequest(url.replace('127.0.0.1', 'localhost'), {
        method: 'POST',
        headers,
        agent: false,
        ca: server.cert,
        ...more,
      }),
      (asked) => asked.end(good),
    )

  it('lets in clients of its CA, and tells who they are', async () => {
    const { service, events } = serviceWith()
    await using door = await listen(service, { port: 0, tls })
    expect(door.address).toMatch(/^https:/)
    expect((await secure(door.address, client)).status).toBe(200)
    expect(events).toMatchObject([{ caller: expect.stringMatching(/^SHA256=([0-9A-F]{2}:){31}/) }])
  })

  it('tells nobody who they are where no CA says so', async () => {
    const { service, events } = serviceWith()
    const { ca: _, ...open } = tls
    await using door = await listen(service, { port: 0, tls: open })
    expect((await secure(door.address, client)).status).toBe(200)
    expect(events).toEqual([expect.not.objectContaining({ caller: expect.anything() })])
  })

  it('knows the caller of a session that is taken up again', async () => {
    const { service, events } = serviceWith()
    await using door = await listen(service, { port: 0, tls })
    const agent = new SecureAgent({ maxCachedSessions: 1 })
    const reused: boolean[] = []
    for (let count = 0; count < 2; count += 1) {
      const asked = secureRequest(door.address.replace('127.0.0.1', 'localhost'), {
        method: 'POST',
        headers,
        agent,
        ca: server.cert,
        ...client,
      })
      asked.once('response', ({ socket }) => {
        reused.push((socket as TLSSocket).isSessionReused()) // of https it is one
      })
      await exchange(asked, () => asked.end(good))
    }
    expect(reused).toEqual([false, true])
    expect(events[1]?.caller).toMatch(/^SHA256=([0-9A-F]{2}:){31}/)
    expect(events[1]?.caller).toBe(events[0]?.caller)
  })

  it('closes a connection whose handshake does not begin', async () => {
    await using door = await listen(serviceWith().service, { port: 0, tls, receiveTimeoutMs: 50 })
    const socket = connect(Number(new URL(door.address).port), '127.0.0.1')
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve))
  })

  it.each([
    ['no certificate', {}],
    ['a certificate of another', stranger],
    ['a certificate that has ended', ended],
  ])('lets in no client with %s', async (_name, more) => {
    const { service, events } = serviceWith()
    await using door = await listen(service, { port: 0, tls })
    await expect(secure(door.address, more)).rejects.toBeDefined()
    expect(events).toEqual([])
  })
})

describe('a Unix socket', () => {
  let folder: string
  let socketPath: string
  let service: SigningService
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fcl-kms-'))
    socketPath = join(folder, 'sign.sock')
    service = serviceWith().service
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const postTo = (path: string) => post('http://localhost/', good, { socketPath: path })

  it('answers, and is open to its owner alone', async () => {
    await using door = await listen(service, { socketPath })
    expect(door.address).toBe(socketPath)
    expect(lstatSync(socketPath).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['sign.sock'])
    expect((await postTo(socketPath)).status).toBe(200)
  })

  it('is gone when it is closed', async () => {
    const door = await listen(service, { socketPath })
    await door.close()
    expect(readdirSync(folder)).toEqual([])
  })

  it('lets the process end that could not give it its name', async () => {
    const file = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
    const program = `
      import { register } from 'node:module'
      register(${file('../../support/load-typescript.mjs')})
      const { listen } = await import(${file('../../../src/signing-service/index.ts')})
      await listen({}, { socketPath: ${JSON.stringify(`${socketPath}/`)} }).catch(({ code }) => console.log(code))`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { timeout: 60_000 },
    )
    expect(stdout.trim()).toBe('ENOTDIR')
    expect(readdirSync(folder)).toEqual([])
  })

  it('leaves what another server has put in its place', async () => {
    const first = await listen(service, { socketPath })
    rmSync(socketPath)
    await using _second = await listen(service, { socketPath })
    await first.close()
    expect((await postTo(socketPath)).status).toBe(200)
  })

  it('takes the place of one that nobody listens on', async () => {
    const dead = createServer()
    await new Promise<void>((resolve) => dead.listen(join(folder, 'first'), resolve))
    const { renameSync } = await import('node:fs')
    renameSync(join(folder, 'first'), socketPath) // so that its end does not take it away
    await new Promise((resolve) => dead.close(resolve))
    await using _door = await listen(service, { socketPath })
    expect((await postTo(socketPath)).status).toBe(200)
  })

  it('takes no place of a server that answers, nor of a file', async () => {
    await using _door = await listen(service, { socketPath })
    const file = join(folder, 'file')
    writeFileSync(file, 'mine')
    for (const taken of [socketPath, file])
      await expect(listen(service, { socketPath: taken })).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        context: { option: 'socketPath' },
      })
    expect((await postTo(socketPath)).status).toBe(200)
    expect(readdirSync(folder).sort()).toEqual(['file', 'sign.sock'])
  })
})

describe('listen', () => {
  it.each<readonly [string, object, string]>([
    ['no place', {}, 'port'],
    ['two places', { port: 0, socketPath: '/tmp/a' }, 'port'],
    ['a port that is none', { port: 65_536 }, 'port'],
    ['a socket without a folder', { socketPath: 'a.sock' }, 'socketPath'],
    ['a socket in no folder', { socketPath: '/nowhere/a.sock' }, 'socketPath'],
    ['a socket of a long name', { socketPath: `/tmp/${'a'.repeat(90)}` }, 'socketPath'],
    ['a socket with a host', { socketPath: '/tmp/a', host: 'localhost' }, 'socketPath'],
    ['plain HTTP for everybody', { port: 0, host: '0.0.0.0' }, 'host'],
    ['plain HTTP on a name', { port: 0, host: 'signer.example.com' }, 'host'],
    ['a path with a query', { port: 0, path: '/a?b' }, 'path'],
    ['no connections', { port: 0, maxConnections: 0 }, 'maxConnections'],
    ['no time', { port: 0, receiveTimeoutMs: 0 }, 'receiveTimeoutMs'],
    ['a certificate that is none', { port: 0, tls: { cert: 'a', key: 'b' } }, 'tls'],
    ['an unknown option', { port: 0, sock: '/tmp/a' }, 'sock'],
  ])('refuses %s', async (_name, options, option) => {
    const { service } = serviceWith()
    // What JavaScript may pass.
    await expect(listen(service, options as ListenOptions)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option },
    })
  })

  it('says what is wrong with a port that is taken', async () => {
    const { service } = serviceWith()
    await using door = await listen(service, { port: 0 })
    const port = Number(new URL(door.address).port)
    await expect(listen(service, { port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
