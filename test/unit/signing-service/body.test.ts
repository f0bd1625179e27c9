import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { MAX_REQUEST_BYTES } from '../../../src/signers/remote/protocol.ts'
import { createBodyRoom, dropBody, readBody } from '../../../src/signing-service/http/body.ts'

/** A body in chunks of these lengths; only what is read of a request. */
const bodyOf = (...lengths: readonly number[]) => {
  const read: number[] = []
  function* chunks() {
    for (const length of lengths) {
      read.push(length)
      yield Buffer.alloc(length, ' ')
    }
  }
  const request = Readable.from(chunks(), { highWaterMark: 1 }) as unknown as IncomingMessage
  return { request, read }
}
/** @returns Whether all of the room is free. */
const isFree = (room: ReturnType<typeof createBodyRoom>, maxBytes: number) => {
  const isTaken = room.take(maxBytes)
  if (isTaken) room.give(maxBytes)
  return isTaken
}

describe('the bodies that are under way', () => {
  it('take room, which is given back by their length', async () => {
    const room = createBodyRoom(10)
    expect(await readBody(bodyOf(4, 4).request, room)).toHaveLength(8)
    expect([room.take(3), room.take(2), room.take(1)]).toEqual([false, true, false])
  })

  it('are refused when they take all the room, and then keep none of it', async () => {
    const room = createBodyRoom(10)
    await expect(readBody(bodyOf(4, 4, 4).request, room)).rejects.toMatchObject({
      code: 'SIGNING_SERVICE_BUSY',
    })
    expect(isFree(room, 10)).toBe(true)
  })

  it('keep no room when they are too large or end early', async () => {
    const room = createBodyRoom(4 * MAX_REQUEST_BYTES)
    await expect(readBody(bodyOf(MAX_REQUEST_BYTES, 1).request, room)).rejects.toMatchObject({
      code: 'SIGNING_REQUEST_TOO_LARGE',
    })
    const cut = Readable.from(
      (async function* () {
        yield Buffer.alloc(9)
        throw new Error('the caller is gone')
      })(),
    ) as unknown as IncomingMessage // as above
    await expect(readBody(cut, room)).rejects.toMatchObject({ code: 'SIGNING_REQUEST_MALFORMED' })
    expect(isFree(room, 4 * MAX_REQUEST_BYTES)).toBe(true)
  })

  it('are read no further than twice of what they may have, when nobody wants them', async () => {
    const { request, read } = bodyOf(...Array.from({ length: 20 }, () => MAX_REQUEST_BYTES))
    await dropBody(request)
    expect(read.length).toBeLessThan(6)
  })
})
