/** Disabling a KMS key, and asking for its deletion: both only when nothing names it any more. @module */

import { isSignerError, SignerError } from '../../../errors.ts'
import type { KmsSession } from '../../keys/kms-session.ts'
import type { RetirementCheck, RetirementNote, UnusedAnswer } from '../types.ts'
import { isPending, type KeyState, readState } from './own-key.ts'
import { askForUse, type UseQuestion } from './unused.ts'
import { shownTime } from './waiting.ts'

/** One key, and how its end is decided on. */
export type Ending = Omit<UseQuestion, 'kms'> & {
  readonly open: (signal: AbortSignal | undefined) => Promise<KmsSession>
  readonly pendingWindowInDays: number
  /** @returns Why the key may not end yet, with what to do. */
  readonly stillNamed: (kms: KmsSession, state: KeyState) => Promise<string | undefined>
}

const did = (text: string): RetirementNote => Object.freeze({ done: true, text })
const stillUsed = (reference: string, reason: string) =>
  new SignerError('KEY_STILL_USED', { reference, reason })

/** @throws {SignerError} `KEY_STILL_USED`, the `KMS_…` codes and those of who names the key. */
export async function disableKey(
  ending: Ending,
  { signal }: RetirementCheck,
): Promise<RetirementNote> {
  const { keyArn } = ending
  const kms = await ending.open(signal)
  const found = await readState(kms, keyArn)
  const { state, otherRegions } = found
  if (state === 'Disabled') return did(`${keyArn} was disabled already.`)
  if (state === 'gone' || isPending(state)) return did(`${keyArn}: ${ended(state)}.`)
  const reason = await ending.stillNamed(kms, found)
  if (reason !== undefined) throw stillUsed(keyArn, reason)
  const target = { keyId: keyArn, operation: 'DisableKey' }
  await kms.call(target, () => new kms.sdk.DisableKeyCommand({ KeyId: keyArn }))
  return did(`${keyArn} is disabled.${elsewhere(otherRegions)}`)
}

/** @throws {SignerError} The `KMS_…` and `TRAIL_…` codes. */
export async function keyUnused(ending: Ending, check: RetirementCheck): Promise<UnusedAnswer> {
  const kms = await ending.open(check.signal)
  const { state } = await readState(kms, ending.keyArn)
  if (state === 'gone' || isPending(state))
    return { unused: true, note: did(`${ending.keyArn}: ${ended(state)}.`) }
  return askForUse({ ...ending, kms }, check)
}

/** @throws {SignerError} `KEY_STILL_USED`, the `KMS_…` and `TRAIL_…` codes and those of who names the key. */
export async function removeKey(ending: Ending, check: RetirementCheck): Promise<RetirementNote> {
  const { keyArn, pendingWindowInDays } = ending
  const kms = await ending.open(check.signal)
  const found = await readState(kms, keyArn)
  const { state, otherRegions, isPrimary } = found
  if (state === 'gone' || isPending(state)) return did(`${keyArn}: ${ended(state)}.`)
  const reason = await ending.stillNamed(kms, found)
  if (reason !== undefined) throw stillUsed(keyArn, reason)
  // KMS would take it, and let it wait for them without an end.
  if (isPrimary)
    throw stillUsed(
      keyArn,
      `it is the primary of replicas in ${otherRegions.join(', ')}, which work on without it: have them deleted first, each in its own Region`,
    )
  const answer = await askForUse({ ...ending, kms }, check)
  if (!answer.unused) throw stillUsed(keyArn, answer.reason)
  const target = { keyId: keyArn, operation: 'ScheduleKeyDeletion' }
  const input = { KeyId: keyArn, PendingWindowInDays: pendingWindowInDays }
  try {
    const command = () => new kms.sdk.ScheduleKeyDeletionCommand(input)
    const { DeletionDate } = await kms.call(target, command)
    const at = DeletionDate instanceof Date ? ` for ${shownTime(DeletionDate.getTime())}` : ''
    return did(
      `The deletion of ${keyArn} is scheduled${at}; until then CancelKeyDeletion keeps it, disabled.${elsewhere(otherRegions)}`,
    )
  } catch (thrown) {
    // A retry is refused when the first request was taken and its answer lost.
    if (!isSignerError(thrown, 'KEY_STATE_INVALID')) throw thrown
    const { state: now } = await readState(kms, keyArn)
    if (!isPending(now)) throw thrown
    return did(`${keyArn}: ${ended(now)}.`)
  }
}

const ended = (state: string) =>
  state === 'gone' ? 'KMS has no such key any more' : `its deletion is scheduled already (${state})`

/** Of a multi-Region key: each is a key of its own to KMS. */
const elsewhere = (regions: readonly string[]) =>
  regions.length === 0
    ? ''
    : ` The keys of its set in ${regions.join(', ')} are as they were: they have the same private key, and end each in its own Region.`
