import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, connect as netConnect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls'
import { promisify } from 'node:util'
import { pinnedLookup } from '../../../../examples/admin-server/src/webhooks/address-guard.ts'
import {
  type Dial,
  type PostOptions,
  postWebhook,
} from '../../../../examples/admin-server/src/webhooks/post.ts'
import { holdClock } from '../../../support/held-clock.ts'
import { until } from '../../../support/until.ts'
import { createCertificate } from './certificate.ts'
import { dripping, startReceiver } from './receiver.ts'

const certificate = createCertificate(['hooks.example.com', '127.0.0.1'])
const publicAddress = '93.184.216.34'
const never = () => new Promise<never>(() => undefined)

const post = (url: string, options: PostOptions = {}) =>
  postWebhook({ url, headers: { 'webhook-id': 'wh_1' }, body: '{"a":"é"}' }, options)

/** Notes where it is told to connect, as the system would, and connects to a local port instead. */
function diverted(port: number): { readonly dial: Dial; readonly addresses: unknown[] } {
  const addresses: unknown[] = []
  const dial: Dial = (options: ConnectionOptions, secure) => {
    options.lookup?.(String(options.host), { all: true }, (_, found) => addresses.push(found))
    const here = { ...options, port, lookup: pinnedLookup(['127.0.0.1']) }
    return secure ? tlsConnect(here) : netConnect({ ...here, host: String(here.host) })
  }
  return { dial, addresses }
}

/** Speaks bytes instead of HTTP. */
async function startRaw(onConnection: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    onConnection(socket)
    socket.resume() // else its end is not noticed
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}/x`,
    port,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('postWebhook', () => {
  it('posts the body as it is, as JSON, on a connection of its own', async () => {
    await using receiver = await startReceiver()
    expect(await post(`${receiver.origin}/a?b=c`)).toEqual({ status: 204 })
    expect(receiver.received).toEqual([
      {
        method: 'POST',
        url: '/a?b=c',
        serverName: undefined,
        headers: {
          host: `127.0.0.1:${receiver.port}`,
          'content-type': 'application/json',
          'content-length': '10',
          'user-agent': 'fcl-kms-admin-server',
          'webhook-id': 'wh_1',
          connection: 'close',
        },
        body: '{"a":"é"}',
      },
    ])
  })

  it('posts by TLS to the address that was checked, under the name of the URL', async () => {
    await using receiver = await startReceiver(undefined, certificate)
    const { dial, addresses } = diverted(receiver.port)
    const outcome = await post('https://hooks.example.com/x', {
      resolve: async () => [publicAddress],
      dial,
      certificateAuthority: certificate.cert,
    })
    expect(outcome).toEqual({ status: 204 })
    expect(addresses).toEqual([[{ address: publicAddress, family: 4 }]])
    expect(receiver.received).toMatchObject([
      { headers: { host: 'hooks.example.com' }, serverName: 'hooks.example.com' },
    ])
  })

  it('does not hear a name server that names a private address the second time', async () => {
    await using receiver = await startReceiver(undefined, certificate)
    const { dial, addresses } = diverted(receiver.port)
    let asked = 0
    await post('https://hooks.example.com/x', {
      resolve: async () => (asked++ === 0 ? [publicAddress] : ['169.254.169.254']),
      dial,
      certificateAuthority: certificate.cert,
    })
    expect(asked).toBe(1)
    expect(addresses).toEqual([[{ address: publicAddress, family: 4 }]])
  })

  it('does not connect at all when a name leads inside', async () => {
    await using receiver = await startReceiver(undefined, certificate)
    const { dial, addresses } = diverted(receiver.port)
    const resolve = async () => [publicAddress, '127.0.0.1']
    expect(await post('https://hooks.example.com/x', { resolve, dial })).toEqual({
      errorCode: 'ADDRESS_NOT_PUBLIC',
    })
    expect(addresses).toEqual([])
    expect(receiver.received).toEqual([])
  })

  it.each([
    ['of an unknown authority', certificate, undefined],
    ['of another name', createCertificate(['other.example.com']), 'own'],
  ])('sends nothing to a receiver with a certificate %s', async (_, its, authority) => {
    await using receiver = await startReceiver(undefined, its)
    const { dial } = diverted(receiver.port)
    const outcome = await post('https://hooks.example.com/x', {
      resolve: async () => [publicAddress],
      dial,
      ...(authority ? { certificateAuthority: its.cert } : {}),
    })
    expect(outcome).toEqual({ errorCode: 'TLS_FAILED' })
    expect(receiver.received).toEqual([])
  })

  it('checks certificates also where the environment says not to', async () => {
    await using receiver = await startReceiver(undefined, certificate)
    // A program of its own: Jest's environment variables are a copy, which TLS does not read.
    const file = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
    const program = `
      import { register } from 'node:module'
      register(${file('../../../support/load-typescript.mjs')})
      const { postWebhook } = await import(
        ${file('../../../../examples/admin-server/src/webhooks/post.ts')})
      const message = { url: '${receiver.origin}/x', headers: {}, body: '' }
      console.log(JSON.stringify(await postWebhook(message)))`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' }, timeout: 30_000 },
    )
    expect(JSON.parse(stdout)).toEqual({ errorCode: 'TLS_FAILED' })
    expect(receiver.received).toEqual([])
  })

  it.each([301, 302, 303, 307, 308])(
    'does not follow a %d to a metadata service',
    async (status) => {
      await using inside = await startReceiver()
      await using receiver = await startReceiver((response, index) =>
        response
          .writeHead(status, {
            location: index === 0 ? `${inside.origin}/x` : 'http://169.254.169.254/latest/',
          })
          .end(),
      )
      expect(await post(`${receiver.origin}/x`)).toEqual({ status, errorCode: 'REDIRECTED' })
      expect(receiver.received).toHaveLength(1)
      expect(inside.received).toEqual([])
    },
  )

  it.each([400, 401, 404, 410, 429, 500, 503])('calls a %d a failure', async (status) => {
    await using receiver = await startReceiver((response) => response.writeHead(status).end('no'))
    expect(await post(`${receiver.origin}/x`)).toEqual({ status, errorCode: 'HTTP_STATUS' })
  })

  it('tells of a name without an address', async () => {
    const outcome = await post('https://hooks.example.com/x', { resolve: async () => [] })
    expect(outcome).toEqual({ errorCode: 'NAME_NOT_RESOLVED' })
  })

  it('tells of a port where nobody listens', async () => {
    const closed = await startRaw(() => undefined)
    await closed[Symbol.asyncDispose]()
    expect(await post(closed.url)).toEqual({ errorCode: 'CONNECTION_FAILED' })
  })

  it.each([
    ['resets the connection', (socket: Socket) => socket.resetAndDestroy()],
    ['closes it without an answer', (socket: Socket) => socket.end()],
    [
      'switches protocols',
      (socket: Socket) => socket.end('HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    ],
  ])('tells of a receiver that %s', async (_, behave) => {
    await using raw = await startRaw((socket) => socket.once('data', () => behave(socket)))
    expect(await post(raw.url)).toEqual({ errorCode: 'CONNECTION_FAILED' })
  })

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(10_000)}`],
    ['a length twice', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'],
  ])('tells of a receiver that speaks %s', async (_, text) => {
    await using raw = await startRaw((socket) => socket.once('data', () => socket.write(text)))
    expect(await post(raw.url)).toEqual({ errorCode: 'MALFORMED_RESPONSE' })
  })

  it('bounds the time of a name server', async () => {
    const options = { resolve: never, connectTimeoutMs: 30 }
    expect(await post('https://hooks.example.com/x', options)).toEqual({
      errorCode: 'CONNECT_TIMED_OUT',
    })
  })

  it('bounds the time of a TLS handshake', async () => {
    await using raw = await startRaw(() => undefined)
    const url = raw.url.replace('http:', 'https:')
    expect(await post(url, { connectTimeoutMs: 50 })).toEqual({ errorCode: 'CONNECT_TIMED_OUT' })
  })

  it('does not count the wait for an answer as connecting', async () => {
    let answer = () => {}
    await using receiver = await startReceiver((response) => {
      answer = () => void response.writeHead(204).end()
    })
    using clock = holdClock()
    const posting = post(`${receiver.origin}/x`, { connectTimeoutMs: 100 })
    await until(() => receiver.received.length === 1)
    await clock.pass(150)
    answer()
    expect(await posting).toEqual({ status: 204 })
  })

  it.each([
    ['nothing', () => undefined],
    ['a header a moment', (socket: Socket) => drip(socket, 'x: y\r\n', 'HTTP/1.1 200 OK\r\n')],
    ['interim answers for ever', (socket: Socket) => drip(socket, 'HTTP/1.1 100 x\r\n\r\n')],
  ])('bounds the time of a receiver that sends %s, and hangs up', async (_, behave) => {
    await using raw = await startRaw(behave)
    const started = performance.now()
    expect(await post(raw.url, { totalTimeoutMs: 200 })).toEqual({ errorCode: 'TIMED_OUT' })
    expect(performance.now() - started).toBeLessThan(2_000)
    await until(() => [...raw.sockets].every(({ destroyed }) => destroyed))
  })

  it('does not wait for the end of a body that drips', async () => {
    await using receiver = await startReceiver(dripping(200))
    const started = performance.now()
    expect(await post(`${receiver.origin}/x`, { bodyTimeoutMs: 50 })).toEqual({ status: 200 })
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  it('hangs up on a large body after little of it', async () => {
    let sent = 0
    await using receiver = await startReceiver(async (response) => {
      const chunk = Buffer.alloc(65_536)
      const gone = once(response, 'close')
      response.writeHead(500)
      for (; !response.closed && sent < 1e9; sent += chunk.length)
        if (!response.write(chunk))
          await Promise.race([gone, new Promise((resolve) => response.once('drain', resolve))])
    })
    const options = { bodyTimeoutMs: 30_000 }
    expect(await post(`${receiver.origin}/x`, options)).toEqual({
      status: 500,
      errorCode: 'HTTP_STATUS',
    })
    expect(sent).toBeLessThan(50_000_000) // what the kernel's buffers hold
  })

  it('keeps the status when the body breaks off', async () => {
    await using raw = await startRaw((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx')),
    )
    expect(await post(raw.url)).toEqual({ status: 200 })
  })

  it('stops when it is told to, before and during', async () => {
    await using raw = await startRaw(() => undefined)
    const controller = new AbortController()
    const running = post(raw.url, { signal: controller.signal })
    controller.abort()
    expect(await running).toEqual({ errorCode: 'STOPPED' })
    expect(await post(raw.url, { signal: controller.signal })).toEqual({ errorCode: 'STOPPED' })
  })
})

function drip(socket: Socket, text: string, first = ''): void {
  socket.write(first)
  const timer = setInterval(() => socket.write(text), 20)
  socket.on('close', () => clearInterval(timer))
}
