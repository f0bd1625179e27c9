/** Joins CloudTrail's Sign events with our own records, by the request id of KMS. @module */

import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import { keyIdentity, watchedKeys } from './key-arn.ts'
import type { OwnReading, OwnSignature } from './own-signature.ts'
import type { SignTrailEvent, TrailReading, UnreadableRecord } from './trail-event.ts'

/** A signature that we did not make. */
export type ForeignSignature = SignTrailEvent & {
  /**
   * `unknown`: no record of ours has its request id. `another key`: one has, for another key. `told
   * twice`: another event had that request id before, and is not the same call.
   */
  readonly why: 'unknown' | 'another key' | 'told twice'
}

/** A signature of ours that CloudTrail does not tell of. */
export type MissingSignature = OwnSignature & {
  /**
   * `no events`: nothing at all is recorded of this key: the trail is off, leaves KMS out, or is of
   * another Region or account. `event missing`: others are recorded. `told as failed`: its event has
   * an error code.
   */
  readonly why: 'no events' | 'event missing' | 'told as failed'
}

/** What came of it. Times in milliseconds since 1970. */
export type Reconciliation = {
  readonly from: number
  readonly to: number
  /** ARNs, as given. */
  readonly keys: readonly string[]
  /** `alarm`: a signature that we did not make. `incomplete`: something could not be told. */
  readonly verdict: 'agrees' | 'incomplete' | 'alarm'
  /** Signatures of ours that CloudTrail tells of. */
  readonly matched: number
  readonly foreign: readonly ForeignSignature[]
  /** Signatures whose answer never reached us: one for each request that was never answered, at most. */
  readonly unanswered: readonly SignTrailEvent[]
  /** Ours, and so young that the event may still come. */
  readonly late: number
  readonly missing: readonly MissingSignature[]
  readonly unreadable: readonly UnreadableRecord[]
  /** Sign calls that signed nothing: refused, failed, or dry runs. */
  readonly failed: number
  /** Events that were told more than once. */
  readonly repeated: number
}

/** Options of `reconcile`. */
export type ReconcileOptions = {
  /** ARNs of keys. That of one Region stands for all replicas of a multi-Region key. */
  readonly keys: readonly string[]
  /** Milliseconds since 1970. What is judged lies from `from` to before `to`. */
  readonly from: number
  readonly to: number
  /** Of `lookUpSignEvents` or `readTrailFolder`: at least `slackMs` more than is judged, on both sides. */
  readonly events: AsyncIterable<TrailReading> | Iterable<TrailReading>
  /** Of `readOwnSignatures`: from `slackMs` before what is judged up to now. */
  readonly own: AsyncIterable<OwnReading> | Iterable<OwnReading>
  /** What is younger may still come to CloudTrail. Default 20 minutes. */
  readonly lateMs?: number
  /** Between the event of a request without an answer and our record of it. Default 2 minutes. */
  readonly unansweredMs?: number
  /** Milliseconds since 1970. Default: the clock's. */
  readonly now?: number
}

/** Clocks differ, and we write down a signature after it was made: 10 minutes. */
export const slackMs: number = 600_000
/** CloudTrail delivers within about 5 minutes on average, and does not promise it. */
const LATE_MS = 1_200_000
const UNANSWERED_MS = 120_000
/** CloudTrail's times are of whole seconds. */
const SECOND_MS = 1_000

/**
 * Neither side tells what was signed: CloudTrail has no digest. So a signature counts as ours when our
 * own records have its request id, which KMS makes and nobody can choose; how to keep those records
 * from whoever could sign is the reader's part.
 *
 * @throws {SignerError} `INVALID_OPTION`; what the sources throw.
 */
export async function reconcile(options: ReconcileOptions): Promise<Reconciliation> {
  const { keys, from, to, now = Date.now(), lateMs = LATE_MS } = checked(options)
  const watched = watchedKeys(keys)
  const isWatched = (arn: string | undefined) =>
    arn === undefined || watched.has(keyIdentity(arn) ?? '')
  const unreadable: UnreadableRecord[] = []
  const own = await readOwn(options, isWatched, unreadable)
  const seen = await readEvents(options, isWatched, unreadable)

  const foreign: ForeignSignature[] = seen.doubled
    .filter(isJudged)
    .map((event) => ({ ...event, why: 'told twice' }))
  const unknown: SignTrailEvent[] = []
  let matched = 0
  function isJudged({ at }: { readonly at: number }): boolean {
    return at >= from && at < to
  }
  for (const event of seen.signed.values()) {
    if (!isJudged(event)) continue
    const record = own.byRequest.get(event.requestId)
    if (record === undefined) unknown.push(event)
    else if (isOfAnotherKey(record, event)) foreign.push({ ...event, why: 'another key' })
    else matched += 1
  }
  const { explained, left } = explain(unknown, own.open, options.unansweredMs ?? UNANSWERED_MS)
  foreign.push(...left.map((event) => ({ ...event, why: 'unknown' as const })))

  const absent = [...own.byRequest].filter(
    ([id, record]) => isJudged(record) && !seen.signed.has(id),
  )
  const told = new Set([...seen.signed.values(), ...seen.failed.values()].map(identityOf))
  const whyMissing = (id: string, record: OwnSignature): MissingSignature['why'] => {
    if (seen.failed.has(id)) return 'told as failed'
    const isTold = record.keyArn === undefined ? told.size > 0 : told.has(identityOf(record))
    return isTold ? 'event missing' : 'no events'
  }
  const missing = absent
    .filter(([, { at }]) => now - at >= lateMs)
    .map(([id, record]) => ({ ...record, why: whyMissing(id, record) }))
  const isWhole = missing.length === 0 && unreadable.length === 0
  return {
    from,
    to,
    keys: [...watched.values()],
    verdict: foreign.length > 0 ? 'alarm' : isWhole ? 'agrees' : 'incomplete',
    matched,
    foreign: foreign.sort((a, b) => a.at - b.at),
    unanswered: explained,
    late: absent.length - missing.length,
    missing,
    unreadable,
    failed: [...seen.failed.values()].filter(isJudged).length,
    repeated: seen.repeated,
  }
}

function checked(options: ReconcileOptions): ReconcileOptions {
  assertKnownKeys(options, [
    ...['keys', 'from', 'to', 'events', 'own'],
    ...['lateMs', 'unansweredMs', 'now'],
  ])
  const { from, to, lateMs = LATE_MS, unansweredMs = UNANSWERED_MS, now = 0 } = options
  for (const [option, value] of Object.entries({ from, to, lateMs, unansweredMs, now }))
    if (!Number.isSafeInteger(value) || value < 0) throw invalid(option, 'it is no whole number')
  if (from >= to) throw invalid('to', 'it is not after from')
  return options
}

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })

type Own = {
  readonly byRequest: ReadonlyMap<string, OwnSignature>
  /** Those with requests that were never answered. */
  readonly open: readonly OwnSignature[]
}

async function readOwn(
  { own, from }: ReconcileOptions,
  isWatched: (arn: string | undefined) => boolean,
  unreadable: UnreadableRecord[],
): Promise<Own> {
  const byRequest = new Map<string, OwnSignature>()
  const open: OwnSignature[] = []
  for await (const reading of own) {
    if (reading.kind === 'unreadable') unreadable.push(unreadableOf(reading))
    if (reading.kind !== 'own') continue
    const { signature } = reading
    const { at, requestId, keyArn, unanswered } = signature
    // One that was written down late still has its request id.
    if (at < from - slackMs || !isWatched(keyArn)) continue
    if (requestId !== undefined) byRequest.set(requestId, signature)
    if (unanswered > 0) open.push(signature)
  }
  return { byRequest, open: open.sort((a, b) => a.at - b.at) }
}

type Seen = {
  /** By request id. */
  readonly signed: ReadonlyMap<string, SignTrailEvent>
  readonly failed: ReadonlyMap<string, SignTrailEvent>
  readonly doubled: readonly SignTrailEvent[]
  readonly repeated: number
}

async function readEvents(
  { events, from, to }: ReconcileOptions,
  isWatched: (arn: string | undefined) => boolean,
  unreadable: UnreadableRecord[],
): Promise<Seen> {
  const signed = new Map<string, SignTrailEvent>()
  const failed = new Map<string, SignTrailEvent>()
  const ids = new Set<string>()
  const doubled: SignTrailEvent[] = []
  let repeated = 0
  for await (const reading of events) {
    if (reading.kind === 'unreadable' && isWatched(reading.keyArn))
      unreadable.push(unreadableOf(reading))
    if (reading.kind !== 'sign' || !isWatched(reading.event.keyArn)) continue
    const { event } = reading
    if (event.at < from - slackMs || event.at >= to + slackMs) continue
    const map = event.errorCode === undefined ? signed : failed
    const before = map.get(event.requestId)
    if (ids.has(event.eventId) || (before !== undefined && isSameCall(before, event))) repeated += 1
    else if (before !== undefined) doubled.push(event)
    else map.set(event.requestId, event)
    ids.add(event.eventId)
  }
  return { signed, failed, doubled, repeated }
}

/** A call from another account is told to both accounts. */
const isSameCall = (a: SignTrailEvent, b: SignTrailEvent) =>
  a.sharedEventId !== undefined && a.sharedEventId === b.sharedEventId

const unreadableOf = ({ place, reason, keyArn }: UnreadableRecord): UnreadableRecord =>
  keyArn === undefined ? { place, reason } : { place, reason, keyArn }

const identityOf = ({ keyArn }: { readonly keyArn?: string }) => keyIdentity(keyArn)

const isOfAnotherKey = (record: OwnSignature, event: SignTrailEvent) =>
  record.keyArn !== undefined && identityOf(record) !== identityOf(event)

/** Each request without an answer accounts for one event, of its key and shortly before our record. */
function explain(unknown: SignTrailEvent[], open: readonly OwnSignature[], withinMs: number) {
  const left = new Map(open.map((record) => [record, record.unanswered]))
  const explained: SignTrailEvent[] = []
  const foreign: SignTrailEvent[] = []
  for (const event of unknown.sort((a, b) => a.at - b.at)) {
    const record = open.find(
      (one) =>
        (left.get(one) ?? 0) > 0 &&
        one.at >= event.at - SECOND_MS &&
        one.at <= event.at + SECOND_MS + withinMs &&
        one.keyArn !== undefined &&
        !isOfAnotherKey(one, event),
    )
    if (record === undefined) foreign.push(event)
    else {
      left.set(record, (left.get(record) ?? 0) - 1)
      explained.push(event)
    }
  }
  return { explained, left: foreign }
}
