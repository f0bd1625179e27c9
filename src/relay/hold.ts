/** When the relay may not send: an operator paused it, or must fix something first. @module */

import type { RelayObserver } from './events.ts'
import { endOf } from './hold-codes.ts'
import { createHoldState, type HoldState } from './hold-state.ts'
import { createHoldSync, type HoldStore } from './hold-sync.ts'
import { createProbes, type Probes } from './probes.ts'

/** Whether the relay may send. */
export type Hold = {
  /** Undefined when it may send. */
  readonly current: () => { readonly code: string; readonly reason: string } | undefined
  /**
   * Holds the queue, at once here and soon in all processes; nothing is lost, and one job at a time
   * tries whether it works again, where `endOf` the code allows that.
   */
  readonly set: (code: string, reason: string) => void
  /**
   * Holds here alone, for what stops this process and no other: nothing of it is stored, and nothing is
   * tried until `endHere` or `resume`.
   */
  readonly setHere: (code: string, reason: string) => void
  /** What held here alone is over. */
  readonly endHere: () => void
  /** Something got so far: what held before that is over. Never what an operator alone may end. */
  readonly clear: (reached: 'signed' | 'executed') => void
  /** Holds here from the call on, and in all processes when it resolves. */
  readonly pause: () => Promise<void>
  /** Ends a pause and a hold. */
  readonly resume: () => Promise<void>
  /** Reads what another process has said. */
  readonly refresh: () => Promise<void>
  /** Whether the one that tries may go on: neither paused nor held for an operator alone. */
  readonly mayTry: () => boolean
  /** Whether a single job may try now, and not before the next pause is over. */
  readonly probe: () => boolean
  /** Milliseconds until `probe`; `Infinity` while only an operator ends it. */
  readonly probeInMs: () => number
  /** Resolves when all that was said here is stored. */
  readonly stored: () => Promise<void>
  /** Stores nothing more. */
  readonly close: () => void
}

/** The code of a pause. */
const PAUSED = 'PAUSED'

export function createHold(options: {
  readonly address: string
  readonly store: HoldStore
  readonly tell: RelayObserver
  /** Called when it may send again. */
  readonly onChange: () => void
}): Hold {
  const { address, store, tell, onChange } = options
  const state = createHoldState()
  const probes = createProbes()
  const onLearned = createNews(state, probes, tell)
  const sync = createHoldSync({ address, store, state, tell, onLearned })
  /** Pauses that are being stored: they count before. */
  let pausing = 0
  let here: ReturnType<Hold['current']>

  const isPaused = () => state.paused() || pausing > 0
  const mayTry = () => !isPaused() && here === undefined && state.held()?.end !== 'operator'

  function endHere(): void {
    if (here === undefined) return
    here = undefined
    if (state.held() === undefined && !state.paused()) tell({ kind: 'resumed' })
    onChange()
  }

  return {
    current() {
      if (isPaused()) return { code: PAUSED, reason: 'paused by an operator' }
      const held = here ?? state.held()
      return held === undefined ? undefined : { code: held.code, reason: held.reason }
    },
    setHere(code, reason) {
      if (here?.code !== code) tell({ kind: 'held', code, reason })
      here = { code, reason }
    },
    endHere,
    set(code, reason) {
      probes.failed()
      // What stands already need not be said again, unless it may be ended at this moment.
      if (state.held()?.code === code && sync.isQuiet()) return
      sync.say({ code, hold: { code, reason, end: endOf(code) } })
    },
    clear(reached) {
      const over = state.endedBy(reached)
      for (const { code } of over) sync.say({ code, hold: null })
      if (over.length > 0) onChange()
    },
    async pause() {
      pausing += 1
      try {
        await sync.ask(() => store.setPaused(address, true))
      } finally {
        pausing -= 1
        if (!isPaused()) onChange() // it could not be stored
      }
    },
    async resume() {
      await sync.ask(() => store.resume(address), state.said())
      endHere()
      onChange()
    },
    refresh: () => sync.ask(() => store.readHold(address)),
    mayTry,
    probe: () => mayTry() && state.held() !== undefined && probes.take(),
    probeInMs: () => (mayTry() ? probes.inMs() : Number.POSITIVE_INFINITY),
    stored: sync.stored,
    close: sync.close,
  }
}

/** @returns Tells what has become another since it was called last. */
function createNews(state: HoldState, probes: Probes, tell: RelayObserver): () => void {
  let told: { readonly paused: boolean; readonly code: string | undefined } = {
    paused: false,
    code: undefined,
  }
  return () => {
    const was = told
    const held = state.held()
    told = { paused: state.paused(), code: held?.code }
    if (told.paused && !was.paused) tell({ kind: 'paused' })
    if (held !== undefined && held.code !== was.code) {
      probes.failed() // also what another process has met
      tell({ kind: 'held', code: held.code, reason: held.reason })
    }
    if (held !== undefined || told.paused) return
    probes.reset()
    if (was.paused || was.code !== undefined) tell({ kind: 'resumed' })
  }
}
