/** Another KMS key for sealed keys: the records first, then the end of the old key. @module */

import { assertKnownKeys, assertSignal, invalid } from '../../options.ts'
import type { RewrapProgress } from '../../signers/sealed-key/rewrapping.ts'
import type { SealedKeys } from '../../signers/sealed-key/sealed-keys.ts'
import { assertKeyArn } from './retirement/own-key.ts'
import { countRecords, recordThatNeeds, shownIds } from './retirement/records-under.ts'
import type { KeyRetirement, RetirementNote } from './types.ts'
import { assertSealedKeys } from './vaults/sealed-key-vault.ts'

/** In their order. */
export type RewrapStep = 'rewrap' | 'disable' | 'unused' | 'delete' | 'done'

/** Options of `rewrapSealedKeys`. */
export type RewrapSealedKeysOptions = {
  /** Of the store; opens records under both keys: `keyId` and `alsoOpens`. */
  readonly keys: SealedKeys
  /** The ARN of the old KMS key. */
  readonly from: string
  /** The ARN of the new one. */
  readonly to: string
  /** Of the old key: `wrappingKeyRetirement`. By default it stays as it is. */
  readonly retirement?: KeyRetirement
  /** With `rewrap` only the records are counted. */
  readonly stopBefore?: Exclude<RewrapStep, 'done'>
  /** Records on their way at once. Default 8. */
  readonly atOnce?: number
  readonly onProgress?: (progress: RewrapProgress) => unknown
  readonly signal?: AbortSignal
}

/** How far it has come. */
export type RewrapReport = {
  /**
   * `records-left`: some are under the old key, or cannot be read, or there is none at all and the old
   * key was to end: see `notes`.
   */
  readonly state: 'done' | 'stopped' | 'records-left' | 'waiting-until-unused'
  /** The next one. */
  readonly step: RewrapStep
  /** How many records are under which KMS key, by its ARN, as counted last. */
  readonly records: Readonly<Record<string, number>>
  /** By this call. */
  readonly rewrapped: number
  /** Ids of records that did not open. */
  readonly invalid: readonly string[]
  /** Milliseconds since 1970, with `waiting-until-unused`. */
  readonly askAgainAt?: number
  /** Sentences for people. */
  readonly notes: readonly string[]
}

const STEPS = ['rewrap', 'disable', 'unused', 'delete'] as const

/**
 * Wraps every record anew under `to`, counts again that none is under `from`, then disables `from`, waits
 * until it was unused, and schedules its deletion. Before, every process that signs must know `to` by
 * `alsoOpens`, and each that makes wallets must have it as `keyId`. What is done stays done: after a stop,
 * a fault or a kill, run it again.
 *
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`; `KEY_STILL_USED` and the other codes of the
 * retirement; the codes of KMS and of stores.
 */
export async function rewrapSealedKeys(options: RewrapSealedKeysOptions): Promise<RewrapReport> {
  assertOptions(options)
  const { keys, from, to, retirement, stopBefore, atOnce, onProgress, signal } = options
  const notes: string[] = []
  const asked = signal === undefined ? {} : { signal }
  let rewrapped = 0
  let count = await countRecords(keys, signal)
  let unopened: readonly string[] = []
  const report = (
    state: RewrapReport['state'],
    step: RewrapStep,
    more: { readonly askAgainAt?: number } = {},
  ): RewrapReport =>
    Object.freeze({
      ...{ state, step, records: count.under, rewrapped, ...more },
      invalid: Object.freeze([...new Set([...count.invalid, ...unopened])]),
      notes: Object.freeze(notes),
    })
  if (stopBefore === 'rewrap') return report('stopped', 'rewrap')

  const others = Object.keys(count.under).filter((keyArn) => keyArn !== to)
  if (others.length > 0) {
    const settings = { ...asked, ...(atOnce && { atOnce }), ...(onProgress && { onProgress }) }
    const result = await keys.rewrap(to, settings)
    rewrapped = result.rewrapped
    unopened = result.invalid
    count = await countRecords(keys, signal)
  }
  const reason = recordThatNeeds(from, count)
  if (reason !== undefined) {
    notes.push(`${from} is still needed: ${reason}.`)
    if (unopened.length > 0) notes.push(`These did not open: ${shownIds(unopened)}.`)
    return report('records-left', 'rewrap')
  }
  if (Object.keys(count.under).length === 0 && retirement !== undefined) {
    notes.push(
      `The store has no record at all, so nothing shows that it is the one whose records are under ${from}: it is left.`,
    )
    return report('records-left', 'rewrap')
  }
  notes.push(`No record is under ${from} any more.`)
  if (stopBefore === 'disable') return report('stopped', 'disable')

  // No chain knows this key: only its use counts.
  const check = { revokedAt: 0, ...asked }
  const note = (what: string, told: RetirementNote | undefined) =>
    notes.push(told?.text ?? `The old key was left: there is nothing that could ${what} it.`)
  note('disable', await retirement?.disable?.(check))
  if (stopBefore === 'unused') return report('stopped', 'unused')
  const answer = await retirement?.unused?.(check)
  if (answer?.unused === false) {
    notes.push(`The old key waits: ${answer.reason}.`)
    return report('waiting-until-unused', 'unused', { askAgainAt: answer.askAgainAt })
  }
  if (answer !== undefined) notes.push(answer.note.text)
  if (stopBefore === 'delete') return report('stopped', 'delete')
  note('delete', await retirement?.remove?.(check))
  return report('done', 'done')
}

function assertOptions(options: RewrapSealedKeysOptions): void {
  assertKnownKeys(options, [
    ...['keys', 'from', 'to', 'retirement', 'stopBefore', 'atOnce', 'onProgress', 'signal'],
  ])
  const { keys, from, to, retirement, stopBefore, atOnce = 8, onProgress, signal } = options
  assertSealedKeys(keys)
  assertKeyArn(from)
  assertKeyArn(to)
  assertSignal(signal)
  if (!Number.isInteger(atOnce) || atOnce < 1 || atOnce > 100)
    throw invalid('atOnce', 'it is not a whole number from 1 to 100')
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw invalid('onProgress', 'it is not a function')
  if (from === to) throw invalid('to', 'it is the old key')
  if (stopBefore !== undefined && !STEPS.includes(stopBefore))
    throw invalid('stopBefore', `it is none of ${STEPS.join(', ')}`)
  if (retirement !== undefined && Object(retirement).reference !== from)
    throw invalid('retirement', 'it is not of the key that from names')
}
