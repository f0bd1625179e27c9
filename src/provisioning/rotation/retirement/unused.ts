/** Whether nobody has used a KMS key for so many days: by what proves it, never by silence. @module */

import type { KmsSession } from '../../keys/kms-session.ts'
import type { RetirementCheck, UnusedAnswer } from '../types.ts'
import { readLastUse, type UseReading } from './last-use.ts'
import { readTrailUse, type Trail } from './trail-use.ts'
import { DAY_MS, shownTime } from './waiting.ts'

/** What is to be proved, and by which sources. */
export type UseQuestion = {
  readonly kms: KmsSession
  readonly keyArn: string
  /** Operations of KMS that use such a key. */
  readonly operations: readonly string[]
  readonly unusedForDays: number
  readonly trail: Trail | undefined
}

const HOUR_MS = 3_600_000

/**
 * The last of three counts: when the chain revoked the key, when KMS last used it, and when anybody last
 * asked for it. The second is GetKeyLastUsage's, the third CloudTrail's, which also tells of what was
 * refused because the key is disabled. One of them must tell of the whole time.
 *
 * @throws {SignerError} The `KMS_…` and `TRAIL_…` codes of passing faults.
 */
export async function askForUse(
  question: UseQuestion,
  { revokedAt }: Pick<RetirementCheck, 'revokedAt'>,
): Promise<UnusedAnswer> {
  const { kms, keyArn, operations, unusedForDays, trail } = question
  if (unusedForDays === 0)
    return { unused: true, note: { done: false, text: 'Not asked, since unusedForDays is 0.' } }
  const now = Date.now()
  const periodMs = unusedForDays * DAY_MS
  const from = now - periodMs
  const byKms = await readLastUse(kms, keyArn)
  const byTrail: UseReading =
    trail === undefined
      ? { isKnown: false, missing: 'no CloudTrail client was given: pass one as trail' }
      : await readTrailUse({ trail, keyArn, operations, from, now, signal: kms.signal })
  const sources = [byKms, byTrail]
  const revoked = { at: revokedAt, what: 'the chain revoked it' }
  const last = [revoked, ...sources.flatMap((one) => (one.isKnown && one.last) || [])].reduce(
    (a, b) => (b.at > a.at ? b : a),
  )
  const wait = (since: number, reason: string): UnusedAnswer => ({
    unused: false,
    askAgainAt: Math.max(since + periodMs, now + HOUR_MS),
    reason,
  })
  if (last.at > from)
    return wait(
      last.at,
      `${last.what} at ${shownTime(last.at)}, less than ${unusedForDays} days ago: end what still asks for it, and wait`,
    )
  const starts = sources.flatMap((one) => (one.isKnown ? [one.coveredFrom] : []))
  const gaps = sources.flatMap((one) => (one.isKnown ? [] : [one.missing]))
  const [start] = starts.sort((a, b) => a - b)
  if (start === undefined)
    return wait(last.at, `nothing tells whether it is used: ${gaps.join('; ')}`)
  if (start > from)
    return wait(
      start,
      `its use is told only from ${shownTime(start)} on, less than ${unusedForDays} days ago: wait`,
    )
  const untold = byTrail.isKnown
    ? 'nor asked for it in vain'
    : `(whether anybody asked for it in vain is not known: ${byTrail.missing})`
  const text = `Nobody has used ${keyArn} for ${unusedForDays} days, ${untold}.`
  return { unused: true, note: { done: true, text } }
}
