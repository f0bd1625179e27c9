/** Base64 in its one form: the alphabet with + and /, padded, no spare bits, nothing between. @module */

export function bytesToBase64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}

/**
 * `Buffer.from(text, 'base64')` passes over what is none and takes other spellings of the same bytes:
 * what it read is written again, and must be the text.
 *
 * @returns The bytes, or `undefined` for any other text.
 */
export function base64ToBytes(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined
  const bytes = new Uint8Array(base64ByteLength(text)) // of its own: that of a Buffer may be shared
  Buffer.from(bytes.buffer).write(text, 'base64')
  return bytesToBase64(bytes) === text ? bytes : undefined
}

/** Of what the text stands for, when it is base64; below 0 for a few texts that are not. */
export const base64ByteLength = (text: string): number =>
  Math.floor(text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0)
