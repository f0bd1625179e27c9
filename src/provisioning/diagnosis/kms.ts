/** Whether KMS is reached, and whether its clock and ours agree. @module */

import { isSignerError } from '../../errors.ts'
import type { KmsSession } from '../keys/kms-session.ts'
import { checkCredentials, checkRegion } from './credentials.ts'
import { checkOf, type Finding } from './finding.ts'
import { type DiagnosedKey, diagnoseKey } from './key.ts'

/** KMS refuses requests whose time is off by five minutes. */
const MAX_SKEW_MS = 300_000
const MUCH_SKEW_MS = 60_000

/** What was found out about KMS and the keys. */
export type DiagnosedKms = {
  readonly findings: readonly Finding[]
  readonly keys: readonly DiagnosedKey[]
}

/** Without Region or credentials no request is sent. */
export async function diagnoseKms(
  kms: KmsSession,
  keyIds: readonly string[],
): Promise<DiagnosedKms> {
  const own = await Promise.all([checkRegion(kms), checkCredentials(kms)])
  if (own.some(({ status }) => status === 'problem')) {
    const why = 'no request can be sent without Region and credentials'
    const rest = ['kms endpoint', 'clock'].map((name) => checkOf(name).skipped(why))
    return { findings: [...own, ...rest], keys: [] }
  }
  const keys = await Promise.all(
    keyIds.map((keyId, index) => diagnoseKey(kms, keyId, `number ${index + 1}`)),
  )
  const findings = [
    ...own,
    checkEndpoint(keys),
    checkClock(kms, keys),
    ...keys.flatMap((key) => key.findings),
  ]
  return { findings, keys }
}

function checkEndpoint(keys: readonly DiagnosedKey[]): Finding {
  const check = checkOf('kms endpoint')
  if (keys.some(({ answered }) => answered)) return check.ok('it answers')
  const [failure] = keys.flatMap(({ failures }) => failures)
  return failure === undefined ? check.skipped('no key to ask about') : check.failed(failure)
}

/** By the Date header of what KMS answered, from which the SDK keeps the difference. */
function checkClock({ client }: KmsSession, keys: readonly DiagnosedKey[]): Finding {
  const check = checkOf('clock')
  const remedy = 'Synchronise the clock of this machine, for example with chrony or w32time.'
  const skewed = keys
    .flatMap(({ failures }) => failures)
    .find((failure) => isSignerError(failure, 'KMS_CLOCK_SKEWED'))
  if (skewed !== undefined) return check.failed(skewed)
  const offsetMs = client.config.systemClockOffset
  // 0 is what the SDK starts with: nothing was measured.
  if (typeof offsetMs !== 'number' || offsetMs === 0)
    return check.skipped('KMS did not tell its time')
  const fact = `${(Math.abs(offsetMs) / 1000).toFixed(0)} s ${offsetMs > 0 ? 'behind' : 'ahead of'} KMS`
  if (Math.abs(offsetMs) >= MAX_SKEW_MS) return check.problem(fact, remedy, 'KMS_CLOCK_SKEWED')
  if (Math.abs(offsetMs) >= MUCH_SKEW_MS) return check.warning(fact, remedy, 'KMS_CLOCK_SKEWED')
  return check.ok(fact)
}
