/** The proposal keys leased for one transaction, and the one that it uses. @module */

import type { Transaction } from '../crypto/transaction.ts'
import type { ProposalKeyLease, ProposalKeySource } from './proposal-key-source.ts'

/** The lease whose key the transaction names. */
export type UsedLease = Pick<ProposalKeyLease, 'sequenceNumber' | 'assertHeld' | 'commit'> & {
  /** The account of the key. Its signatures alone are what the lease is about. */
  readonly address: string
}

/** The leases of one transaction: one at most that is held from each pool. */
export type TransactionLeases = {
  /** The lease of this pool, taken by the first who asks. */
  readonly take: (
    source: ProposalKeySource,
    signal: AbortSignal | undefined,
  ) => Promise<ProposalKeyLease>
  /**
   * The lease of the proposal key; those of other keys are given back, since the transaction does not
   * use them. It is committed once, and `assertHeld` says nothing from then on.
   */
  readonly used: (proposalKey: Transaction['proposalKey']) => Promise<UsedLease | undefined>
  /**
   * Gives back what is not committed: something failed, so that the transaction is not sent. What was
   * resolved for it stays lost, and signs nothing any more.
   */
  readonly giveBack: () => void
}

export function createTransactionLeases(): TransactionLeases {
  type Entry = {
    readonly source: ProposalKeySource
    readonly leasing: Promise<ProposalKeyLease>
    over: boolean
  }
  const entries = new Set<Entry>()
  let committing: Promise<void> | undefined
  let committed = false

  // The key is free at once, and the store may take its time to hear of it.
  const release = (lease: ProposalKeyLease) => void lease.release().catch(() => undefined)

  function usedOf(address: string, lease: ProposalKeyLease): UsedLease {
    return {
      address,
      sequenceNumber: lease.sequenceNumber,
      assertHeld: () => committed || lease.assertHeld(),
      async commit(flight) {
        committing ??= lease.commit(flight)
        await committing
        committed = true
      },
    }
  }

  return {
    take(source, signal) {
      for (const one of entries) if (one.source === source && !one.over) return one.leasing
      const leasing = source.lease(signal === undefined ? {} : { signal })
      const entry: Entry = { source, leasing, over: false }
      entries.add(entry)
      leasing.catch(() => entries.delete(entry))
      return leasing
    },
    async used({ address, keyIndex }) {
      let used: UsedLease | undefined
      for (const { source, leasing } of entries) {
        const lease = await leasing
        if (source.address === address && lease.keyIndex === keyIndex) used = usedOf(address, lease)
        else release(lease)
      }
      return used
    },
    giveBack() {
      for (const entry of entries) {
        entry.over = true
        entry.leasing.then(release, () => undefined)
      }
    },
  }
}
