/** Sign events of the last 90 days by LookupEvents, which every account has without a trail. @module */

import type {
  CloudTrailClient,
  CloudTrailClientConfig,
  LookupEventsCommandOutput,
} from '@aws-sdk/client-cloudtrail'
import { pause, withDeadline } from '../deadline.ts'
import { isSignerError, SignerError } from '../errors.ts'
import { assertKnownKeys, assertSignal, assertTimeout } from '../options.ts'
import { describeFacts, factsOf, isPassingFault } from '../signers/aws/thrown-facts.ts'
import { slackMs } from './reconcile.ts'
import { readTrailEvent, type TrailReading } from './trail-event.ts'

/** Options of `lookUpSignEvents`. */
export type LookUpOptions = {
  /** A client of the Region of the keys, or the configuration of one. */
  readonly client: CloudTrailClient | CloudTrailClientConfig
  /** As of `reconcile`; more is read, on both sides. */
  readonly from: number
  readonly to: number
  /** Records that are read at most. Default 100,000: of more, delivered files are faster. */
  readonly maxEvents?: number
  /** For one page, with the retries of the client. Default 10,000. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

type AwsCloudTrail = typeof import('@aws-sdk/client-cloudtrail')

/** Of one account and Region: two calls a second. */
const PACE_MS = 500
const PAGE = 50
const MAX_EVENTS = 100_000
const MAX_AGE_MS = 90 * 86_400_000

/**
 * Needs `cloudtrail:LookupEvents`. Asks for a page of 50 each half second, so 100 signatures a second
 * are what it can follow.
 *
 * @throws {SignerError} `INVALID_OPTION`, `AWS_SDK_MISSING`; `TRAIL_DENIED`, `TRAIL_UNAVAILABLE`, and
 *   `TRAIL_TOO_LONG` for more than `maxEvents`: a part of the events would make a false verdict.
 */
export async function* lookUpSignEvents(
  options: LookUpOptions,
): AsyncGenerator<TrailReading, void, undefined> {
  assertKnownKeys(options, ['client', 'from', 'to', 'maxEvents', 'timeoutMs', 'signal'])
  yield* lookUpKmsEvents({ ...options, operation: 'Sign' })
}

/**
 * The same of another operation of KMS: its readings, too, are of the kind `sign`. Newest first.
 *
 * @param options - `operation`: as KMS names it, for example `Decrypt`.
 */
export async function* lookUpKmsEvents(
  options: LookUpOptions & { readonly operation: string },
): AsyncGenerator<TrailReading, void, undefined> {
  const { from, to, operation, maxEvents = MAX_EVENTS, timeoutMs = 10_000, signal } = options
  assertSignal(signal)
  assertTimeout('timeoutMs', timeoutMs)
  if (!Number.isSafeInteger(maxEvents) || maxEvents < 1)
    throw new SignerError('INVALID_OPTION', {
      option: 'maxEvents',
      reason: 'it is no whole number',
    })
  if (from < Date.now() - MAX_AGE_MS)
    throw new SignerError('INVALID_OPTION', {
      option: 'from',
      reason: 'LookupEvents goes back 90 days; read the delivered files for what is older',
    })
  const sdk = await loadCloudTrail()
  const client = makeClient(sdk, options.client)
  let read = 0
  let token: string | undefined
  do {
    if (token !== undefined) await pause(PACE_MS, signal)
    const page = await lookUp({ sdk, client, operation, from, to, token, timeoutMs, signal })
    for (const event of page.Events ?? []) {
      read += 1
      if (read > maxEvents) throw new SignerError('TRAIL_TOO_LONG', { maxEvents })
      yield readLookedUp(event, operation)
    }
    if (page.NextToken !== undefined && page.NextToken === token)
      throw unavailable('it answered with the same page again')
    token = page.NextToken
  } while (token !== undefined)
}

type Question = Pick<LookUpOptions, 'from' | 'to'> & {
  readonly sdk: AwsCloudTrail
  readonly client: CloudTrailClient
  readonly operation: string
  readonly token: string | undefined
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

async function lookUp(question: Question): Promise<LookupEventsCommandOutput> {
  const { sdk, client, operation, from, to, token, timeoutMs, signal } = question
  const command = new sdk.LookupEventsCommand({
    LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: operation }],
    StartTime: new Date(from - slackMs),
    EndTime: new Date(to + slackMs),
    MaxResults: PAGE,
    ...(token === undefined ? {} : { NextToken: token }),
  })
  const onTimeout = () => unavailable(`no answer within ${timeoutMs} ms`)
  try {
    return await withDeadline({ signal, timeoutMs, onTimeout }, (abortSignal) =>
      client.send(command, { abortSignal }),
    )
  } catch (thrown) {
    signal?.throwIfAborted()
    throw isSignerError(thrown) ? thrown : failureOf(thrown)
  }
}

function failureOf(thrown: unknown): SignerError {
  const facts = factsOf(thrown)
  const reason = describeFacts(facts)
  return isPassingFault(facts) || facts.status === 0
    ? unavailable(reason)
    : new SignerError('TRAIL_DENIED', { operation: 'cloudtrail:LookupEvents', reason })
}

const unavailable = (reason: string) => new SignerError('TRAIL_UNAVAILABLE', { reason })

type LookedUp = { EventId?: string | undefined; CloudTrailEvent?: string | undefined }

function readLookedUp({ EventId, CloudTrailEvent }: LookedUp, operation: string): TrailReading {
  const place = EventId ?? 'an event without an id'
  try {
    return readTrailEvent(JSON.parse(CloudTrailEvent ?? ''), place, operation)
  } catch {
    return { kind: 'unreadable', place, reason: 'its record is not JSON' }
  }
}

async function loadCloudTrail(): Promise<AwsCloudTrail> {
  try {
    return await import('@aws-sdk/client-cloudtrail')
  } catch (cause) {
    throw new SignerError('AWS_SDK_MISSING', { package: '@aws-sdk/client-cloudtrail' }, { cause })
  }
}

function makeClient(
  { CloudTrailClient: Client }: AwsCloudTrail,
  given: CloudTrailClient | CloudTrailClientConfig,
): CloudTrailClient {
  if (typeof given !== 'object' || given === null)
    throw new SignerError('INVALID_OPTION', {
      option: 'client',
      reason: 'it is neither a CloudTrailClient nor the configuration of one',
    })
  // By shape: there may be two copies of the SDK.
  if ('send' in given && typeof given.send === 'function' && 'config' in given) return given
  try {
    return new Client(given)
  } catch {
    const reason = 'the AWS client cannot be made of it'
    throw new SignerError('AWS_CONFIG_INVALID', { setting: 'client', reason })
  }
}
