/** The ledger in memory: for tests, and for one process that may forget. @module */

import { SignerError } from '../../errors.ts'
import type { Charge, Ledger, LedgerClaim } from './ledger.ts'

/** 200 MB of them. */
const MAX_HELD = 1_000_000

const MAX_DAYS = 4

/** How it measures time; a test has its own. */
export type LedgerClock = {
  /** Milliseconds, only forward. */
  readonly monotonicMs: () => number
  /** Milliseconds since 1970. */
  readonly wallMs: () => number
}

const machineClock: LedgerClock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
}

/**
 * Forgets everything when the process ends, and knows of no other process: a Lambda needs another.
 * Who sets the clock of the machine changes the day of the budgets and nothing else.
 *
 * @param maxHeld - Sequence numbers at once, of some 200 bytes each; more are `LEDGER_UNAVAILABLE`.
 */
export function createMemoryLedger(
  clock: LedgerClock = machineClock,
  maxHeld: number = MAX_HELD,
): Ledger {
  const held = new Map<string, { readonly payloadHash: string; readonly until: number }>()
  const days = new Map<string, Map<string, bigint>>()

  /** The oldest come first, for as long as all are held for the same time. */
  const forget = (now: number) => {
    for (const [slot, { until }] of held) {
      if (until > now) break
      held.delete(slot)
    }
  }
  /** Some days are kept, so that a clock that is set back finds what it had spent. */
  const spentToday = () => {
    const date = new Date(clock.wallMs()).toISOString().slice(0, 10)
    const spent = days.get(date) ?? new Map<string, bigint>()
    days.set(date, spent)
    for (const other of days.keys()) if (days.size > MAX_DAYS) days.delete(other)
    return spent
  }
  return Object.freeze({
    async claim({ address, keyIndex, sequenceNumber, payloadHash, holdMs, charges }: LedgerClaim) {
      const now = clock.monotonicMs()
      const slot = `${address} ${keyIndex} ${sequenceNumber}`
      const holder = held.get(slot)
      if (holder?.payloadHash === payloadHash) return { decision: 'replayed' }
      if (holder !== undefined && holder.until > now) return { decision: 'conflict' }
      forget(now)
      if (held.size >= maxHeld)
        throw new SignerError('LEDGER_UNAVAILABLE', { reason: 'the ledger in memory is full' })
      const spent = spentToday()
      const after = ({ budget, amount }: Charge) => (spent.get(budget) ?? 0n) + amount
      const over = charges.find((charge) => after(charge) > charge.perDay)
      if (over !== undefined) return { decision: 'spent', budget: over.budget }
      for (const charge of charges) spent.set(charge.budget, after(charge))
      held.delete(slot)
      held.set(slot, { payloadHash, until: now + holdMs })
      return { decision: 'granted' }
    },
  } satisfies Ledger)
}
