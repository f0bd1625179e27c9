/** Blocks by WebSocket, from servers that speak, fall silent and lie. @module */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket as ServerSocket, WebSocket, WebSocketServer } from 'ws'
import type { BlockHeader } from '../../../src/flow/block-headers.ts'
import { createBlockSocket, platformWebSocket } from '../../../src/flow/web-socket-blocks.ts'
import { holdClock } from '../../support/held-clock.ts'
import { idOf } from './chains.ts'
import { startSocketServer } from './servers.ts'

const header = (height: number) => ({
  id: idOf(`block ${height}`),
  parent_id: idOf(`block ${height - 1}`),
  height: `${height}`,
  timestamp: '2026-07-01T00:00:00Z',
})
const news = (height: number) =>
  JSON.stringify({ subscription_id: 'blocks', topic: 'block_headers', payload: header(height) })

/** @param serve - Called with each connection that has subscribed, and their number. */
async function startNode(serve: (socket: ServerSocket, count: number) => void) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/v1/ws' })
  await once(server, 'listening')
  const subscriptions: unknown[] = []
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      subscriptions.push(JSON.parse(String(data)))
      socket.send('{"subscription_id":"blocks","action":"subscribe"}')
      serve(socket, subscriptions.length)
    })
  })
  // A server on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    subscriptions,
    clients: server.clients,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Collects what comes; `heard` and `lost` resolve at the next news of their kind. */
function listen(url: string, webSocket: typeof WebSocket = WebSocket) {
  const headers: BlockHeader[] = []
  const losses: string[] = []
  const waiting = { header: () => {}, loss: () => {} }
  const socket = createBlockSocket({
    url,
    webSocket,
    onHeader(one) {
      headers.push(one)
      waiting.header()
    },
    onLost(reason) {
      losses.push(reason)
      waiting.loss()
    },
  })
  const next = (kind: 'header' | 'loss') =>
    new Promise<void>((resolve) => {
      waiting[kind] = resolve
    })
  const heard = next('header')
  const lost = next('loss')
  socket.start()
  return { ...socket, headers, losses, heard, lost, next, [Symbol.dispose]: () => socket.stop() }
}

describe('createBlockSocket', () => {
  it('subscribes to finalized headers, and tells them', async () => {
    await using node = await startNode((socket) => socket.send(news(7)))
    using blocks = listen(node.url)
    expect(blocks.isLive()).toBe(false)
    await blocks.heard
    expect(blocks.isLive()).toBe(true)
    expect(blocks.headers).toEqual([
      {
        id: idOf('block 7'),
        parentId: idOf('block 6'),
        height: 7,
        timestamp: new Date('2026-07-01T00:00:00Z'),
      },
    ])
    expect(node.subscriptions).toEqual([
      {
        action: 'subscribe',
        topic: 'block_headers',
        subscription_id: 'blocks',
        arguments: { block_status: 'finalized' },
      },
    ])
  })

  it('connects again when the connection is closed', async () => {
    await using node = await startNode((socket, count) => {
      socket.send(news(count))
      if (count === 1) socket.close()
    })
    using clock = holdClock()
    using blocks = listen(node.url)
    await blocks.lost
    expect(blocks.isLive()).toBe(false)
    const again = blocks.next('header')
    await clock.pass(1_000)
    await again
    expect(blocks.headers.map(({ height }) => height)).toEqual([1, 2])
    expect(blocks.losses).toEqual(['the connection was closed'])
  })

  it('gives up a socket that falls silent, within 5 s', async () => {
    await using node = await startNode((socket) => socket.send(news(1)))
    using clock = holdClock()
    using blocks = listen(node.url)
    await blocks.heard
    await clock.pass(4_999)
    expect(blocks.isLive()).toBe(true)
    await clock.pass(1)
    expect(blocks.isLive()).toBe(false)
    expect(blocks.losses).toEqual(['no block for 5000 ms'])
  })

  it('gives up a server that accepts and says nothing', async () => {
    await using node = await startSocketServer(() => undefined)
    using clock = holdClock()
    using blocks = listen(node.url)
    await clock.passUntil(blocks.lost)
    expect(blocks.losses).toEqual(['no answer for 5000 ms'])
  })

  it.each([
    ['an empty message, as of the emulator', ''],
    ['what is not JSON', '<html>'],
    ['an error', '{"subscription_id":"blocks","error":{"code":400,"message":"no"}}'],
    ['a header without a parent', news(1).replace('parent_id', 'parent')],
    ['a header whose id is none', news(1).replace(idOf('block 1'), 'x')],
    ['a message that is too long', `"${'x'.repeat(1_000_001)}"`],
    ['bytes', Buffer.from(news(1))],
  ])('gives up after %s', async (_, message) => {
    await using node = await startNode((socket) => socket.send(message))
    using blocks = listen(node.url)
    await blocks.lost
    expect(blocks.losses).toEqual(['a message that is not a block header'])
    expect(blocks.headers).toEqual([])
  })

  it('is lost where nothing listens', async () => {
    using blocks = listen('http://127.0.0.1:9')
    await blocks.lost
    expect(blocks.losses).toEqual(['the connection failed'])
  })

  it('leaves no connection when it stops', async () => {
    await using node = await startNode((socket) => socket.send(news(1)))
    using blocks = listen(node.url)
    await blocks.heard
    const [client] = node.clients
    const closed = client && once(client, 'close')
    blocks.stop()
    blocks.stop()
    await closed
    expect(node.clients.size).toBe(0)
    expect(blocks.losses).toEqual([])
  })
})

describe('platformWebSocket', () => {
  it('is what the platform has', () => {
    expect(platformWebSocket()).toBe(Reflect.get(globalThis, 'WebSocket'))
  })
})
