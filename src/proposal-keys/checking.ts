/** Whether a key that the store gave can be lent, where its number on chain is in doubt. @module */

import { isSignerError } from '../errors.ts'
import { readAccountKey } from '../flow/accounts.ts'
import type { NodeConnection } from '../flow/http.ts'
import type { LeaseFact } from '../stores/store.ts'
import type { Aside } from './aside.ts'
import type { Books } from './books.ts'
import type { KnownKeys } from './known-keys.ts'
import type { PoolReport } from './report.ts'

/** Keys whose number on chain is read at a time. */
const CHECKS_AT_ONCE = 16

/**
 * @returns A function for what was leased in one step: those that can be lent. Of the others each is
 * judged alone: corrected or quarantined in the store, or set aside for a while when it cannot be
 * checked. Never rejects, so that one key cannot keep the others back.
 */
export function createChecking(options: {
  readonly node: () => Promise<NodeConnection>
  readonly keys: KnownKeys
  readonly books: Books
  readonly aside: Aside
  readonly report: (report: PoolReport) => void
  readonly onResync: () => void
  readonly signal: AbortSignal
}): (facts: readonly LeaseFact[]) => Promise<readonly LeaseFact[]> {
  const { keys, books, aside, report, signal } = options

  async function isUsable(fact: LeaseFact): Promise<boolean> {
    const { address, keyIndex, fence, sequenceNumber } = fact
    const rotated = keys.rotated()
    if (rotated !== undefined) throw rotated
    if (!keys.has(keyIndex)) await keys.refresh() // it may have been added by another process
    if (keys.has(keyIndex) && !keys.isSuspect(keyIndex)) return true
    options.onResync()
    const key = await readAccountKey(await options.node(), address, keyIndex, { signal })
    const next = key.sequenceNumber
    if (!keys.has(keyIndex) || key.revoked) {
      await books.quarantine(fact, next, 'it is no copy of a key that signs')
      return false
    }
    const drifted = next !== sequenceNumber
    if (drifted) {
      await books.settle({ address, keyIndex, fence, nextSequenceNumber: next })
      report({ kind: 'drifted', keyIndex })
    }
    keys.trust(keyIndex)
    return !drifted
  }

  async function judge(fact: LeaseFact): Promise<boolean> {
    try {
      const usable = await isUsable(fact)
      aside.forget(fact.keyIndex)
      return usable
    } catch (thrown) {
      // No key of the account is ours any more: this one is for those who hold the new signer.
      if (isSignerError(thrown, 'KEY_ROTATED')) void books.giveBack(fact)
      else if (!signal.aborted) aside.set(fact, thrown).catch(() => undefined) // the pool was closed
      return false
    }
  }

  return async (facts) => {
    const usable: LeaseFact[] = []
    for (let start = 0; start < facts.length; start += CHECKS_AT_ONCE) {
      const step = facts.slice(start, start + CHECKS_AT_ONCE)
      const answers = await Promise.all(step.map(judge))
      usable.push(...step.filter((_, index) => answers[index]))
    }
    return usable
  }
}
