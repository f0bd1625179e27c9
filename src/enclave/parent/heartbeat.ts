/** The enclave says that it booted, and its parent says it back. @module */

import { createServer, type Socket } from 'node:net'
import { bindServer, guestPath, type UnixDoor } from './unix-door.ts'

/** On EC2 nitro-cli itself listens there, and the enclave does not come here. */
const HEARTBEAT_PORT = 9_000
const MAX_CONNECTIONS = 4
const IDLE_MS = 10_000

/** @throws {SignerError} `INVALID_OPTION` for a path that is taken. */
export function openHeartbeat(options: {
  readonly socketPath: string
  readonly onBeat: () => void
}): Promise<UnixDoor> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    socket.once('data', (bytes: Uint8Array) => {
      socket.end(bytes.subarray(0, 1))
      options.onBeat()
    })
  })
  server.maxConnections = MAX_CONNECTIONS
  return bindServer(server, guestPath(options.socketPath, HEARTBEAT_PORT), () => {
    for (const socket of sockets) socket.destroy()
  })
}
