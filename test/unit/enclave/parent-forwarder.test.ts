import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createEnclaveHost,
  type EnclaveHostEvent,
  type EnclaveHostLimits,
} from '../../../src/enclave/index.ts'
import { createMapStore } from '../../support/map-store.ts'
import { until } from '../../support/until.ts'

let folder: string
let server: Server
let arrived: Socket[]
let serve: (socket: Socket) => void
const events: EnclaveHostEvent[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-forward-'))
  server = createServer({ allowHalfOpen: true }, (socket) => {
    arrived.push(socket)
    socket.on('error', () => undefined)
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
beforeEach(() => {
  arrived = []
  events.length = 0
  serve = (socket) => socket.pipe(socket)
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true, force: true })
})

const hostPort = () => {
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}
const start = (limits: Partial<EnclaveHostLimits> = {}, where = hostPort()) =>
  createEnclaveHost({
    ...{ vsock: { socketPath: join(folder, 'v') }, store: createMapStore(), limits },
    hosts: { 8001: where },
    onEvent: (event) => events.push(event),
  })

/** As the enclave comes to a port of its parent. */
function come(port = 8_001): Socket {
  const socket = connect(join(folder, `v_${port}`))
  socket.on('error', () => undefined)
  return socket
}
const all = async (socket: Socket) => {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('a host that the enclave may reach', () => {
  it('gets its bytes and gives its own, and both are counted', async () => {
    await using host = await start()
    const bytes = randomBytes(2 * 1_048_576)
    const socket = come()
    socket.end(bytes)
    expect(Buffer.compare(await all(socket), bytes)).toBe(0)
    const count = { bytesOut: bytes.length, bytesIn: bytes.length }
    await until(() => host.stats().forwards[8_001]?.open === 0)
    expect(host.stats().forwards[8_001]).toEqual({
      ...{ host: hostPort(), connections: 1, open: 0, refused: 0, ...count },
    })
  })

  it('may answer after the enclave has said all that it will', async () => {
    serve = (socket) => {
      socket.resume()
      socket.once('end', () => socket.end('late'))
    }
    await using _host = await start()
    const socket = come()
    socket.end('question')
    expect(String(await all(socket))).toBe('late')
  })

  it('is not read faster than the enclave reads', async () => {
    let sent = 0
    serve = (socket) => {
      const chunk = Buffer.alloc(65_536)
      const more = () => {
        while (sent < 64 * 1_048_576) {
          sent += chunk.length
          if (!socket.write(chunk)) return
        }
        socket.end()
      }
      socket.on('drain', more)
      more()
    }
    await using host = await start()
    const socket = come()
    socket.pause()
    await once(socket, 'connect')
    // Until nothing moves any more: what is on the way fits into the buffers of the kernel.
    let before = -1
    await until(() => {
      const now = host.stats().forwards[8_001]?.bytesIn ?? 0
      const isStill = now > 0 && now === before
      before = now
      return isStill
    })
    expect(before).toBeLessThan(32 * 1_048_576)
    let read = 0
    socket.on('data', (chunk: Buffer) => {
      read += chunk.length
    })
    socket.resume()
    await once(socket, 'end')
    expect(read).toBe(64 * 1_048_576)
    socket.end()
  })

  it('is reached by so many connections, and one more is closed', async () => {
    await using host = await start({ maxConnections: 2 })
    const [first, second] = [come(), come()]
    first.write('a')
    second.write('b')
    await Promise.all([once(first, 'data'), once(second, 'data')])
    const third = come().resume()
    await once(third, 'close')
    expect(host.stats().forwards[8_001]).toMatchObject({ open: 2, refused: 1 })
    expect(events).toEqual([
      { kind: 'forward-refused', vsockPort: 8_001, reason: '2 connections are open' },
    ])
    first.destroy()
    await until(() => host.stats().forwards[8_001]?.open === 1)
    const fourth = come()
    fourth.write('d')
    expect(String((await once(fourth, 'data'))[0])).toBe('d')
    for (const socket of [second, fourth]) socket.destroy()
  })

  it('that nobody serves is told, and the enclave hears the end', async () => {
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const address = closed.address()
    const port = typeof address === 'object' ? address?.port : 0
    await new Promise((resolve) => closed.close(resolve))
    await using host = await start({}, `127.0.0.1:${port}`)
    await once(come().resume(), 'close')
    expect(events).toEqual([
      { kind: 'forward-refused', vsockPort: 8_001, reason: 'the host: ECONNREFUSED' },
    ])
    expect(host.stats().forwards[8_001]).toMatchObject({ refused: 1, connections: 0, open: 0 })
  })

  it('loses a connection that is silent both ways, and none that is not', async () => {
    await using _host = await start({ forwardIdleTimeoutMs: 300 })
    const [silent, busy] = [come().resume(), come().resume()]
    const beat = setInterval(() => busy.write('x'), 50)
    await once(silent, 'close')
    expect(busy.destroyed).toBe(false)
    expect(busy.readableEnded).toBe(false)
    clearInterval(beat)
    await once(busy, 'close')
  })

  it.each<[string, (inner: Socket, outer: Socket) => void, 'inner' | 'outer']>([
    ['the enclave', (inner) => inner.destroy(), 'outer'],
    ['the host', (_, outer) => outer.resetAndDestroy(), 'inner'],
  ])('is left when %s breaks off', async (_, breakOff, other) => {
    await using host = await start()
    const inner = come()
    inner.write('a')
    await once(inner, 'data')
    const [outer] = arrived
    if (outer === undefined) throw new Error('nobody came')
    inner.resume()
    breakOff(inner, outer)
    const left = other === 'inner' ? inner : outer
    if (!left.closed) await once(left, 'close')
    await until(() => host.stats().forwards[8_001]?.open === 0)
  })

  it('is left when the parent is closed', async () => {
    const host = await start()
    const inner = come()
    inner.write('a')
    await once(inner, 'data')
    inner.resume()
    await Promise.all([host.close(), once(inner, 'close')])
    expect(arrived[0]?.destroyed || arrived[0]?.readableEnded).toBe(true)
  })
})

describe('a host that is not on the list', () => {
  it('has no port, and no way to name it', async () => {
    await using _host = await start()
    const names = (await readdir(folder)).sort()
    expect(names).toEqual(['v_8000', 'v_8001', 'v_9000'])
    const socket = come(8_002)
    const [error] = await once(socket, 'error').catch((thrown) => [thrown])
    expect(error).toMatchObject({ code: 'ENOENT' })
  })
})
