/** When the relay may not send: an operator paused it, or must fix something first. @module */

import { codeOf } from '../errors.ts'
import { createLoop } from '../loop.ts'
import { doubling } from '../retry.ts'
import { createSerial } from '../serial.ts'
import type { HoldRow, RelayStore } from '../stores/store.ts'
import type { RelayObserver } from './events.ts'
import { endOf } from './hold-codes.ts'
import { type Change, createHoldState } from './hold-state.ts'
import { createProbes } from './probes.ts'

/** Whether the relay may send. */
export type Hold = {
  /** Undefined when it may send. */
  readonly current: () => { readonly code: string; readonly reason: string } | undefined
  /**
   * Holds the queue, at once here and soon in all processes; nothing is lost, and one job at a time
   * tries whether it works again, where `endOf` the code allows that.
   */
  readonly set: (code: string, reason: string) => void
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

/** Before a write that failed is tried again, in milliseconds. */
const MIN_AGAIN_MS = 100
const MAX_AGAIN_MS = 5_000
/** The code of a pause. */
const PAUSED = 'PAUSED'

type HoldStore = Pick<RelayStore, 'readHold' | 'setHold' | 'clearHold' | 'setPaused' | 'resume'>

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
  /** Reads and writes follow each other, so that the last answer is the newest. */
  const steps = createSerial()
  /** Pauses that are being stored: they count before. */
  let pausing = 0
  let closed = false
  let told: { readonly paused: boolean; readonly code: string | undefined } = {
    paused: false,
    code: undefined,
  }

  const isPaused = () => state.paused() || pausing > 0
  const mayTry = () => !isPaused() && state.held()?.end !== 'operator'

  function announce(): void {
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

  /** One step of the store, and what follows from its answer. */
  const step = (ask: () => Promise<HoldRow>, done?: () => readonly Change[]): Promise<void> =>
    steps.run(async () => {
      state.learn(await ask(), done?.())
      announce()
    })

  const write = ({ code, hold }: Change) =>
    hold === null ? store.clearHold(address, code) : store.setHold(address, hold)

  const writes = createLoop({
    isNeeded: () => !closed && state.next() !== undefined,
    async turn() {
      const change = state.next()
      if (change === undefined) return undefined
      await step(
        () => write(change),
        () => [change],
      )
      return 0
    },
    onFailure(thrown, failures) {
      if (!closed) tell({ kind: 'trouble', code: codeOf(thrown), where: 'hold' })
      return doubling(MIN_AGAIN_MS, MAX_AGAIN_MS, failures)
    },
  })

  function say(change: Change): void {
    state.say(change)
    announce()
    writes.start()
  }

  return {
    current() {
      if (isPaused()) return { code: PAUSED, reason: 'paused by an operator' }
      const held = state.held()
      return held === undefined ? undefined : { code: held.code, reason: held.reason }
    },
    set(code, reason) {
      probes.failed()
      // What stands already need not be said again, unless it may be ended at this moment.
      if (state.held()?.code === code && steps.size() === 0) return
      say({ code, hold: { code, reason, end: endOf(code) } })
    },
    clear(reached) {
      const over = state.endedBy(reached)
      for (const { code } of over) say({ code, hold: null })
      if (over.length > 0) onChange()
    },
    async pause() {
      pausing += 1
      try {
        await step(() => store.setPaused(address, true))
      } finally {
        pausing -= 1
        if (!isPaused()) onChange() // it could not be stored
      }
    },
    async resume() {
      const before = state.said()
      await step(
        () => store.resume(address),
        () => before,
      )
      writes.wake() // it may wait to try again what need not be said any more
      onChange()
    },
    refresh: () => step(() => store.readHold(address)),
    mayTry,
    probe: () => mayTry() && state.held() !== undefined && probes.take(),
    probeInMs: () => (mayTry() ? probes.inMs() : Number.POSITIVE_INFINITY),
    stored: writes.ended,
    close() {
      closed = true
      writes.stop()
    },
  }
}
