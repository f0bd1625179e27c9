/** Keeps an enclave running: asks how it is, and starts it again when it is not. @module */

import { pause, withDeadline } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { createLoop } from '../../loop.ts'
import { doubling } from '../../retry.ts'
import type { EnclaveControl, EnclaveHealth } from './control.ts'
import { type EnclaveHostEvent, troubleOf } from './events.ts'
import type { SupervisorLimits } from './limits.ts'
import { enclaveUnavailable } from './vsock.ts'

/** An enclave that was started. */
export type RunningEnclave = {
  /** Resolves when it is no more, however it came to that, to why, in a few words. Never rejects. */
  readonly ended: Promise<string>
  /** Ends it; resolves when it is gone. */
  readonly stop: () => Promise<void>
}

/** Starts enclaves, never two at once: by nitro-cli, or a guest on a machine of one's own. */
export type EnclaveRunner = {
  /** Rejects with `ENCLAVE_NOT_STARTED`, or anything; with `signal.reason` on abort. */
  readonly start: (options: { readonly signal: AbortSignal }) => Promise<RunningEnclave>
}

/** Where an enclave stands. */
export type EnclaveState = 'starting' | 'up' | 'down' | 'given-up' | 'closed'

/** One enclave, kept running. */
export type Supervisor = {
  /** Starts it, waits until it says how it is and keeps it so. Rejects when this first time fails. */
  readonly begin: (signal?: AbortSignal) => Promise<void>
  readonly state: () => EnclaveState
  /** Times that it was started after the first. */
  readonly restarts: () => number
  /** At the last health check that was answered. */
  readonly health: () => EnclaveHealth | undefined
  /** @throws {SignerError} `ENCLAVE_UNAVAILABLE`, `ENCLAVE_NOT_STARTED` when it is of no use to ask it. */
  readonly assertUp: () => void
  /** Lets no more in, and starts nothing any more. */
  readonly retire: () => void
  /** Ends the enclave, if it was started here. */
  readonly close: () => Promise<void>
}

/** What a supervisor works with. */
export type SupervisorParts = {
  /** Without one, somebody else starts it: then it is only asked how it is. */
  readonly runner: EnclaveRunner | undefined
  readonly control: EnclaveControl
  readonly limits: SupervisorLimits
  /** Ends what still leads to an enclave that is gone. */
  readonly drop: () => void
  readonly tell: (event: EnclaveHostEvent) => void
}

/** Between two looks at an enclave that starts. */
const LOOK_MS = 200

export function createSupervisor(parts: SupervisorParts): Supervisor {
  const { runner, control, limits, drop, tell } = parts
  const closing = new AbortController()
  let state: EnclaveState = 'starting'
  let running: RunningEnclave | undefined
  let reason: string | undefined // why it ended
  let health: EnclaveHealth | undefined
  let isTrouble = false // it was told that it is not healthy
  let misses = 0
  let crashes = 0 // in a row, without a good while in between
  let restarts = 0
  let upSince = 0
  let last: unknown // what it was given up for

  async function start(signal: AbortSignal): Promise<void> {
    if (runner === undefined) return
    state = 'starting'
    const startedAt = performance.now()
    const timeoutMs = limits.startTimeoutMs
    const onTimeout = () => startFailed(`it was not ready within ${timeoutMs} ms`)
    try {
      await withDeadline({ timeoutMs, signal, onTimeout }, async (abort) => {
        const mine = await runner.start({ signal: abort })
        if (abort.aborted) return mine.stop() // nobody waits for it any more
        running = mine
        reason = undefined
        mine.ended.then(
          (why) => onEnded(mine, why),
          () => onEnded(mine, 'for no known reason'),
        )
        await ready(abort)
      })
    } catch (thrown) {
      await stop()
      throw thrown
    }
    upSince = performance.now()
    state = 'up'
    tell({ kind: 'started', durationMs: upSince - startedAt })
  }

  /** Until it says how it is. */
  async function ready(signal: AbortSignal): Promise<void> {
    for (;;) {
      if (reason !== undefined) throw startFailed(`it ended at once: ${reason}`)
      const seen = await control.health(limits.healthTimeoutMs, signal).catch(() => undefined)
      signal.throwIfAborted()
      // One that fails is running: it says why, and starting it again would not mend that.
      if (seen !== undefined && seen.status !== 'starting') return see(seen)
      await pause(LOOK_MS, signal)
    }
  }

  function onEnded(ended: RunningEnclave, why: string): void {
    if (running !== ended) return
    running = undefined
    reason = why.replace(/\p{C}+/gu, ' ').slice(0, 300)
    if (state === 'up') state = 'down'
    drop()
    if (!closing.signal.aborted) tell({ kind: 'ended', reason })
    loop.wake()
  }

  async function stop(): Promise<void> {
    const mine = running
    running = undefined
    drop()
    await mine?.stop().catch(() => undefined) // what is left of it, the next start finds
  }

  function see(seen: EnclaveHealth): void {
    if (closing.signal.aborted) return
    health = seen
    misses = 0
    const wasUp = state === 'up'
    state = 'up'
    if (seen.status !== 'failing') {
      if (isTrouble || !wasUp) tell({ kind: 'healthy', clockOffsetMs: seen.clockOffsetMs })
      isTrouble = false
      return
    }
    const { code, message } = seen.error ?? { code: 'OTHER', message: 'it does not say why' }
    trouble({ code, problem: message })
  }

  function trouble(why: { readonly code: string; readonly problem: string }): void {
    if (!isTrouble) tell({ kind: 'unhealthy', ...why })
    isTrouble = true
  }

  async function look(): Promise<void> {
    try {
      see(await control.health(limits.healthTimeoutMs, closing.signal))
    } catch (thrown) {
      if (closing.signal.aborted || reason !== undefined) return
      misses += 1
      if (misses < limits.healthMisses) return
      trouble(troubleOf(thrown))
      if (runner === undefined) {
        state = 'down'
        return drop()
      }
      state = 'down'
      await stop()
      tell({ kind: 'ended', reason: 'it was stopped, since it did not answer' })
      throw thrown
    }
  }

  const loop = createLoop({
    async turn() {
      if (runner === undefined) {
        await look()
        return limits.healthIntervalMs
      }
      if (running === undefined && reason === undefined && state !== 'up') {
        restarts += 1
        await start(closing.signal)
      } else if (running !== undefined) await look()
      if (reason !== undefined) {
        const why = reason
        reason = undefined
        throw enclaveUnavailable(`it ended: ${why}`)
      }
      return limits.healthIntervalMs
    },
    onFailure(thrown) {
      if (closing.signal.aborted) return 0
      reason = undefined
      last = thrown
      if (upSince > 0 && performance.now() - upSince >= limits.stableMs) crashes = 0
      upSince = 0
      crashes += 1
      if (crashes > limits.maxRestarts) {
        state = 'given-up'
        tell({ kind: 'gave-up', restarts, ...troubleOf(thrown) })
        return 0
      }
      state = 'starting'
      const bound = doubling(limits.minPauseMs, limits.maxPauseMs, crashes)
      const delayMs = Math.round(bound / 2 + (Math.random() * bound) / 2)
      tell({ kind: 'restarting', restarts, delayMs, ...troubleOf(thrown) })
      return delayMs
    },
    isNeeded: () => state !== 'given-up',
    isBackground: true,
  })

  function retire(): void {
    state = 'closed'
    closing.abort(enclaveUnavailable('its host was closed'))
    loop.stop()
  }

  return Object.freeze({
    async begin(signal) {
      await start(signal ?? closing.signal)
      loop.start()
    },
    state: () => state,
    restarts: () => restarts,
    health: () => health,
    assertUp() {
      if (state === 'closed') throw enclaveUnavailable('its host was closed')
      if (state === 'given-up') throw asStartFailed(last)
      if (runner !== undefined && state !== 'up')
        throw enclaveUnavailable('it ended, and is being started again')
    },
    retire,
    async close() {
      retire()
      await loop.ended()
      await stop()
    },
  } satisfies Supervisor)
}

const startFailed = (reason: string) =>
  new SignerError('ENCLAVE_NOT_STARTED', {
    reason,
    remedy: 'read the last lines of the enclave: its console, and the events that it told',
  })

const asStartFailed = (thrown: unknown): SignerError =>
  isSignerError(thrown, 'ENCLAVE_NOT_STARTED')
    ? thrown
    : startFailed(`it was given up: ${troubleOf(thrown).code}`)
