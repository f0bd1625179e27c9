/** How the Nitro Secure Module is spoken to on a stream: four bytes, big-endian, tell how many follow. @module */

/** Bytes of a request; the driver of the kernel takes no more. */
export const MAX_REQUEST_BYTES = 0x1000
/** Bytes of a reply; the driver of the kernel gives no more. */
export const MAX_REPLY_BYTES = 0x3000
const HEAD = 4

/** @returns Head and body, copied. */
export function frameOf(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEAD + body.length)
  new DataView(frame.buffer).setUint32(0, body.length)
  frame.set(body, HEAD)
  return frame
}

/** Puts frames together from the pieces in which they come. */
export type FrameReader = {
  /**
   * @returns The bodies that are whole by now, copied; undefined as soon as one is empty or longer than
   * the bound, after which nothing can be read any more.
   */
  readonly push: (piece: Uint8Array) => readonly Uint8Array[] | undefined
  /** Bytes of a frame that is not whole. */
  readonly pending: () => number
}

/** @param maxBytes - Of one body. No more than this, and a head, is kept. */
export function createFrameReader(maxBytes: number): FrameReader {
  let kept = new Uint8Array()
  return Object.freeze({
    push(piece) {
      const bytes = new Uint8Array(kept.length + piece.length)
      bytes.set(kept)
      bytes.set(piece, kept.length)
      const whole: Uint8Array[] = []
      let at = 0
      while (bytes.length - at >= HEAD) {
        const length = new DataView(bytes.buffer, at).getUint32(0)
        if (length === 0 || length > maxBytes) return undefined
        if (bytes.length - at - HEAD < length) break
        whole.push(bytes.slice(at + HEAD, at + HEAD + length))
        at += HEAD + length
      }
      kept = bytes.slice(at)
      return whole
    },
    pending: () => kept.length,
  } satisfies FrameReader)
}
