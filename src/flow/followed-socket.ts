/** New blocks by WebSocket, of the node that is followed. @module */

import type { BlockHeader } from './block-headers.ts'
import type { NodeConnection } from './node-connection.ts'
import {
  type BlockSocket,
  createBlockSocket,
  type WebSocketConstructor,
} from './web-socket-blocks.ts'

/** A socket that goes to another node with the follower. */
export type FollowedSocket = BlockSocket & {
  /** Another node is followed. */
  readonly move: () => void
}

/** @param webSocket - `false`: never any. */
export function createFollowedSocket(options: {
  readonly webSocket: WebSocketConstructor | false
  readonly followed: () => NodeConnection
  readonly onHeader: (header: BlockHeader) => void
  readonly onLost: (reason: string, failures: number) => void
}): FollowedSocket {
  const { webSocket, followed, onHeader, onLost } = options
  let current: BlockSocket | undefined

  const start = () => {
    if (webSocket === false) return
    if (followed().admit !== undefined) return // what it says by itself is not asked for, nor its chain
    current ??= createBlockSocket({ url: followed().url, webSocket, onHeader, onLost })
    current.start()
  }
  const stop = () => {
    current?.stop()
    current = undefined
  }
  return Object.freeze({
    start,
    stop,
    isLive: () => current?.isLive() === true,
    move() {
      const isStarted = current !== undefined
      stop()
      if (isStarted) start()
    },
  } satisfies FollowedSocket)
}
