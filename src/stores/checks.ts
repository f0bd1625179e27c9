/** What both stores have in common: what they refuse, so that one keeps what the other does. @module */

import { SignerError } from '../errors.ts'
import type { HoldEnd, HoldRow, JobCounts, JobIntent } from './store.ts'

/** A text of PostgreSQL holds no NUL, and UTF-8 no half of a pair. */
const isPlain = (text: string): boolean => !text.includes('\0') && !/\p{Cs}/u.test(text)

/** Of source and arguments: ten times what a transaction of Flow may have. */
const MAX_JOB_BYTES = 16 * 1_048_576

/**
 * @throws {SignerError} `INVALID_OPTION` for an id that is not 1 to 128 printable ASCII characters,
 *   a hash that is not 64 digits, a text that cannot be kept as it is, and what no transaction can
 *   have: more than 16 MiB, or a limit that is no whole number.
 */
export function assertIntents(jobs: readonly JobIntent[]): void {
  for (const { id, intentHash, cadence, arguments: args, computeLimit, ...job } of jobs) {
    if (!/^[ -~]{1,128}$/.test(id)) refuse('id', 'it is not 1 to 128 printable ASCII characters')
    if (!/^[0-9a-f]{64}$/.test(intentHash))
      refuse('intentHash', 'it is not 64 lower-case hexadecimal digits')
    if (!Number.isSafeInteger(computeLimit) || computeLimit < 0)
      refuse('computeLimit', 'it is not a whole number')
    const texts = [cadence, job.batch ?? '', job.batchGroup ?? '', ...args]
    if (!texts.every(isPlain)) refuse('job', 'it holds a NUL character or half of a surrogate pair')
    const byteLength = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
    if (byteLength > MAX_JOB_BYTES) refuse('job', 'it has more than 16 MiB')
  }
}

function refuse(option: string, reason: string): never {
  throw new SignerError('INVALID_OPTION', { option, reason })
}

/** A reason often comes from a remote answer: what cannot be kept in it is replaced. */
export const plainText = (text: string): string =>
  text.replaceAll('\0', '\ufffd').replace(/\p{Cs}/gu, '\ufffd')

/** An account without jobs. Its names are all states there are. */
export const noJobs: JobCounts = {
  queued: 0,
  claimed: 0,
  'in-flight': 0,
  done: 0,
  failed: 0,
  cancelled: 0,
  quarantined: 0,
}

/** An account that nobody holds. */
export const noHold: HoldRow = Object.freeze({ paused: false, hold: null })

/** The ends of a hold, the weakest first. */
export const holdEnds: readonly HoldEnd[] = ['signed', 'executed', 'operator']

/** Jobs that one call of `prune` deletes at most: it is to end in the time that a step of a store has. */
export const PRUNED_AT_ONCE = 5_000
