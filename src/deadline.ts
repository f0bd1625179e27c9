/** Bounds on waiting: every call that leaves the process goes through here. @module */

/**
 * Runs with a signal that aborts when the caller's does or when the time is over, and settles at
 * that moment even when `run` ignores the signal.
 *
 * @param timeoutMs - Milliseconds.
 * @param onTimeout - Makes the error to reject with when the time is over.
 * @returns What `run` resolves to. Rejects with the caller's `signal.reason` when that aborts.
 */
export async function withDeadline<T>(
  options: { signal?: AbortSignal | undefined; timeoutMs: number; onTimeout: () => Error },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, timeoutMs, onTimeout } = options
  signal?.throwIfAborted()
  const controller = new AbortController()
  const { promise, reject } = rejectable()
  const give = (reason: unknown) => {
    reject(reason)
    controller.abort(reason)
  }
  const onAbort = () => give(signal?.reason)
  const timer = setTimeout(() => give(onTimeout()), Math.max(0, timeoutMs))
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([run(controller.signal), promise])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Waits for a promise that others share; only this wait ends when the signal aborts. */
export async function abortable<T>(shared: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return shared
  shared.catch(() => undefined) // nobody may be waiting when it rejects
  signal.throwIfAborted()
  const { promise, reject } = rejectable()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([shared, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
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
