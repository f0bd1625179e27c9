/** Who asked KMS to use a key, as CloudTrail tells it: also what was refused since the key is disabled. @module */

import type { CloudTrailClient, CloudTrailClientConfig } from '@aws-sdk/client-cloudtrail'
import { isSignerError } from '../../../errors.ts'
import { invalid } from '../../../options.ts'
import { keyIdentity } from '../../../reconciliation/key-arn.ts'
import { lookUpKmsEvents } from '../../../reconciliation/lookup-events.ts'
import type { UseReading } from './last-use.ts'
import { DAY_MS } from './waiting.ts'

/** A client of the Region of the key, or the configuration of one. */
export type Trail = CloudTrailClient | CloudTrailClientConfig

/** @throws {SignerError} `INVALID_OPTION` for anything but an object; the SDK checks what is in it. */
export function assertTrail(trail: Trail | undefined): void {
  if (trail !== undefined && (typeof trail !== 'object' || trail === null))
    throw invalid('trail', 'it is neither a CloudTrailClient nor the configuration of one')
}

/** LookupEvents goes back 90 days; a minute less, since time goes on. */
const MAX_AGE_MS = 90 * DAY_MS - 60_000
/** Read at 100 a second, two minutes at the most. */
const MAX_EVENTS = 12_000
/** Whoever was told that the key is disabled, or waits for its deletion, still wants it. */
const WANTED = /^(Disabled|KMSInvalidState|InvalidState)(Exception)?$/

/**
 * Needs `cloudtrail:LookupEvents`.
 *
 * @param operations - Of KMS, which use such a key.
 * @param from - Milliseconds since 1970; of what is older than 90 days nothing is told.
 * @throws {SignerError} `TRAIL_UNAVAILABLE`, `AWS_SDK_MISSING`, `INVALID_OPTION`.
 */
export async function readTrailUse(options: {
  readonly trail: Trail
  readonly keyArn: string
  readonly operations: readonly string[]
  readonly from: number
  readonly now: number
  readonly signal: AbortSignal | undefined
}): Promise<UseReading> {
  const { trail, keyArn, operations, now, signal } = options
  const from = Math.max(options.from, now - MAX_AGE_MS)
  const own = keyIdentity(keyArn)
  let last: { at: number; what: string } | undefined
  try {
    for (const operation of operations) {
      const shared = { client: trail, from, to: now, maxEvents: MAX_EVENTS, operation }
      const asked = { ...shared, ...(signal === undefined ? {} : { signal }) }
      for await (const reading of lookUpKmsEvents(asked)) {
        if (reading.kind === 'other') continue
        if (reading.kind === 'unreadable') {
          if (reading.keyArn !== undefined && keyIdentity(reading.keyArn) !== own) continue
          return missing(`CloudTrail's record ${reading.place} cannot be read: ${reading.reason}`)
        }
        const { at, errorCode, caller } = reading.event
        if (keyIdentity(reading.event.keyArn) !== own || at < from) continue
        if (errorCode !== undefined && !WANTED.test(errorCode)) continue
        const refused = errorCode === undefined ? '' : `, and was refused (${errorCode})`
        if (last === undefined || at > last.at)
          last = { at, what: `${caller} asked for ${operation} with it${refused}` }
        break // they come newest first
      }
    }
  } catch (thrown) {
    if (isSignerError(thrown, 'TRAIL_DENIED'))
      return missing('cloudtrail:LookupEvents is denied: allow it on all resources')
    if (isSignerError(thrown, 'TRAIL_TOO_LONG'))
      return missing(`CloudTrail has more than ${MAX_EVENTS} events of this time`)
    throw thrown
  }
  return { isKnown: true, coveredFrom: from, ...(last === undefined ? {} : { last }) }
}

const missing = (why: string): UseReading => ({ isKnown: false, missing: why })
