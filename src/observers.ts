/** Telling an observer, who can neither stop nor change what it observes. @module */

/** For the warning when it throws. */
export type Observed = {
  /** Of the option that gave the observer, for example `onSign`. */
  readonly name: string
  /** What goes on all the same, for example `the signature is`. */
  readonly spared: string
}

/**
 * Calls the observer at once, with a frozen event. What it throws, or what its promise rejects with,
 * becomes a process warning of the name `FclKmsWarning` that says why and has it as its cause: an
 * audit line that could not be written must not be lost in silence.
 */
export function tellObserver<E extends object>(
  observer: ((event: E) => unknown) | undefined,
  event: E,
  observed: Observed,
): void {
  try {
    const returned = observer?.(Object.freeze(event)) // may be an async function
    Promise.resolve(returned).catch((thrown: unknown) => warn(thrown, observed))
  } catch (thrown) {
    warn(thrown, observed)
  }
}

function warn(thrown: unknown, { name, spared }: Observed): void {
  const text = `${name} threw ${describe(thrown)}; ${spared} not affected`
  const warning = new Error(text, { cause: thrown })
  warning.name = 'FclKmsWarning'
  process.emitWarning(warning)
}

/** The observer is the user's own, so its error may be quoted; on one line, and not without end. */
function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'something'
  try {
    return `${thrown.name}: ${thrown.message}`.replace(/\p{C}+/gu, ' ').slice(0, 300)
  } catch {
    return 'an error that cannot be read' // a getter of it throws
  }
}
