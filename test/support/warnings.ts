/** Process warnings, which Jest would keep from a listener. @module */

/** What was passed to `process.emitWarning`. */
type Warning = { readonly name: string; readonly message: string; readonly cause?: unknown }

/** @returns The warnings while `run` ran, and until what it had begun has ended. */
export async function warningsOf(run: () => unknown): Promise<readonly Warning[]> {
  const warnings: Warning[] = []
  const { emitWarning } = process
  process.emitWarning = (warning: string | Error) => {
    warnings.push(warning instanceof Error ? warning : { name: '', message: warning })
  }
  try {
    await run()
    await new Promise(setImmediate)
  } finally {
    process.emitWarning = emitWarning
  }
  return warnings
}
