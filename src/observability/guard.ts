/** An observer that throws must harm neither what it observes nor the observers beside it. @module */

/** @returns The same observer; what it throws becomes a process warning. */
export function guarded<T>(name: string, observer: (event: T) => void): (event: T) => void {
  return (event) => {
    try {
      observer(event)
    } catch (thrown) {
      const kind = thrown instanceof Error ? thrown.name : 'something'
      process.emitWarning(
        `${name} threw ${kind}; what it observes is not affected`,
        'FclKmsWarning',
      )
    }
  }
}
