/** From the JSON that the statements write to the rows of the contract. @module */

import { bytesToHex, hexToBytes } from '../../crypto/hex.ts'
import { plainText } from '../checks.ts'
import type { AttemptRow, JobRow, LeaseFact, ProposalKeyRow } from '../store.ts'

// The casts: the functions of row-functions.ts write exactly these fields, the sequence number as a
// text and the bytes as hexadecimal.
type Written<T> = { readonly [K in keyof T]: T[K] extends bigint | Uint8Array ? string : T[K] }

/** A key with all that is known of it. */
export function toKeyRow(text: string): ProposalKeyRow {
  const row = JSON.parse(text) as Written<ProposalKeyRow>
  return { ...row, sequenceNumber: BigInt(row.sequenceNumber) }
}

/** The same key as the fact of a lease. */
export function toLease(text: string): LeaseFact {
  const { address, keyIndex, sequenceNumber, fence } = toKeyRow(text)
  return { address, keyIndex, sequenceNumber, fence }
}

/** The code of a job whose intent cannot be read. */
const UNREADABLE = 'JOB_UNREADABLE'

/** A job as it is written: of one that cannot be read, the SQLSTATE that says why. */
export type WrittenJob = JobRow & { readonly unreadable?: string }

/** A job, and whether its intent could be read; else it is told without it. */
export function jobOf({ unreadable, ...row }: WrittenJob): {
  readonly row: JobRow
  readonly readable: boolean
} {
  if (unreadable === undefined && isReadable(row)) return { row, readable: true }
  const reason = `its row cannot be read: ${unreadable ?? 'it is not what was stored'}`
  const told = row.errorCode === null ? { errorCode: UNREADABLE, reason } : {}
  return { row: { ...row, cadence: '', arguments: [], ...told }, readable: false }
}

/** See `jobOf`. */
export const toJob = (text: string): ReturnType<typeof jobOf> =>
  jobOf(JSON.parse(text) as WrittenJob)

/** See `toJob`. */
export const toJobRow = (text: string): JobRow => toJob(text).row

/** Whoever can write to the table may have written something else. */
const isReadable = ({ cadence, arguments: args, computeLimit }: JobRow): boolean =>
  typeof cadence === 'string' &&
  Array.isArray(args) &&
  args.every((one) => typeof one === 'string') &&
  Number.isSafeInteger(computeLimit)

/** An attempt with its state. Bytes that cannot be read are none. */
export function toAttempt(text: string): AttemptRow & { readonly state: string } {
  const row = JSON.parse(text) as Written<AttemptRow & { readonly state: string }>
  return {
    ...row,
    sequenceNumber: BigInt(row.sequenceNumber),
    transaction: hexToBytes(row.transaction, 'transaction'),
  }
}

/** Without the state, for those that are taken over. */
export function toAttemptRow(text: string): AttemptRow {
  const { state: _, ...row } = toAttempt(text)
  return row
}

/**
 * The other way: what JSON has no word for as text, and no text that the database cannot hold. Looks
 * at values before their `toJSON`: that of a Buffer is a list, and some programs give bigint one.
 */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, function (this: Readonly<Record<string, unknown>>, name, part: unknown) {
    const raw = this[name]
    if (typeof raw === 'string') return plainText(raw)
    if (typeof raw === 'bigint') return raw.toString()
    return raw instanceof Uint8Array ? bytesToHex(raw) : part
  })
