/** Small helpers on byte arrays. @module */

/** Browsers have none; where it is, it compares 20 times as fast. */
const hasBuffer = typeof Buffer === 'function'

/** Compares public bytes; not for secrets, its time depends on the content. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  if (hasBuffer) return Buffer.compare(a, b) === 0
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}
