/** Memory for secrets, that can be overwritten. @module */

/**
 * V8 keeps typed arrays of up to 64 bytes in its heap, and copies them out of it when native code asks
 * for them: `fill` then overwrites the second copy, and the first stays. A buffer that is made first
 * lies outside from the beginning.
 *
 * @returns Zeros. Who asks for them overwrites them.
 */
export const secretBytes = (byteLength: number): Uint8Array =>
  new Uint8Array(new ArrayBuffer(byteLength))

/** @param bytes - Borrowed, not overwritten. */
export function secretCopy(bytes: Uint8Array): Uint8Array {
  const copy = secretBytes(bytes.length)
  copy.set(bytes)
  return copy
}

/** More than the allocator keeps at hand of one size. */
const AT_HAND = 16

/**
 * OpenSSL's parser of DER gives back the memory of its copies, of the DER and of the scalar in it,
 * without overwriting them. The allocator gives what came back last to who asks next for this much: so
 * ask, and overwrite. It may have joined a copy with its neighbours by then; so this gets most, not all.
 *
 * @param derLength - In bytes.
 * @param scalarLength - In bytes.
 */
export function overwriteFreed(derLength: number, scalarLength: number): void {
  // As OpenSSL's BUF_MEM grows: by a third more than is asked for. A string has a zero at its end.
  const sizes = [Math.ceil((derLength + 3) / 3) * 4, scalarLength + 1]
  for (const size of sizes)
    for (let count = 0; count < AT_HAND; count++) Buffer.allocUnsafeSlow(size).fill(0)
}
