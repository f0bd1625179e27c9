/** New blocks by WebSocket, where the node offers it. @module */

import { doubling } from '../retry.ts'
import { type BlockHeader, blockHeader } from './block-headers.ts'
import { replyReader } from './reply.ts'

/** After so long without a message the socket is given up, in milliseconds. */
const SILENT_MS = 5_000
/** The first and the longest pause before the next try, in milliseconds. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 300_000
/** A header takes 600 bytes. */
const MAX_MESSAGE_LENGTH = 1_000_000

/** What is used of a WebSocket. */
export type WebSocketConnection = {
  send(data: string): void
  close(): void
  /** Where there is one: ends it without waiting for the other side. */
  terminate?(): void
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}

/** Such as the one of the platform, or of the package ws. */
export type WebSocketConstructor = new (url: string) => WebSocketConnection

/** Blocks that come by themselves. */
export type BlockSocket = {
  /** Connects, and again after each failure. Does nothing when it is started. */
  readonly start: () => void
  /** Leaves no timer. */
  readonly stop: () => void
  /** Whether blocks come. */
  readonly isLive: () => boolean
}

/** The platform's own: Node.js has one from 22 on. */
export function platformWebSocket(): WebSocketConstructor | undefined {
  const candidate: unknown = Reflect.get(globalThis, 'WebSocket')
  // What bears this name is the WebSocket of the web platform, which has this shape.
  return typeof candidate === 'function' ? (candidate as WebSocketConstructor) : undefined
}

/**
 * Subscribes to the headers of finalized blocks.
 *
 * @param url - Of the REST API, without a trailing slash.
 * @param onLost - Told why it failed and how often in a row; then it is not live.
 * @see flow-go engine/access/rest/websockets for the messages.
 */
export function createBlockSocket(options: {
  readonly url: string
  readonly webSocket: WebSocketConstructor
  readonly onHeader: (header: BlockHeader) => void
  readonly onLost: (reason: string, failures: number) => void
}): BlockSocket {
  const { url, onHeader, onLost } = options
  const read = replyReader(url)
  let current: WebSocketConnection | undefined
  let timer: NodeJS.Timeout | undefined
  let started = false
  let live = false
  let failures = 0

  const setTimer = (ms: number, run: () => void) => {
    clearTimeout(timer)
    timer = setTimeout(run, ms)
  }
  const drop = () => {
    clearTimeout(timer)
    const socket = current
    current = undefined
    live = false
    try {
      if (socket?.terminate === undefined) socket?.close()
      else socket.terminate()
    } catch {
      // It is gone all the same.
    }
  }
  const lose = (socket: WebSocketConnection | undefined, reason: string) => {
    if (socket !== current || !started) return
    drop()
    failures += 1
    setTimer(doubling(FIRST_PAUSE_MS, LONGEST_PAUSE_MS, failures), connect)
    onLost(reason, failures)
  }
  const take = (socket: WebSocketConnection, data: unknown) => {
    if (socket !== current) return
    try {
      if (typeof data !== 'string' || data.length > MAX_MESSAGE_LENGTH) throw new Error('size')
      const message = read.object(JSON.parse(data), 'message')
      if ('error' in message) throw new Error('refused')
      setTimer(SILENT_MS, () => lose(socket, `no block for ${SILENT_MS} ms`))
      if (message['topic'] !== 'block_headers') return // the answer to the subscription
      const header = blockHeader(message['payload'], url)
      live = true
      failures = 0
      onHeader(header)
    } catch {
      lose(socket, 'a message that is not a block header')
    }
  }
  const connect = () => {
    try {
      const socket = new options.webSocket(`${url.replace(/^http/, 'ws')}/v1/ws`)
      current = socket
      setTimer(SILENT_MS, () => lose(socket, `no answer for ${SILENT_MS} ms`))
      socket.addEventListener('error', () => lose(socket, 'the connection failed'))
      socket.addEventListener('close', () => lose(socket, 'the connection was closed'))
      socket.addEventListener('message', ({ data }) => take(socket, data))
      socket.addEventListener('open', () => {
        if (socket === current) socket.send(subscription)
      })
    } catch {
      lose(current, 'the connection failed')
    }
  }
  return Object.freeze({
    start() {
      if (started) return
      started = true
      failures = 0
      connect()
    },
    stop() {
      started = false
      drop()
    },
    isLive: () => live,
  } satisfies BlockSocket)
}

const subscription = JSON.stringify({
  action: 'subscribe',
  topic: 'block_headers',
  subscription_id: 'blocks',
  arguments: { block_status: 'finalized' },
})
