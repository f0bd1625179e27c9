/** Servers on the Unix sockets of a vsock, where the enclave reaches its parent. @module */

import type { Server } from 'node:net'
import { SignerError } from '../../errors.ts'
import { bindPrivately, listening } from '../../signing-service/http/unix-socket.ts'

/** A server that answers on its socket. */
export type UnixDoor = { readonly close: () => Promise<void> }

/** @returns Where the guest arrives that connects to this port of its parent. */
export const guestPath = (socketPath: string, port: number): string => `${socketPath}_${port}`

/**
 * Listens on a socket that only its owner can open.
 *
 * @param endAll - Ends the connections that are open, however busy.
 * @throws {SignerError} `INVALID_OPTION` for a path that is taken, too long, or in no folder.
 */
export async function bindServer(
  server: Server,
  socketPath: string,
  endAll: () => void,
): Promise<UnixDoor> {
  const forget = await bindPrivately(socketPath, (path) => listening(server, { path })).catch(
    (thrown: unknown) => {
      server.close(() => undefined) // a socket may have been bound, and not got its name
      throw thrown
    },
  )
  // Such as one of a client that came and went before it was accepted: the next one is served.
  server.on('error', () => undefined)
  return Object.freeze({
    async close() {
      await forget()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      endAll()
      await closed
    },
  })
}

/** An `INVALID_OPTION`; the reason does not quote the value. */
export const invalidOption = (option: string, reason: string): SignerError =>
  new SignerError('INVALID_OPTION', { option, reason })
