/** What an outcome means for the sequence number of the proposal key. @module */

/**
 * Found before the sequence number is raised: a signature that is bad, missing or of a revoked key
 * (1006 around 1008 or 1009), another sequence number (1007), too little weight (1055). Every other
 * error comes after it, so that the number is spent.
 *
 * @see flow-go fvm/transactionInvoker.go and fvm/errors/codes.go
 */
const beforeExecution: ReadonlySet<number> = new Set([1006, 1007, 1008, 1009, 1055])

/** Cadence ran, or was to run; whatever its root cause was, the number is spent by then. */
const CADENCE_FAILED = 1101

/** @param errorCodes - Those that the node itself says; none when it succeeded. */
export const spendsSequenceNumber = (errorCodes: readonly number[]): boolean =>
  errorCodes.includes(CADENCE_FAILED) || !errorCodes.some((code) => beforeExecution.has(code))
