/**
 * What a node says of a transaction that failed. Its message quotes scripts, arguments, panics and
 * names of contracts, so only what stands where nothing but the node writes is read. @module
 */

/**
 * The code of the root cause; behind the wrapper, which step failed, and the code of that step. Go
 * takes both from the error, and never from a text.
 *
 * @see flow-go fvm/errors/errors.go `SplitErrorTypes` and fvm/transactionInvoker.go
 */
const head =
  /^\[Error Code: (\d{1,6})\] (?:error caused by: \d{1,4} errors? occurred:\n\t\* (?:[a-z ]{1,60}: )?\[Error Code: (\d{1,6})\] )?/

/** In a failed signature, of which of its keys: found before Cadence runs, so it quotes nothing. */
const signature =
  /^invalid (?:proposal|payload|envelope) key: [^[]{0,200}\[Error Code: (\d{1,6})\] /

/** A signature that is bad, missing or of a revoked key: the ones that wrap each other. */
const signatureCodes: ReadonlySet<number> = new Set([1006, 1008, 1009])

/**
 * The codes that the node itself says, outermost first, each once; none when it says none. A code in
 * what it quotes is not one.
 */
export function errorCodesOf(message: string): readonly number[] {
  const found = head.exec(message)
  if (found === null) return []
  const codes = found.slice(1).flatMap((code) => (code === undefined ? [] : [Number(code)]))
  let rest = message.slice(found[0].length)
  while (signatureCodes.has(codes.at(-1) ?? 0)) {
    const inner = signature.exec(rest)
    if (inner === null) break
    codes.push(Number(inner[1]))
    rest = rest.slice(inner[0].length)
  }
  return [...new Set(codes)]
}

/**
 * The account whose storage is full.
 *
 * @returns 16 digits; `undefined` when the message is about something else.
 * @see flow-go fvm/errors/execution.go `NewStorageCapacityExceededError`
 */
export const fullAccountOf = (message: string): string | undefined => full.exec(message)?.[1]

const full =
  /^\[Error Code: 1103\] (?:error caused by: \d{1,4} errors? occurred:\n\t\* (?:[a-z ]{1,60}: )?\[Error Code: 1103\] )?The account with address \(([0-9a-f]{16})\) uses \d+ bytes of storage/
