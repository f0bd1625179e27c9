/** Small helpers on byte arrays. @module */

/** Compares public bytes; not for secrets, its time depends on the content. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
