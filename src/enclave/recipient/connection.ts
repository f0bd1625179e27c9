/** One stream to the Nitro Secure Module: a question, its answer, and the next. @module */

import { connect, type Socket } from 'node:net'
import { onceAborted } from '../../deadline.ts'
import { SignerError } from '../../errors.ts'
import { createFrameReader, frameOf, MAX_REPLY_BYTES } from './frames.ts'

/** A stream that is open, or was. */
export type Connection = {
  /** Never two at once. What fails, or is aborted, ends the stream: an answer may still come. */
  readonly exchange: (request: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>
  readonly isOpen: () => boolean
  readonly close: () => void
}

/**
 * Connects with the first question. A process that waits for nothing else may end.
 *
 * @throws {SignerError} From `exchange`: `SECURITY_MODULE_UNAVAILABLE`, `SECURITY_MODULE_REPLY_INVALID`,
 * or the reason of the signal.
 */
export function openConnection(socketPath: string): Connection {
  const socket: Socket = connect(socketPath)
  const reader = createFrameReader(MAX_REPLY_BYTES)
  let asked: PromiseWithResolversOf | undefined
  let isOpen = true

  function end(thrown: unknown): void {
    isOpen = false
    socket.destroy()
    asked?.reject(thrown)
    asked = undefined
  }
  socket.on('data', (piece) => {
    const [answer, ...more] = reader.push(piece) ?? [new Uint8Array()]
    const isLeft = reader.pending() > 0 || more.length > 0
    if (answer?.length === 0) end(invalidReply('a frame is empty or longer than 12288 bytes'))
    else if (asked === undefined || (answer !== undefined && isLeft))
      end(invalidReply('it said more than it was asked'))
    else if (answer !== undefined) {
      const { resolve } = asked
      asked = undefined
      socket.unref()
      resolve(answer)
    }
  })
  // The code is one of the system's, such as ENOENT; the message holds the path.
  socket.on('error', (error: NodeJS.ErrnoException) => end(unavailable(error.code ?? 'it failed')))
  socket.on('end', () => end(unavailable('it ended the connection')))
  socket.on('close', () => end(unavailable('the connection is closed')))
  socket.unref()

  return Object.freeze({
    exchange(request, signal) {
      const { promise, ...settle } = withResolvers()
      asked = settle
      const stopListening = onceAborted(signal, end)
      socket.ref()
      socket.write(frameOf(request))
      return promise.finally(stopListening)
    },
    isOpen: () => isOpen,
    close: () => end(unavailable('it was closed')),
  } satisfies Connection)
}

type PromiseWithResolversOf = {
  readonly resolve: (answer: Uint8Array) => void
  readonly reject: (thrown: unknown) => void
}

/** Of the language from Node.js 22 on. */
function withResolvers(): PromiseWithResolversOf & { readonly promise: Promise<Uint8Array> } {
  let settle: PromiseWithResolversOf | undefined
  const promise = new Promise<Uint8Array>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { promise, ...(settle as PromiseWithResolversOf) } // the executor has run
}

export const unavailable = (reason: string): SignerError =>
  new SignerError('SECURITY_MODULE_UNAVAILABLE', { reason })

export const invalidReply = (reason: string): SignerError =>
  new SignerError('SECURITY_MODULE_REPLY_INVALID', { reason })
