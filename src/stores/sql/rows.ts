/** From the JSON that the statements write to the rows of the contract. @module */

import { bytesToHex, hexToBytes } from '../../crypto/hex.ts'
import { plainText } from '../checks.ts'
import type { AttemptRow, JobRow, LeaseFact, ProposalKeyRow } from '../store.ts'

// The casts: the functions of row-functions.ts write exactly these fields, the sequence number as a
// text and the bytes as hexadecimal.
type Written<T> = { readonly [K in keyof T]: T[K] extends bigint | Uint8Array ? string : T[K] }

/** A key with all that is known of it. */
export function toKeyRow(json: unknown): ProposalKeyRow {
  const row = json as Written<ProposalKeyRow>
  return { ...row, sequenceNumber: BigInt(row.sequenceNumber) }
}

/** The same key as the fact of a lease. */
export function toLease(json: unknown): LeaseFact {
  const { address, keyIndex, sequenceNumber, fence } = toKeyRow(json)
  return { address, keyIndex, sequenceNumber, fence }
}

/** A job. */
export const toJobRow = (json: unknown): JobRow => json as JobRow

/** An attempt with its state. */
export function toAttempt(json: unknown): AttemptRow & { readonly state: string } {
  const row = json as Written<AttemptRow & { readonly state: string }>
  return {
    ...row,
    sequenceNumber: BigInt(row.sequenceNumber),
    transaction: hexToBytes(row.transaction, 'transaction'),
  }
}

/** Without the state, for those that are taken over. */
export function toAttemptRow(json: unknown): AttemptRow {
  const { state: _, ...row } = toAttempt(json)
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
