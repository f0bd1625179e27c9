/** All records of a store under another KMS key, one by one; what was done stays done. @module */

import { isSignerError, SignerError } from '../../errors.ts'
import { tellObserver } from '../../observers.ts'
import { type Place, sealPair, type Workshop, withSignal } from './creation.ts'
import { assertPair, readRecord, withPrivateKey } from './opening.ts'
import type { SealedRecord } from './record.ts'
import { walletIds } from './walking.ts'

/** What became of the records. */
export type RewrapResult = {
  /** Wrapped anew by this call. */
  readonly rewrapped: number
  /** Under the new key before. */
  readonly already: number
  /** Ids of records that did not open, which stay as they are. */
  readonly invalid: readonly string[]
}

/** How far it is. */
export type RewrapProgress = { readonly id: string; readonly seen: number }

/** What is to be done. */
export type Rewrapping = {
  /** The new KMS key. */
  readonly keyArn: string
  /** KMS keys that a record may be under. */
  readonly from: readonly string[]
  /** Records on their way at once. */
  readonly atOnce: number
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: RewrapProgress) => unknown) | undefined
}

/**
 * Ends at the first fault that is not of one record; called again, it goes on from there.
 *
 * @throws {SignerError} The codes of KMS and of stores.
 */
export async function rewrapAll(workshop: Workshop, options: Rewrapping): Promise<RewrapResult> {
  const { atOnce, signal, onProgress } = options
  const counts = { rewrapped: 0, already: 0 }
  const invalid: string[] = []
  let seen = 0
  let stopped: { readonly thrown: unknown } | undefined
  const ids = walletIds(workshop.store, signal)

  async function work(): Promise<void> {
    while (stopped === undefined) {
      const { done, value: id } = await ids.next()
      if (done === true) return
      try {
        const outcome = await rewrapOne(workshop, id, options)
        if (outcome !== 'gone') counts[outcome] += 1
      } catch (thrown) {
        if (!isSignerError(thrown, 'SEALED_KEY_INVALID')) throw thrown
        invalid.push(id)
      }
      seen += 1
      const spared = 'the wrapping is'
      tellObserver(onProgress, { id, seen }, { name: 'onProgress', spared })
    }
  }

  const stop = (thrown: unknown) => {
    stopped ??= { thrown }
  }
  await Promise.all(Array.from({ length: atOnce }, () => work().catch(stop)))
  if (stopped !== undefined) throw stopped.thrown
  return Object.freeze({ ...counts, invalid: Object.freeze(invalid) })
}

async function rewrapOne(
  workshop: Workshop,
  id: string,
  { keyArn, from, signal }: Rewrapping,
): Promise<'rewrapped' | 'already' | 'gone'> {
  const { store } = workshop
  const place = { id, keyArn, signal }
  // Another process may be at it; then its record is read.
  for (let round = 0; round < 3; round++) {
    const before = await store.read(id, withSignal(signal))
    if (before === undefined) return 'gone'
    const record = readRecord(id, before, [...from, keyArn])
    if (record.keyArn === keyArn) return 'already'
    const bytes = await reseal(workshop, place, record)
    if (await store.replace(id, before, bytes, withSignal(signal))) return 'rewrapped'
  }
  throw new SignerError('STORE_UNAVAILABLE', { operation: 'replace' })
}

const reseal = (workshop: Workshop, place: Place, record: SealedRecord): Promise<Uint8Array> =>
  sealPair(workshop, place, record.algorithm, async (use) => {
    const used = await withPrivateKey(
      workshop,
      record,
      (pair) => {
        assertPair(record, pair)
        return use(pair)
      },
      place.signal,
    )
    return used.value
  })
