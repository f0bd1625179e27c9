/** The body of a request, no longer than it may be. @module */

import type { IncomingMessage } from 'node:http'
import { SignerError } from '../../errors.ts'
import { MAX_REQUEST_BYTES } from '../../signers/remote/protocol.ts'
import { tooLarge } from './head.ts'

/** Bytes of bodies that are held at once, by all requests of a server. */
export type BodyRoom = {
  readonly take: (byteLength: number) => boolean
  readonly give: (byteLength: number) => void
}

/** @param maxBytes - Whoever comes when they are taken is refused. */
export function createBodyRoom(maxBytes: number): BodyRoom {
  let taken = 0
  return {
    take(byteLength) {
      if (taken + byteLength > maxBytes) return false
      taken += byteLength
      return true
    },
    give(byteLength) {
      taken -= byteLength
    },
  }
}

/** What is sent in spite of a refusal is read and dropped up to here, or the refusal would not arrive. */
const MAX_DROPPED_BYTES = 2 * MAX_REQUEST_BYTES

/**
 * @param maxBytes - Of this body. Default: of a request to a signing service.
 * @returns All of it. The room it takes is given back by whoever has done with it, by its length.
 * @throws {SignerError} `SIGNING_REQUEST_TOO_LARGE`, `SIGNING_SERVICE_BUSY` when there is no room,
 * `SIGNING_REQUEST_MALFORMED` when it ends early.
 */
export async function readBody(
  request: IncomingMessage,
  room: BodyRoom,
  maxBytes: number = MAX_REQUEST_BYTES,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let kept = 0
  let fault: SignerError | undefined
  const onChunk = (chunk: Uint8Array, byteLength: number) => {
    if (fault !== undefined) return
    if (byteLength > maxBytes) fault = tooLarge(byteLength, maxBytes).error
    else if (!room.take(chunk.length))
      fault = new SignerError('SIGNING_SERVICE_BUSY', { reason: 'bodies take all the room' })
    if (fault !== undefined) return
    kept += chunk.length
    chunks.push(chunk)
  }
  if (!(await readChunks(request, onChunk)))
    fault ??= new SignerError('SIGNING_REQUEST_MALFORMED', { reason: 'the body ended early' })
  if (fault === undefined) return Buffer.concat(chunks)
  room.give(kept)
  throw fault
}

/** Reads what nobody wants. */
export async function dropBody(request: IncomingMessage): Promise<void> {
  await readChunks(request, () => undefined)
}

/** @returns Whether it came to its end. */
async function readChunks(
  request: IncomingMessage,
  onChunk: (chunk: Uint8Array, byteLength: number) => void,
): Promise<boolean> {
  let byteLength = 0
  try {
    for await (const chunk of request as AsyncIterable<Uint8Array>) {
      byteLength += chunk.length
      if (byteLength > MAX_DROPPED_BYTES) return false // which ends the connection
      onChunk(chunk, byteLength)
    }
    return true
  } catch {
    return false // the caller is gone, or too slow
  }
}
