/** Bounds on waiting: every call that leaves the process goes through here. @module */

/** Measures how long something takes, without what it waited for on this side. */
export type Clock = {
  /** Milliseconds so far. */
  readonly elapsedMs: () => number
  /** Stands still until `wait` has settled; one at a time. */
  readonly outside: <T>(wait: () => Promise<T>) => Promise<T>
}

/** A clock that runs from now on. */
export function createClock(): Clock {
  const started = performance.now()
  let outsideMs = 0
  let stoppedAt: number | undefined
  return Object.freeze({
    elapsedMs: () => (stoppedAt ?? performance.now()) - started - outsideMs,
    async outside(wait) {
      const left = performance.now()
      stoppedAt = left
      try {
        return await wait()
      } finally {
        outsideMs += performance.now() - left
        stoppedAt = undefined
      }
    },
  } satisfies Clock)
}

/**
 * Runs with a signal that aborts when the caller's does or when the time is over, and settles at
 * that moment even when `run` ignores the signal.
 *
 * @param timeoutMs - Milliseconds.
 * @param onTimeout - Makes the error to reject with when the time is over.
 * @param clock - Measures the time. Default: one of its own, that never stands still.
 * @returns What `run` resolves to. Rejects with the caller's `signal.reason` when that aborts.
 */
export async function withDeadline<T>(
  options: {
    signal?: AbortSignal | undefined
    timeoutMs: number
    onTimeout: () => Error
    clock?: Clock
  },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, timeoutMs, onTimeout, clock = createClock() } = options
  signal?.throwIfAborted()
  const controller = new AbortController()
  const { promise, reject } = rejectable()
  const give = (reason: unknown) => {
    reject(reason)
    controller.abort(reason)
  }
  const endsAt = clock.elapsedMs() + timeoutMs
  const stopListening = onceAborted(signal, give)
  let timer = setTimeout(look, Math.max(0, timeoutMs))
  function look(): void {
    const leftMs = endsAt - clock.elapsedMs()
    // A timer may be a millisecond early; more is left only when the clock stood still.
    if (leftMs > 1) timer = setTimeout(look, leftMs)
    else give(onTimeout())
  }
  try {
    return await Promise.race([run(controller.signal), promise])
  } finally {
    clearTimeout(timer)
    stopListening()
  }
}

const listeners = new WeakMap<AbortSignal, Set<(reason: unknown) => void>>()

/**
 * Calls `listener` when the signal aborts, unless it has. However many listen, the signal has one
 * listener: Node.js warns of a leak from eleven on, and a thousand callers may share a signal.
 *
 * @returns Stops listening.
 */
export function onceAborted(
  signal: AbortSignal | undefined,
  listener: (reason: unknown) => void,
): () => void {
  if (signal === undefined) return () => undefined
  const all = listeners.get(signal) ?? new Set()
  const mine = (reason: unknown) => listener(reason) // a Set takes one function once
  if (all.size === 0) {
    listeners.set(signal, all)
    signal.addEventListener('abort', tellAll)
  }
  all.add(mine)
  return () => {
    all.delete(mine)
    if (all.size === 0) signal.removeEventListener('abort', tellAll)
  }
}

function tellAll(this: AbortSignal): void {
  for (const listener of listeners.get(this) ?? []) listener(this.reason)
}

/** Waits for a promise that others share; only this wait ends when the signal aborts. */
export async function abortable<T>(shared: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return shared
  shared.catch(() => undefined) // nobody may be waiting when it rejects
  signal.throwIfAborted()
  const { promise, reject } = rejectable()
  const stopListening = onceAborted(signal, reject)
  try {
    return await Promise.race([shared, promise])
  } finally {
    stopListening()
  }
}

/** Resolves after `delayMs` milliseconds. Rejects with `signal.reason` as soon as that aborts. */
export async function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, delayMs))
  })
  try {
    await abortable(elapsed, signal)
  } finally {
    clearTimeout(timer)
  }
}

function rejectable(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => undefined
  const promise = new Promise<never>((_resolve, rejectPromise) => {
    reject = rejectPromise
  })
  promise.catch(() => undefined) // the race may be over before this rejects
  return { promise, reject }
}
