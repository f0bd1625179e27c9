/** The copies of an account as they were read last, and those whose number is in doubt. @module */

import type { Engine } from '../authorizer/engine.ts'
import { isSignerError } from '../errors.ts'
import type { NodeConnection } from '../flow/http.ts'
import type { ProposalKeyStore } from '../stores/store.ts'
import { findCopies } from './copies.ts'

/** What a pool knows of its keys. */
export type KnownKeys = {
  readonly size: () => number
  /** As last read. */
  readonly has: (keyIndex: number) => boolean
  /** Whether the number on chain may not be the one in the store. */
  readonly isSuspect: (keyIndex: number) => boolean
  readonly trust: (keyIndex: number) => void
  readonly suspectAll: () => void
  /**
   * Reads the account: new copies are enrolled, and those that were quarantined are brought back, for
   * the chain has them. @returns How many copies there are.
   */
  readonly refresh: () => Promise<number>
  /** Reads the account. @returns Whether it does not have the key, or not as a copy. */
  readonly lacks: (keyIndex: number) => Promise<boolean>
}

/** So often the node must not know a key, and then the account not have it: a node may lag behind. */
export const MAX_UNKNOWN = 6

export function createKnownKeys(options: {
  readonly engine: Engine
  readonly node: () => Promise<NodeConnection>
  readonly store: ProposalKeyStore
  readonly address: string
  readonly signal: AbortSignal
}): KnownKeys {
  const { engine, node, store, address, signal } = options
  let copies: ReadonlySet<number> = new Set()
  const suspects = new Set<number>()

  async function refresh(): Promise<number> {
    const found = await findCopies(engine, await node(), address, signal)
    await store.enrollKeys(address, found)
    const rows = new Map((await store.listKeys(address)).map((row) => [row.keyIndex, row]))
    for (const { keyIndex, sequenceNumber } of found) {
      const row = rows.get(keyIndex)
      if (row?.state === 'quarantined') {
        await store.restoreKey(address, keyIndex, sequenceNumber)
        suspects.add(keyIndex)
      } else if (row?.state !== 'in-flight' && row?.sequenceNumber !== sequenceNumber)
        suspects.add(keyIndex)
    }
    copies = new Set(found.map(({ keyIndex }) => keyIndex))
    return copies.size
  }

  return {
    size: () => copies.size,
    has: (keyIndex) => copies.has(keyIndex),
    isSuspect: (keyIndex) => suspects.has(keyIndex),
    trust: (keyIndex) => void suspects.delete(keyIndex),
    suspectAll() {
      for (const keyIndex of copies) suspects.add(keyIndex)
    },
    refresh,
    async lacks(keyIndex) {
      try {
        await refresh()
        return !copies.has(keyIndex)
      } catch (thrown) {
        if (isSignerError(thrown, 'NO_PROPOSAL_KEYS')) return true
        throw thrown
      }
    },
  }
}
