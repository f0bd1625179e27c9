/** A lease whose transaction may be on its way, and how the chain settles it. @module */

import { codeOf } from '../errors.ts'
import { readAccountKey } from '../flow/accounts.ts'
import type { BlockFollower } from '../flow/block-follower.ts'
import type { TransactionOutcome } from '../flow/block-results.ts'
import { readBlockHeight } from '../flow/blocks.ts'
import type { NodeConnection } from '../flow/http.ts'
import type { LeaseFact } from '../stores/store.ts'
import type { PoolReport } from './report.ts'
import { spendsSequenceNumber } from './settle-rules.ts'

/** How a key is freed. */
export type Settlement = {
  readonly nextSequenceNumber: bigint
  readonly quarantine?: string
  readonly outcome: 'executed' | 'refused' | 'expired' | 'moved'
}

/** What the flights of one pool share. */
export type FlightSettings = {
  readonly node: () => Promise<NodeConnection>
  readonly follower: BlockFollower
  /** Blocks after which the network refuses a reference block. */
  readonly transactionExpiry: number
  readonly settle: (lease: LeaseFact, settlement: Settlement) => Promise<void>
  readonly report: (report: PoolReport) => void
  /** Counts a read of one key. */
  readonly onResync: () => void
  readonly signal: AbortSignal
}

/** A transaction that may be on its way. */
export type Flight = {
  readonly lease: LeaseFact
  /** Absent when others have yet to sign: then only the sequence number can tell. */
  readonly transactionId: string | undefined
  readonly referenceBlockId: string
  /** A finalized height that was known before it could be sent. */
  readonly fromHeight: number
}

/** What follows one flight. */
export type FlightWatch = {
  /** Tells an id that was not known at first. */
  readonly identify: (transactionId: string) => void
  /** The chain went backwards: the reference block may be gone. */
  readonly recheck: () => void
  readonly stop: () => void
}

/** Blocks beyond the expiry until a node is believed that has not seen the transaction. */
const EXPIRY_MARGIN = 30
const FIRST_LOOK_MS = 1_000
const MAX_LOOK_MS = 5_000

/**
 * Follows a flight until the chain settles it: by its outcome in a block, and by the sequence number
 * of the key where the id is not known, where the number was not spent, and where the transaction
 * must have expired. What fails on the way is tried again.
 */
export function watchFlight(flight: Flight, settings: FlightSettings): FlightWatch {
  const { lease, fromHeight, referenceBlockId } = flight
  const { follower, signal } = settings
  let over = false
  let outcome: TransactionOutcome | undefined
  /** The height that the expiry counts from: at first a lower bound of the reference block's. */
  let base = fromHeight
  let baseIsExact = false
  let latestHeight = fromHeight
  let uncertain = false
  let unwatch: (() => void) | undefined
  let timer: NodeJS.Timeout | undefined
  let lookMs = FIRST_LOOK_MS
  let working = false
  let again = false

  /** Does what is known to be due, one step at a time. */
  function advance(): void {
    again = true
    if (working) return
    working = true
    void drain().finally(() => {
      working = false
    })
  }

  async function drain(): Promise<void> {
    while (again && !over && !signal.aborted) {
      again = false
      try {
        await step()
      } catch (thrown) {
        if (signal.aborted) return
        settings.report({ kind: 'trouble', errorCode: codeOf(thrown) })
        later()
      }
    }
  }

  async function step(): Promise<void> {
    if (outcome !== undefined && spendsSequenceNumber(outcome.errorCodes))
      return settle({ nextSequenceNumber: lease.sequenceNumber + 1n, outcome: 'executed' })
    if (outcome !== undefined) return look('refused', outcome.height)
    if (uncertain || (hasExpired() && !baseIsExact)) {
      const height = await readBlockHeight(await settings.node(), referenceBlockId, { signal })
      if (height === undefined) return look('expired') // none can refer to a block that is no more
      base = height
      baseIsExact = true
      uncertain = false
    }
    if (hasExpired()) return look('expired')
    if (unwatch === undefined) await look()
    if (!over && unwatch === undefined) later()
  }

  /**
   * Reads the sequence number.
   *
   * @param dead - How it ended, when it is known not to execute any more.
   */
  async function look(dead?: 'refused' | 'expired', height?: number): Promise<void> {
    const node = await settings.node()
    settings.onResync()
    const at = height === undefined ? { signal } : { signal, height }
    const key = await readAccountKey(node, lease.address, lease.keyIndex, at)
    const next = key.sequenceNumber
    const spent = next > lease.sequenceNumber
    if (key.revoked) {
      const quarantine = 'the key is revoked'
      return settle({ nextSequenceNumber: next, outcome: dead ?? 'moved', quarantine })
    }
    if (dead === undefined && !spent) return
    if (next < lease.sequenceNumber || (spent && dead === 'refused'))
      settings.report({ kind: 'drifted', keyIndex: lease.keyIndex })
    await settle({
      nextSequenceNumber: next,
      outcome: spent && dead !== 'refused' ? 'moved' : (dead ?? 'moved'),
    })
  }

  async function settle(settlement: Settlement): Promise<void> {
    await settings.settle(lease, settlement)
    stop()
  }

  function later(): void {
    clearTimeout(timer)
    timer = setTimeout(async () => {
      const block = await follower.wake(signal).catch(() => undefined)
      if (block !== undefined) latestHeight = Math.max(latestHeight, block.height)
      advance()
    }, lookMs)
    lookMs = Math.min(lookMs * 2, MAX_LOOK_MS)
  }

  function hasExpired(): boolean {
    return latestHeight > base + settings.transactionExpiry + EXPIRY_MARGIN
  }

  function identify(transactionId: string): void {
    if (over || unwatch !== undefined) return
    clearTimeout(timer)
    unwatch = follower.watch({ transactionId, fromHeight }, (told) => {
      outcome = told.outcome
      advance()
    })
  }

  function stop(): void {
    over = true
    clearTimeout(timer)
    unwatch?.()
    stopBlocks()
  }

  const stopBlocks = follower.onBlock(({ sealedHeight }) => {
    latestHeight = Math.max(latestHeight, sealedHeight)
    if (hasExpired()) advance()
  })
  if (flight.transactionId === undefined) later()
  else identify(flight.transactionId)
  return {
    identify,
    recheck() {
      uncertain = true
      latestHeight = fromHeight // the chain may be lower now
      advance()
    },
    stop,
  }
}
