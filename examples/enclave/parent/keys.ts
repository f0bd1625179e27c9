/** Keys that the enclave is to have: asked for until they are there. @module */

import type { EnclaveHost } from 'fcl-kms/enclave'

/** Told what came of it: public keys, and no secret. */
export type Said = (event: Readonly<Record<string, unknown>>) => void

/**
 * An enclave makes only keys that its measured configuration names, and tells of one that is there
 * what it is.
 *
 * @param problemOf - An error in plain data.
 * @returns One round; none begins while another goes on.
 */
export function keyMaker(
  keys: readonly string[],
  { say, problemOf }: { readonly say: Said; readonly problemOf: (thrown: unknown) => object },
): (host: Pick<EnclaveHost, 'create'>) => Promise<void> {
  const missing = new Set(keys)
  let isAsking = false
  return async (host) => {
    if (isAsking) return
    isAsking = true
    for (const key of missing) {
      try {
        say({ kind: 'key', ...(await host.create(key)) })
        missing.delete(key)
      } catch (thrown) {
        say({ kind: 'key-failed', key, error: problemOf(thrown) })
      }
    }
    isAsking = false
  }
}
