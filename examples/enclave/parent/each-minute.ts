/** What is done now, and each minute from then on. @module */

/** @returns Ends it. */
export function eachMinute(work: () => void): () => void {
  work()
  const timer = setInterval(work, 60_000)
  return () => clearInterval(timer)
}
