/** The body of a request, no longer than it may be. @module */

import type { IncomingMessage } from 'node:http'
import { isSignerError, SignerError } from '../../errors.ts'
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

/**
 * @returns All of it. The room it takes is given back by whoever has done with it, by `byteLength`.
 * @throws {SignerError} `SIGNING_REQUEST_TOO_LARGE`, `SIGNING_SERVICE_BUSY` when there is no room,
 * `SIGNING_REQUEST_MALFORMED` when it ends early.
 */
export async function readBody(request: IncomingMessage, room: BodyRoom): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let byteLength = 0
  try {
    for await (const chunk of request as AsyncIterable<Uint8Array>) {
      if (byteLength + chunk.length > MAX_REQUEST_BYTES)
        throw tooLarge(byteLength + chunk.length).error
      if (!room.take(chunk.length))
        throw new SignerError('SIGNING_SERVICE_BUSY', {
          reason: 'bodies of others take all the room',
        })
      byteLength += chunk.length
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } catch (thrown) {
    room.give(byteLength)
    if (isSignerError(thrown)) throw thrown
    throw new SignerError('SIGNING_REQUEST_MALFORMED', { reason: 'the body ended early' })
  }
}
