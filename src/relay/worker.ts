/** Takes accepted jobs, packs them, and has each pack signed and stored. @module */

import { codeOf } from '../errors.ts'
import { createLoop, type Loop } from '../loop.ts'
import { createBacklog } from './backlog.ts'
import type { RelayCore } from './core.ts'
import { createPreparation } from './preparation.ts'
import { createReturns } from './returns.ts'
import type { Signed } from './signing.ts'

/** The part of a relay that signs. */
export type Worker = {
  /** There may be something to do. */
  readonly wake: () => void
  /** Transactions that are being prepared. */
  readonly preparing: () => number
  /** Resolves when nothing is being prepared; starts nothing more. */
  readonly drain: () => Promise<void>
}

/** Another process may have stored jobs, and delays end. */
const LOOK_MS = 1_000
/** Jobs that wait for a key are claimed ahead, so that no key waits for a job. */
const AHEAD = 1.25

/** What the tracker tells of transactions in flight. */
export type InFlight = {
  /** Those that hold a proposal key. */
  readonly holdingKeys: () => number
  /** All that are not settled. */
  readonly size: () => number
}

/** Transactions whose seal is waited for at most: without a second node that confirms, they pile up. */
const MAX_UNSETTLED = 10_000

/** @param onSigned - Told of each transaction once it is stored. */
export function createWorker(
  core: RelayCore,
  inFlight: InFlight,
  onSigned: (signed: Signed) => void,
): Worker {
  const { pool, hold, tell, signal, settings } = core
  const returns = createReturns(core)
  const backlog = createBacklog(core, returns)
  let stopping = false
  let refreshedAt = Number.NEGATIVE_INFINITY
  const wake = () => loop.wake()
  const preparation = createPreparation(core, returns, onSigned, wake)

  /** How many transactions may be prepared now: one for each key and some more. */
  function freeSlots(): number {
    const { keys } = pool.stats()
    const preparing = preparation.size()
    const most = Math.min(settings.maxInFlight, Math.ceil(keys * AHEAD))
    return Math.min(
      most - inFlight.holdingKeys() - preparing,
      MAX_UNSETTLED - inFlight.size() - preparing,
    )
  }

  /** @returns Whether there may be more to do at once. */
  async function prepareMore(): Promise<boolean> {
    backlog.forgetTried()
    const transactions = freeSlots()
    if (transactions <= 0) return false
    const claimed = await backlog.claim(transactions)
    const ready = backlog.takeReady(transactions)
    for (const group of ready) preparation.start(group)
    return claimed || ready.length > 0
  }

  /** While the relay is held nothing is prepared but the one that tries whether that is over. */
  async function tryOne(): Promise<void> {
    if (preparation.size() === 0 && hold.mayTry() && hold.probeInMs() <= 0) {
      const group = await backlog.takeOne()
      // The turn of the one that tries is used up by one that tries, and by nothing else.
      if (group !== undefined && hold.probe()) preparation.start(group)
      else if (group !== undefined) await returns.giveBack(group.jobs)
    }
    await backlog.giveBack()
  }

  async function turn(): Promise<number> {
    if (performance.now() - refreshedAt > LOOK_MS) {
      await hold.refresh()
      refreshedAt = performance.now()
    }
    if (hold.current() !== undefined) await tryOne()
    else if (await prepareMore()) return 0
    return restMs()
  }

  function restMs(): number {
    // A probe that is due waits for a job, and a job that comes wakes it.
    const probeMs = hold.probeInMs()
    const heldMs = hold.current() === undefined || probeMs <= 0 ? LOOK_MS : Math.max(50, probeMs)
    const batchMs = backlog.size() > 0 ? Math.max(1, settings.batchWaitMs) : LOOK_MS
    return Math.min(LOOK_MS, heldMs, batchMs)
  }

  const loop: Loop = createLoop({
    isNeeded: () => !stopping && !signal.aborted,
    turn,
    onFailure(thrown) {
      if (!signal.aborted) tell({ kind: 'trouble', code: codeOf(thrown), where: 'claim' })
      return LOOK_MS
    },
  })
  signal.addEventListener('abort', () => loop.stop(), { once: true })
  loop.start()

  return {
    wake,
    preparing: preparation.size,
    async drain() {
      stopping = true
      preparation.leave()
      loop.wake()
      await loop.ended()
      await backlog.giveBack()
      await preparation.ended()
    },
  }
}
