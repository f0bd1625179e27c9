/** A lease whose transaction may be on its way, and how the chain settles it. @module */

import { codeOf, isSignerError } from '../errors.ts'
import type { BlockFollower } from '../flow/block-follower.ts'
import { spendsSequenceNumber } from '../flow/number-spent.ts'
import { createLoop } from '../loop.ts'
import { doubling } from '../retry.ts'
import type { LeaseFact } from '../stores/store.ts'
import { createExpiry } from './expiry.ts'
import { MAX_UNKNOWN } from './known-keys.ts'
import { type Dead, type LookSettings, lookAtNumber, type Settlement } from './number-look.ts'

/** What the flights of one pool share. */
export type FlightSettings = LookSettings & {
  readonly follower: BlockFollower
  /** Blocks after which the network refuses a reference block. */
  readonly transactionExpiry: number
  readonly settle: (lease: LeaseFact, settlement: Settlement) => Promise<void>
  /** Reads the account. @returns Whether it does not have the key, or not as a copy. */
  readonly lacksKey: (keyIndex: number) => Promise<boolean>
  /** When what failed is tried again; the default is that below. */
  readonly pace?: Looks
  /** When the number is looked at; the defaults are those below. */
  readonly looks?: { readonly identified: Looks; readonly nameless: Looks }
}

/** Milliseconds until the first look at the number, and the most from one look to the next. */
type Looks = { readonly firstMs: number; readonly maxMs: number }

/** A transaction that may be on its way. */
export type Flight = {
  readonly lease: LeaseFact
  /** Absent when others sign as well: then only the sequence number can tell. */
  readonly transactionId: string | undefined
  readonly referenceBlockId: string
  /** A finalized height that was known before it could be sent. */
  readonly fromHeight: number
}

/** What follows one flight. */
export type FlightWatch = {
  readonly transactionId: string | undefined
  /** No node can ever take it. */
  readonly refuse: () => void
  /** The chain went backwards: the reference block may be gone. */
  readonly recheck: () => void
  readonly stop: () => void
}

/** After so many looks at a number that has not moved it is told. */
const UNSEEN_LOOKS = 3
const retryByDefault = { firstMs: 1_000, maxMs: 5_000 } as const
/**
 * A block tells of one whose id is known. It is looked for by its number all the same, more and more
 * seldom: a copy under other signatures has another id.
 */
const looksByDefault = {
  identified: { firstMs: 5_000, maxMs: 60_000 },
  nameless: { firstMs: 1_000, maxMs: 5_000 },
} as const

/**
 * Follows a flight until the chain settles it: by its outcome in a block; by the sequence number of
 * the key, which another transaction may have used; and by the height at which it has expired. What
 * fails on the way is tried again.
 */
export function watchFlight(flight: Flight, settings: FlightSettings): FlightWatch {
  const { lease, transactionId, fromHeight } = flight
  const { follower, signal, looks = looksByDefault, pace = retryByDefault } = settings
  const { firstMs, maxMs } = transactionId === undefined ? looks.nameless : looks.identified
  let over = false
  let isExecuted = false
  let dead: Dead | undefined
  const expiry = createExpiry(flight, settings)
  let lookCount = 0
  /** Looks in a row at which the node did not know the key. */
  let unknown = 0
  let lookAt = performance.now() + firstMs

  async function settle(settlement: Settlement): Promise<undefined> {
    await settings.settle(lease, settlement)
    stop()
  }

  async function look(dead?: Dead): Promise<undefined> {
    const settlement = await lookAtNumber(flight, settings, dead).catch((thrown: unknown) =>
      ofMissingKey(thrown, dead),
    )
    unknown = 0
    if (settlement !== undefined) await settle(settlement)
  }

  /** A key that is gone tells no number any more, and nothing is executed with it. */
  async function ofMissingKey(thrown: unknown, dead?: Dead): Promise<Settlement> {
    unknown = isSignerError(thrown, 'KEY_INDEX_UNKNOWN') ? unknown + 1 : 0
    if (unknown < MAX_UNKNOWN || !(await settings.lacksKey(lease.keyIndex))) throw thrown
    const outcome = dead?.outcome ?? 'moved'
    const quarantine = 'the account has no such key'
    return { nextSequenceNumber: lease.sequenceNumber, outcome, quarantine }
  }

  async function turn(): Promise<number | undefined> {
    if (isExecuted)
      return settle({ nextSequenceNumber: lease.sequenceNumber + 1n, outcome: 'executed' })
    if (dead === undefined && (await expiry.isOver())) return look({ outcome: 'expired' })
    if (dead !== undefined) return look(dead)
    if (performance.now() >= lookAt) await lookInTurn()
    return over ? undefined : Math.max(1, lookAt - performance.now())
  }

  async function lookInTurn(): Promise<void> {
    lookCount += 1
    await look()
    if (over) return
    if (lookCount === UNSEEN_LOOKS) settings.report({ kind: 'unseen', keyIndex: lease.keyIndex })
    lookAt = performance.now() + doubling(firstMs, maxMs, lookCount + 1)
    const { height } = await follower.wake(signal) // where nothing is watched no block is told
    noteHeight(height)
  }

  const loop = createLoop({
    turn,
    isNeeded: () => !over && !signal.aborted,
    onFailure(thrown, failures) {
      if (!signal.aborted) settings.report({ kind: 'trouble', errorCode: codeOf(thrown) })
      return doubling(pace.firstMs, pace.maxMs, failures)
    },
  })
  function noteHeight(height: number): void {
    expiry.note(height)
    if (expiry.mayBeOver()) loop.wake()
  }

  const stopBlocks = follower.onBlock(({ sealedHeight }) => noteHeight(sealedHeight))
  // Before it is sent, or a block could take it unseen.
  const unwatch =
    transactionId === undefined
      ? () => undefined
      : follower.watch({ transactionId, fromHeight }, (told) => {
          const { errorCodes, height } = told.outcome
          if (spendsSequenceNumber(errorCodes)) isExecuted = true
          else dead = { outcome: 'refused', height }
          loop.wake()
        })
  loop.start()

  function stop(): void {
    over = true
    unwatch()
    stopBlocks()
    loop.stop()
  }

  return {
    transactionId,
    refuse() {
      dead = { outcome: 'refused' }
      loop.wake()
    },
    recheck() {
      expiry.doubt()
      loop.wake()
    },
    stop,
  }
}
