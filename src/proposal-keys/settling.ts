/** Frees the key of a flight in the store, and tells how it ended. @module */

import type { Engine } from '../authorizer/engine.ts'
import type { LeaseFact } from '../stores/store.ts'
import type { Books } from './books.ts'
import type { Settlement } from './number-look.ts'
import type { PoolReport } from './report.ts'

export function createSettling(options: {
  readonly engine: Engine
  readonly books: Books
  readonly report: (report: PoolReport) => void
  readonly onFreed: () => void
}): (lease: LeaseFact, settlement: Settlement) => Promise<void> {
  const { engine, books, report, onFreed } = options
  return async ({ address, keyIndex, fence }, { nextSequenceNumber, quarantine, outcome }) => {
    const bad = quarantine === undefined ? {} : { quarantine }
    const kept = await books.settle({ address, keyIndex, fence, nextSequenceNumber, ...bad })
    if (!kept) report({ kind: 'lost', keyIndex })
    else if (quarantine !== undefined) report({ kind: 'quarantined', keyIndex })
    if (kept) report({ kind: 'settled', keyIndex, outcome })
    // Keys may have been added or revoked: the next use reads them again.
    if (outcome === 'refused') engine.directory.forget(address)
    onFreed()
  }
}
