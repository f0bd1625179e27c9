/** From the parent into an enclave: one stream, by Firecracker's protocol on a Unix socket. @module */

import { connect, type Socket } from 'node:net'
import { withDeadline } from '../../deadline.ts'
import { SignerError } from '../../errors.ts'

/** Where to, and for how long. */
export type VsockTarget = {
  /** The Unix socket of the vsock: of vhost-device-vsock, of Firecracker, or of the bridge on EC2. */
  readonly socketPath: string
  /** Of the enclave, from 1. */
  readonly port: number
  /** Milliseconds until the enclave has taken the connection. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** `OK`, a port of ten digits at most, and the line feed. */
const MAX_LINE_BYTES = 16
const LINE_FEED = 0x0a

/**
 * What is sent before the `OK` of the other end is lost without a word, so nothing is.
 *
 * @returns A connected stream that flows for whoever listens. What came right behind the `OK` is still to be read.
 * @throws {SignerError} `ENCLAVE_UNAVAILABLE`. Rejects with `signal.reason` on abort.
 * @see https://github.com/firecracker-microvm/firecracker/blob/main/docs/vsock.md
 */
export async function connectVsock(target: VsockTarget): Promise<Socket> {
  const { socketPath, port, timeoutMs, signal } = target
  const socket = connect(socketPath)
  const onTimeout = () =>
    enclaveUnavailable(`port ${port} of the enclave did not answer within ${timeoutMs} ms`)
  try {
    await withDeadline({ timeoutMs, signal, onTimeout }, () => greet(socket, port))
    return socket
  } catch (thrown) {
    socket.destroy()
    throw thrown
  }
}

/** @param reason - Quotes nothing that came from the enclave. */
export const enclaveUnavailable = (reason: string): SignerError =>
  new SignerError('ENCLAVE_UNAVAILABLE', { reason })

function greet(socket: Socket, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let line = Buffer.alloc(0)
    const give = (reason: string) => reject(enclaveUnavailable(reason))
    const onReadable = () => {
      line = Buffer.concat([line, socket.read() ?? line.subarray(0, 0)])
      const end = line.subarray(0, MAX_LINE_BYTES).indexOf(LINE_FEED)
      if (end < 0 && line.length < MAX_LINE_BYTES) return
      if (!/^OK \d{1,10}$/.test(line.subarray(0, Math.max(0, end)).toString('latin1')))
        return give('what listens on the socket does not speak the protocol of a vsock')
      socket.off('readable', onReadable)
      if (line.length > end + 1) socket.unshift(line.subarray(end + 1))
      resolve()
    }
    // Not by `data`, after which a stream has to be paused, and whoever takes it over to resume it.
    socket.on('readable', onReadable)
    socket.once('connect', () => socket.write(`CONNECT ${port}\n`))
    // Also after the greeting: whoever uses the stream hears of it by its close.
    socket.on('error', ({ code = 'an error' }: NodeJS.ErrnoException) =>
      give(`the socket of the vsock: ${code}`),
    )
    socket.once('close', () => give(`nothing listens on port ${port} of the enclave`))
  })
}
