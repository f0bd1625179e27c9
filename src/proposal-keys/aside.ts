/** Keys that could not be checked: each is set aside for a while, and one that is gone for good. @module */

import { pause } from '../deadline.ts'
import { codeOf, isSignerError } from '../errors.ts'
import { doubling } from '../retry.ts'
import type { LeaseFact } from '../stores/store.ts'
import type { Books } from './books.ts'
import { type KnownKeys, MAX_UNKNOWN } from './known-keys.ts'
import type { PoolReport } from './report.ts'

/** What cannot be lent for now. */
export type Aside = {
  /** Ends when the key was given back or quarantined; rejects when the pool is closed before. */
  readonly set: (fact: LeaseFact, thrown: unknown) => Promise<void>
  /** The key was checked. */
  readonly forget: (keyIndex: number) => void
}

/** How long a key is set aside, in milliseconds: doubled each time. */
const paceByDefault = { firstMs: 200, maxMs: 10_000 } as const

export function createAside(options: {
  readonly keys: KnownKeys
  readonly books: Books
  readonly report: (report: PoolReport) => void
  readonly pace?: { readonly firstMs: number; readonly maxMs: number } | undefined
  readonly signal: AbortSignal
}): Aside {
  const { keys, books, report, pace = paceByDefault, signal } = options
  /** Checks of a key that failed in a row, and of those the ones that found no such key. */
  const failures = new Map<number, { readonly all: number; readonly unknown: number }>()

  /** Quarantines the key when the account, read anew, does not have it. */
  async function isGone(fact: LeaseFact): Promise<boolean> {
    try {
      if (!(await keys.lacks(fact.keyIndex))) return false
      await books.quarantine(fact, fact.sequenceNumber, 'the account has no such key')
      return failures.delete(fact.keyIndex)
    } catch {
      return false // then it is set aside again
    }
  }

  return {
    forget: (keyIndex) => void failures.delete(keyIndex),
    async set(fact, thrown) {
      const { keyIndex } = fact
      const before = failures.get(keyIndex) ?? { all: 0, unknown: 0 }
      const isUnknown = isSignerError(thrown, 'KEY_INDEX_UNKNOWN')
      const counted = { all: before.all + 1, unknown: isUnknown ? before.unknown + 1 : 0 }
      failures.set(keyIndex, counted)
      report({ kind: 'trouble', errorCode: codeOf(thrown), keyIndex })
      if (counted.unknown >= MAX_UNKNOWN && (await isGone(fact))) return
      // Not given back at once: it would be the next to be leased, again and again.
      await pause(doubling(pace.firstMs, pace.maxMs, counted.all), signal)
      await books.giveBack(fact)
    },
  }
}
