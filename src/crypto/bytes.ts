/** Small helpers on byte arrays. @module */

/** Compares public bytes; not for secrets, its time depends on the content. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
