/** Process warnings, which Jest would keep from a listener. @module */

/** @returns What was passed to `process.emitWarning` while `run` ran. */
export function warningsOf(run: () => void): readonly (readonly unknown[])[] {
  const warnings: unknown[][] = []
  const { emitWarning } = process
  process.emitWarning = (...warning: unknown[]) => warnings.push(warning)
  try {
    run()
  } finally {
    process.emitWarning = emitWarning
  }
  return warnings
}
