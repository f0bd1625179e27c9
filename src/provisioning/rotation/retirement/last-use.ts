/** When KMS itself last used a key, as GetKeyLastUsage tells it. @module */

import { isSignerError } from '../../../errors.ts'
import type { KmsSession } from '../../keys/kms-session.ts'

/** What a source tells of the use of a key, or why it tells nothing. */
export type UseReading =
  | {
      readonly isKnown: true
      /** Milliseconds since 1970, from which on every use is told. */
      readonly coveredFrom: number
      /** The last use, when there was one in that time. */
      readonly last?: { readonly at: number; readonly what: string }
    }
  | { readonly isKnown: false; readonly missing: string }

/**
 * Needs `kms:GetKeyLastUsage`. KMS records only what succeeded, up to an hour late, and from a date on
 * that it tells: for a key that is older than that date, nothing recorded says nothing of the time before.
 *
 * @throws {SignerError} The `KMS_…` codes, but not where the operation is denied or not known.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyLastUsage.html
 */
export async function readLastUse(kms: KmsSession, keyArn: string): Promise<UseReading> {
  // A version of the SDK of before 2026 does not have it.
  const { GetKeyLastUsageCommand } = kms.sdk as Partial<typeof kms.sdk> // the same, or less
  const unknown = (missing: string): UseReading => ({ isKnown: false, missing })
  if (GetKeyLastUsageCommand === undefined)
    return unknown('the version of @aws-sdk/client-kms has no GetKeyLastUsage: install a newer one')
  const target = { keyId: keyArn, operation: 'GetKeyLastUsage' }
  const command = () => new GetKeyLastUsageCommand({ KeyId: keyArn })
  const reply = await kms.call(target, command).catch((thrown: unknown) => {
    if (isSignerError(thrown, 'KMS_ACCESS_DENIED'))
      return 'kms:GetKeyLastUsage is denied: allow it on this key'
    if (isSignerError(thrown, 'KMS_REQUEST_INVALID'))
      return 'KMS does not know GetKeyLastUsage in this Region'
    throw thrown
  })
  if (typeof reply === 'string') return unknown(reply)
  const { KeyLastUsage, TrackingStartDate, KeyCreationDate } = reply
  const [started, made, at] = [TrackingStartDate, KeyCreationDate, KeyLastUsage?.Timestamp].map(
    timeOf,
  )
  if (started === undefined || (at === undefined && KeyLastUsage?.Operation !== undefined))
    return unknown('the answer of GetKeyLastUsage has no dates')
  return {
    isKnown: true,
    // Before it was made nobody used it.
    coveredFrom: made !== undefined && made >= started ? 0 : started,
    ...(at === undefined
      ? {}
      : { last: { at, what: `KMS used it (${KeyLastUsage?.Operation ?? 'an operation'})` } }),
  }
}

/** Milliseconds since 1970: a reply may hold anything. */
const timeOf = (date: Date | undefined): number | undefined =>
  date instanceof Date && !Number.isNaN(date.getTime()) ? date.getTime() : undefined
