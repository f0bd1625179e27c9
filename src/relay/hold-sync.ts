/** Brings what is said of a hold here into the store, and what others say out of it. @module */

import { codeOf } from '../errors.ts'
import { createLoop } from '../loop.ts'
import { doubling } from '../retry.ts'
import { createSerial } from '../serial.ts'
import type { HoldRow, RelayStore } from '../stores/store.ts'
import type { RelayObserver } from './events.ts'
import type { Change, HoldState } from './hold-state.ts'

/** The steps of a store that a hold needs. */
export type HoldStore = Pick<
  RelayStore,
  'readHold' | 'setHold' | 'clearHold' | 'setPaused' | 'resume'
>

/** The way between the state and the store. */
export type HoldSync = {
  /** Counts at once, and is stored as soon as the store takes it. */
  readonly say: (change: Change) => void
  /**
   * One step of the store, after those that were asked for before; the state learns of its answer.
   *
   * @param done - What need not be stored any more when it was taken.
   */
  readonly ask: (step: () => Promise<HoldRow>, done?: readonly Change[]) => Promise<void>
  /** Whether no answer is on its way that may change what stands. */
  readonly isQuiet: () => boolean
  /** Resolves when all that was said is stored, or need not be any more. */
  readonly stored: () => Promise<void>
  /** Stores nothing more. */
  readonly close: () => void
}

/** Before a write that failed is tried again, in milliseconds. */
const MIN_AGAIN_MS = 100
const MAX_AGAIN_MS = 5_000

/** @param onLearned - Told after each change of the state. */
export function createHoldSync(options: {
  readonly address: string
  readonly store: HoldStore
  readonly state: HoldState
  readonly tell: RelayObserver
  readonly onLearned: () => void
}): HoldSync {
  const { address, store, state, tell, onLearned } = options
  /** Reads and writes follow each other, so that the last answer is the newest. */
  const steps = createSerial()
  let closed = false

  const ask: HoldSync['ask'] = (step, done = []) =>
    steps.run(async () => {
      state.learn(await step(), done)
      onLearned()
      writes.wake() // it may wait to try again what need not be said any more
    })

  const write = ({ code, hold }: Change) =>
    hold === null ? store.clearHold(address, code) : store.setHold(address, hold)

  const writes = createLoop({
    isNeeded: () => !closed && state.next() !== undefined,
    async turn() {
      const change = state.next()
      if (change !== undefined) await ask(() => write(change), [change])
      return 0
    },
    onFailure(thrown, failures) {
      if (!closed) tell({ kind: 'trouble', code: codeOf(thrown), where: 'hold' })
      return doubling(MIN_AGAIN_MS, MAX_AGAIN_MS, failures)
    },
  })

  return {
    say(change) {
      state.say(change)
      onLearned()
      writes.start()
    },
    ask,
    isQuiet: () => steps.size() === 0,
    stored: writes.ended,
    close() {
      closed = true
      writes.stop()
    },
  }
}
