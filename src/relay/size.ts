/** How many bytes a transaction has as it is encoded: what a node refuses is never signed. @module */

import { MAX_TRANSACTION_BYTES } from '../crypto/transaction-decoding.ts'
import { SignerError } from '../errors.ts'
import type { JobIntent } from '../stores/store.ts'

/** For accounts, numbers and some 250 signatures of at most 80 bytes. */
const RESERVED_BYTES = 21_000

/** Bytes of Cadence and arguments with their lengths in RLP that fit into one transaction. */
export const MAX_CONTENT_BYTES: number = MAX_TRANSACTION_BYTES - RESERVED_BYTES

/** The length before a text in RLP, at most. */
const LENGTH_BYTES = 5
/** `{"type":"Array","value":[` and `]}`. */
const ARRAY_BYTES = 27

const utf8Bytes = (text: string) => Buffer.byteLength(text, 'utf8') + LENGTH_BYTES

/** @returns Bytes of Cadence and arguments, each with its length. */
export const contentBytes = (cadence: string, args: readonly string[]): number =>
  args.reduce((sum, argument) => sum + utf8Bytes(argument), utf8Bytes(cadence))

/** @returns Bytes of a transaction of a template before its first request. */
export const templateBytes = (cadence: string, argumentCount: number): number =>
  utf8Bytes(cadence) + argumentCount * (ARRAY_BYTES + LENGTH_BYTES)

/** @returns Bytes that one request adds to a transaction of its template. */
export const requestBytes = (args: readonly string[]): number =>
  args.reduce((sum, argument) => sum + Buffer.byteLength(argument, 'utf8') + 1, 0)

/**
 * @param template - Cadence of the template, for a request of a batch.
 * @throws {SignerError} `INVALID_OPTION` for a request that no transaction can hold, even alone.
 */
export function assertFits(
  { cadence, arguments: args }: Pick<JobIntent, 'cadence' | 'arguments'>,
  template: string | undefined,
): void {
  const byteLength =
    template === undefined
      ? contentBytes(cadence, args)
      : templateBytes(template, args.length) + requestBytes(args)
  if (byteLength <= MAX_CONTENT_BYTES) return
  const reason = `a transaction of it alone has ${byteLength} bytes of Cadence and arguments, and ${MAX_CONTENT_BYTES} fit`
  throw new SignerError('INVALID_OPTION', { option: 'args', reason })
}
