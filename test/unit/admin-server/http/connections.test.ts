import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { anyRole } from '../../../../examples/admin-server/src/http/context.ts'
import type { HttpServerOptions } from '../../../../examples/admin-server/src/http/server.ts'
import { until } from '../../../support/until.ts'
import { listen, manySockets, sampleServer } from './sample-server.ts'

const open: { app?: FastifyInstance; sockets: Socket[] } = { sockets: [] }
afterEach(async () => {
  for (const socket of open.sockets.splice(0)) socket.destroy()
  await open.app?.close()
})

async function start(options: Partial<HttpServerOptions> = {}): Promise<number> {
  open.app = sampleServer({
    register: (app) => {
      const config = { auth: { public: true } } as const
      app.get('/ok', { config }, async () => ({}))
      app.post('/ok', { config }, async () => ({}))
      app.post('/closed', { config: { auth: anyRole } }, async () => ({}))
      app.get('/late', { config }, async () => {
        await sleep(200)
        return {}
      })
    },
    ...options,
  })
  return listen(open.app)
}

/** A connection, and all that it got once it is closed by the other side. */
async function dial(
  port: number,
  localAddress = '127.0.0.1',
): Promise<{ socket: Socket; end: Promise<string> }> {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  open.sockets.push(socket)
  let received = ''
  socket.on('data', (data) => {
    received += data.toString()
  })
  socket.on('error', () => undefined) // a reset ends it as well; `once` would reject
  const end = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(received))
  })
  await once(socket, 'connect')
  return { socket, end }
}

/** Milliseconds between two bytes that keep a connection from being idle. */
const DRIP_MS = 20
const timeouts = { headersMs: 200, requestMs: 400, checkMs: 20 }

describe('slow senders', () => {
  it.each([
    ['headers', 'GET /ok HTTP/1.1\r\nHost: a\r\nX-A: '],
    [
      'a body',
      'POST /ok HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n',
    ],
    [
      'chunks',
      'POST /ok HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n7ff\r\n',
    ],
  ])('are cut off though %s keep dripping in', async (_name, head) => {
    const { socket, end } = await dial(await start({ timeouts }))
    const begun = performance.now()
    socket.write(head)
    const drip = setInterval(() => socket.write('a'), DRIP_MS)
    await end
    clearInterval(drip)
    expect(performance.now() - begun).toBeLessThan(2_000)
  })

  it('are told 408 in the form of a problem', async () => {
    const { socket, end } = await dial(await start({ timeouts }))
    socket.write('GET /ok HTTP/1.1\r\n')
    const answer = await end
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
    expect(answer).toContain('content-type: application/problem+json')
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'REQUEST_TIMEOUT' })
  })

  it('do not hold idle connections beyond the limit', async () => {
    const { end } = await dial(
      await start({ timeouts: { ...timeouts, idleMs: 100, headersMs: 60_000, requestMs: 60_000 } }),
    )
    expect(await end).toBe('')
  })
})

describe('connections', () => {
  it('are refused beyond the configured number', async () => {
    const config = { ...manySockets, publicUrl: 'http://127.0.0.1', maxConnections: 2 }
    const port = await start({ config })
    const first = await dial(port)
    await dial(port)
    const third = await dial(port)
    expect(await third.end).toBe('')
    first.socket.destroy()
    await first.end
  })

  it('of one address are closed beyond its number, and others are served', async () => {
    const config = { ...manySockets, publicUrl: 'http://127.0.0.1', maxConnectionsPerAddress: 2 }
    const port = await start({ config })
    const first = await dial(port)
    await dial(port)
    expect(await (await dial(port)).end).toBe('')
    const asked = async (localAddress: string) => {
      const { socket, end } = await dial(port, localAddress)
      socket.end('GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      return (await end).slice(0, 15)
    }
    expect(await asked('127.0.0.2')).toBe('HTTP/1.1 200 OK')
    first.socket.destroy()
    await until(async () => (await asked('127.0.0.1')) === 'HTTP/1.1 200 OK')
  })

  it('of a trusted proxy are those of many callers', async () => {
    const proxies = { trustedProxies: ['127.0.0.1/32'], maxConnectionsPerAddress: 1 }
    const config = { ...manySockets, ...proxies, publicUrl: 'http://127.0.0.1' }
    const port = await start({ config })
    await dial(port)
    const { socket, end } = await dial(port)
    socket.end('GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect(await end).toMatch(/^HTTP\/1\.1 200 OK/)
  })

  it.each([
    ['POST /v1/nowhere', '404'],
    ['POST /late', '405'],
    ['POST /closed', '401'],
    ['POST /ok', '415'],
  ])('are answered before a body has come: %s', async (line, status) => {
    const { socket, end } = await dial(await start())
    const type = status === '415' ? 'text/plain' : 'application/json'
    socket.write(
      `${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: 900\r\n\r\n`,
    )
    expect((await end).slice(9, 12)).toBe(status)
  })

  it('that go wrong while an answer is under way get nothing written into it', async () => {
    const { socket, end } = await dial(await start())
    socket.write('GET /late HTTP/1.1\r\nHost: a\r\n\r\n')
    socket.write('\0\0 junk \r\n\r\n')
    const answer = await end
    expect(answer === '' || /^HTTP\/1\.1 200 /.test(answer)).toBe(true)
    expect(answer).not.toContain('MALFORMED_REQUEST')
  })

  it('serve two requests in a row, and the answers in their order', async () => {
    const { socket, end } = await dial(await start())
    socket.write('GET /late HTTP/1.1\r\nHost: a\r\n\r\n')
    socket.write('GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect((await end).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404'])
  })

  it('do not read the body of a refused request as the next one', async () => {
    const { socket, end } = await dial(await start())
    const inner = 'GET /ok HTTP/1.1\r\nHost: a\r\n\r\n'
    socket.write(
      `POST /ok HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    )
    socket.write('GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect((await end).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 415', 'HTTP/1.1 404'])
  })

  it('close when a message has two lengths, so nothing can follow it', async () => {
    const { socket, end } = await dial(await start())
    socket.write(
      'POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    )
    socket.write('GET /ok HTTP/1.1\r\nHost: a\r\n\r\n')
    expect((await end).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400'])
  })
})

describe('a server that closes', () => {
  /** Milliseconds until it was closed. */
  async function close(): Promise<number> {
    const begun = performance.now()
    await open.app?.close()
    return performance.now() - begun
  }

  it('waits neither for those that never asked nor for those that may ask again', async () => {
    const port = await start()
    await dial(port)
    const { socket } = await dial(port)
    socket.write('GET /ok HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(socket, 'data')
    expect(await close()).toBeLessThan(3_000)
  })

  it('answers what is under way', async () => {
    const { socket, end } = await dial(await start())
    const arrived = once(open.app?.server ?? socket, 'request')
    socket.write('GET /late HTTP/1.1\r\nHost: a\r\n\r\n')
    await arrived
    await close()
    expect(await end).toMatch(/^HTTP\/1\.1 200 /)
  })

  it.each([
    ['headers', 'GET /ok HTTP/1.1\r\nHost: a\r\nX-A: '],
    [
      'a body',
      'POST /ok HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n',
    ],
  ])('is not held up by %s that keep dripping in', async (_name, head) => {
    const { socket, end } = await dial(await start({ timeouts: { drainMs: 100 } }))
    socket.write(head)
    const drip = setInterval(() => socket.write('a'), DRIP_MS)
    await sleep(3 * DRIP_MS)
    expect(await close()).toBeLessThan(3_000)
    await end
    clearInterval(drip)
  })
})
