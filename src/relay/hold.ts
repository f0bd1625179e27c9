/** When the relay may not send: an operator paused it, or must fix something first. @module */

import type { HoldEnd, RelayStore } from '../stores/store.ts'
import type { RelayObserver } from './events.ts'

/** Whether the relay may send. */
export type Hold = {
  /** Undefined when it may send. */
  readonly current: () => { readonly code: string; readonly reason: string } | undefined
  /** Holds the queue; nothing is lost, and one job at a time tries whether it works again. */
  readonly set: (code: string, reason: string) => void
  /** Something got so far: what held before that is over. */
  readonly clear: (reached: 'signed' | 'executed') => void
  readonly pause: () => Promise<void>
  /** Ends a pause and a hold. */
  readonly resume: () => Promise<void>
  /** Reads what another process has said. */
  readonly refresh: () => Promise<void>
  /** Whether a single job may try now, and not before the next pause is over. */
  readonly probe: () => boolean
  /** Milliseconds until `probe`. */
  readonly probeInMs: () => number
}

/** Codes that only an operator ends: another try could do harm. */
const operatorOnly: ReadonlySet<string> = new Set(['CHAIN_WENT_BACKWARDS', 'NODES_DISAGREE'])
/** Codes that a signature proves nothing about. */
const untilExecuted: ReadonlySet<string> = new Set([
  'PAYER_CANNOT_PAY',
  'SIGNATURE_REFUSED',
  'ACCESS_NODE_DENIES',
])
const endOf = (code: string): HoldEnd =>
  operatorOnly.has(code) ? 'operator' : untilExecuted.has(code) ? 'executed' : 'signed'
const MIN_PROBE_MS = 1_000
const MAX_PROBE_MS = 60_000
/** The code of a pause. */
const PAUSED = 'PAUSED'

export function createHold(options: {
  readonly address: string
  readonly store: RelayStore
  readonly tell: RelayObserver
  readonly onChange: () => void
}): Hold {
  const { address, store, tell, onChange } = options
  let paused = false
  let held: { readonly code: string; readonly reason: string } | undefined
  let probeMs = MIN_PROBE_MS
  let probeAt = 0
  let last: Promise<unknown> = Promise.resolve()
  let writing = 0

  /** One after the other; what is read meanwhile is older than what is written. */
  const write = (change: () => Promise<unknown>) => {
    writing += 1
    last = last
      .then(change)
      .catch(() => tell({ kind: 'trouble', code: 'STORE_UNAVAILABLE', where: 'hold' }))
      .finally(() => {
        writing -= 1
      })
  }
  const setLocally = (code: string, reason: string) => {
    const again = held?.code === code
    probeMs = again ? Math.min(probeMs * 2, MAX_PROBE_MS) : MIN_PROBE_MS
    probeAt = performance.now() + probeMs
    held = { code, reason }
    if (!again) tell({ kind: 'held', code, reason })
    return again
  }

  return {
    current: () => (paused ? { code: PAUSED, reason: 'paused by an operator' } : held),
    set(code, reason) {
      // What only an operator may end is not replaced by what ends by itself.
      if (held !== undefined && operatorOnly.has(held.code) && !operatorOnly.has(code)) return
      if (!setLocally(code, reason))
        write(() => store.setHold(address, { code, reason, end: endOf(code) }))
    },
    clear(reached) {
      if (held === undefined || operatorOnly.has(held.code)) return
      if (reached === 'signed' && untilExecuted.has(held.code)) return
      const { code } = held
      held = undefined
      tell({ kind: 'resumed' })
      write(() => store.clearHold(address, code))
      onChange()
    },
    async pause() {
      await store.setPaused(address, true)
      if (!paused) tell({ kind: 'paused' })
      paused = true
    },
    async resume() {
      await store.resume(address)
      const changed = paused || held !== undefined
      paused = false
      held = undefined
      if (changed) tell({ kind: 'resumed' })
      onChange()
    },
    async refresh() {
      if (writing > 0) return
      const row = await store.readHold(address)
      if (writing > 0) return
      paused = row.paused
      if (row.hold === null) held = undefined
      else if (held?.code !== row.hold.code) setLocally(row.hold.code, row.hold.reason)
    },
    probe() {
      if (paused || held === undefined || operatorOnly.has(held.code)) return false
      if (performance.now() < probeAt) return false
      probeAt = performance.now() + probeMs
      return true
    },
    probeInMs: () => Math.max(0, probeAt - performance.now()),
  }
}
