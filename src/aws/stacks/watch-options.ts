/** Options of the stack `watch`, checked. @module */

import { assertKnownKeys, invalid } from '../../options.ts'
import {
  assertAccountOf,
  assertBoolean,
  assertEnvironment,
  assertRetention,
  assertRoles,
  assertText,
  assertTexts,
  assertWhole,
  type KeyPlace,
  placeOfKeys,
} from '../checks.ts'
import { parseRoleArn } from '../policies/policy-document.ts'

/** Options of `watchStack`: plain JSON. */
export type WatchOptions = {
  readonly environment: string
  /** The keys, all of one account and Region: the stack is of these. */
  readonly keyArns: readonly string[]
  /** The roles that may sign: a signature by another is an alarm. */
  readonly signerRoleArns: readonly string[]
  /** Who administers the key that encrypts the topic, and deploys the stack. */
  readonly adminRoleArn: string
  /** More signatures in five minutes are an alarm. */
  readonly expectedSignsPerFiveMinutes: number
  /** The function of the stack `remote-signer`, for alarms on its errors, refusals and throttling. */
  readonly functionName?: string
  /** Refusals in five minutes that are no alarm yet. Default 10. */
  readonly expectedRefusalsPerFiveMinutes?: number
  /** Makes a trail, in an account that has none. Default false. */
  readonly trail?: boolean
  /** The log group of the trail that exists. Without one and without `trail`, no alarm on Sign. */
  readonly trailLogGroupName?: string
  /**
   * The log group of the admin server, or of `fcl-kms audit reconcile` on a schedule: alarms on a
   * signature that is not ours, and on three hours without a comparison.
   */
  readonly reconciliationLogGroupName?: string
  /** Addresses of e-mail, each of which has to confirm. */
  readonly emails?: readonly string[]
  /** Default 365. */
  readonly logRetentionDays?: number
}

const known = [
  'environment',
  'keyArns',
  'signerRoleArns',
  'adminRoleArn',
  'expectedSignsPerFiveMinutes',
  'functionName',
  'expectedRefusalsPerFiveMinutes',
  'trail',
  'trailLogGroupName',
  'reconciliationLogGroupName',
  'emails',
  'logRetentionDays',
]

/** Options after their check. */
export type ReadyWatch = {
  readonly environment: string
  readonly keyArns: readonly string[]
  readonly signerRoleArns: readonly string[]
  readonly adminRoleArn: string
  readonly expectedSigns: number
  readonly expectedRefusals: number
  readonly functionName: string | undefined
  readonly trail: boolean
  /** Of the trail, whoever made it. */
  readonly trailLog: string | undefined
  readonly reconciliationLog: string | undefined
  readonly emails: readonly string[]
  readonly logRetentionDays: number
  readonly place: KeyPlace
}

const LOG_GROUP = /^[\w./#-]{1,512}$/

/** @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`. */
export function readyOf(options: WatchOptions): ReadyWatch {
  assertKnownKeys(options, known)
  const { environment, keyArns, signerRoleArns, adminRoleArn, functionName } = options
  const { expectedSignsPerFiveMinutes: expectedSigns, trail = false, emails = [] } = options
  const { expectedRefusalsPerFiveMinutes: expectedRefusals = 10, logRetentionDays = 365 } = options
  const { trailLogGroupName, reconciliationLogGroupName: reconciliationLog } = options
  assertEnvironment(environment)
  const place = placeOfKeys('keyArns', keyArns)
  assertRoles('signerRoleArns', signerRoleArns, place.partition)
  assertAccountOf('adminRoleArn', parseRoleArn('adminRoleArn', adminRoleArn), place)
  assertWhole('expectedSignsPerFiveMinutes', expectedSigns, 1, 10_000_000)
  assertWhole('expectedRefusalsPerFiveMinutes', expectedRefusals, 0, 10_000_000)
  if (functionName !== undefined)
    assertText('functionName', functionName, /^[A-Za-z0-9_-]{1,64}$/, 'the name of a function')
  assertBoolean('trail', trail)
  if (trailLogGroupName !== undefined) {
    assertText('trailLogGroupName', trailLogGroupName, LOG_GROUP, 'a log group')
    if (trail) throw invalid('trailLogGroupName', 'the stack makes its own with `trail`')
  }
  if (reconciliationLog !== undefined)
    assertText('reconciliationLogGroupName', reconciliationLog, LOG_GROUP, 'a log group')
  if (!Array.isArray(emails) || emails.length > 0)
    assertTexts('emails', emails, /^[^\s@]+@[^\s@]+$/, 'addresses of e-mail')
  assertRetention(logRetentionDays)
  const trailLog = trail ? `/fcl-kms/${environment}/trail` : trailLogGroupName
  return {
    ...{ environment, keyArns, signerRoleArns, adminRoleArn, expectedSigns, expectedRefusals },
    ...{ functionName, trail, trailLog, reconciliationLog, emails, logRetentionDays, place },
  }
}
