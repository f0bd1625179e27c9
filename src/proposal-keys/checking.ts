/** Whether a key that the store gave can be lent, where its number on chain is in doubt. @module */

import { pause } from '../deadline.ts'
import { codeOf, isSignerError } from '../errors.ts'
import { readAccountKey } from '../flow/accounts.ts'
import type { NodeConnection } from '../flow/http.ts'
import { doubling } from '../retry.ts'
import type { LeaseFact } from '../stores/store.ts'
import type { Books } from './books.ts'
import type { KnownKeys } from './known-keys.ts'
import type { PoolReport } from './report.ts'

/** Keys whose number on chain is read at a time. */
const CHECKS_AT_ONCE = 16
/** How long a key is set aside that could not be checked, in milliseconds: doubled each time. */
const asideByDefault = { firstMs: 200, maxMs: 10_000 } as const
/** So often the node must not know a key, and then the account not have it: a node may lag behind. */
const MAX_UNKNOWN = 6

/**
 * @returns A function for what was leased in one step: those that can be lent. Of the others each is
 * judged alone: corrected or quarantined in the store, or set aside for a while when it cannot be
 * checked. Never rejects, so that one key cannot keep the others back.
 */
export function createChecking(options: {
  readonly node: () => Promise<NodeConnection>
  readonly keys: KnownKeys
  readonly books: Books
  readonly report: (report: PoolReport) => void
  readonly onResync: () => void
  readonly aside?: { readonly firstMs: number; readonly maxMs: number }
  readonly signal: AbortSignal
}): (facts: readonly LeaseFact[]) => Promise<readonly LeaseFact[]> {
  const { keys, books, report, signal, aside = asideByDefault } = options
  /** Checks of a key that failed in a row, and of those the ones that found no such key. */
  const failures = new Map<number, { readonly all: number; readonly unknown: number }>()

  async function quarantine(fact: LeaseFact, next: bigint, reason: string): Promise<void> {
    const { address, keyIndex, fence } = fact
    await books.settle({
      address,
      keyIndex,
      fence,
      nextSequenceNumber: next,
      quarantine: reason,
    })
    report({ kind: 'quarantined', keyIndex })
  }

  async function isUsable(fact: LeaseFact): Promise<boolean> {
    const { address, keyIndex, fence, sequenceNumber } = fact
    if (!keys.has(keyIndex)) await keys.refresh() // it may have been added by another process
    if (keys.has(keyIndex) && !keys.isSuspect(keyIndex)) return true
    options.onResync()
    const key = await readAccountKey(await options.node(), address, keyIndex, { signal })
    const next = key.sequenceNumber
    if (!keys.has(keyIndex) || key.revoked) {
      await quarantine(fact, next, 'it is no copy of a key that signs')
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

  /** Quarantines the key when the account, read anew, does not have it. */
  async function isGone(fact: LeaseFact): Promise<boolean> {
    try {
      await keys.refresh()
      if (keys.has(fact.keyIndex)) return false
      await quarantine(fact, fact.sequenceNumber, 'the account has no such key')
      return failures.delete(fact.keyIndex)
    } catch {
      return false // then it is set aside again
    }
  }

  /** Not given back at once: it would be the next to be leased, again and again. */
  async function setAside(fact: LeaseFact, thrown: unknown): Promise<void> {
    const { keyIndex } = fact
    const before = failures.get(keyIndex) ?? { all: 0, unknown: 0 }
    const isUnknown = isSignerError(thrown, 'KEY_INDEX_UNKNOWN')
    const counted = { all: before.all + 1, unknown: isUnknown ? before.unknown + 1 : 0 }
    failures.set(keyIndex, counted)
    report({ kind: 'trouble', errorCode: codeOf(thrown), keyIndex })
    if (counted.unknown >= MAX_UNKNOWN && (await isGone(fact))) return
    await pause(doubling(aside.firstMs, aside.maxMs, counted.all), signal)
    await books.giveBack(fact)
  }

  async function judge(fact: LeaseFact): Promise<boolean> {
    try {
      const usable = await isUsable(fact)
      failures.delete(fact.keyIndex)
      return usable
    } catch (thrown) {
      if (!signal.aborted)
        // What fails in it leaves the key to its time in the store, after which it is checked anew.
        setAside(fact, thrown).catch(() => undefined)
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
