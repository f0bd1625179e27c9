/** Log files of CloudTrail, from the bucket that a trail delivers them to. @module */

import type { GetObjectCommandOutput, S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { withDeadline } from '../deadline.ts'
import { isSignerError, SignerError } from '../errors.ts'
import { assertKnownKeys, assertSignal, assertTimeout, invalid } from '../options.ts'
import { describeFacts, factsOf, isPassingFault } from '../signers/aws/thrown-facts.ts'
import { slackMs } from './reconcile.ts'
import type { TrailReading } from './trail-event.ts'
import { readTrailLog } from './trail-folder.ts'

/** Options of `readTrailBucket`. */
export type TrailBucketOptions = {
  /** A client of S3, or the configuration of one. */
  readonly client: S3Client | S3ClientConfig
  readonly bucket: string
  /**
   * What stands before `AWSLogs/<account>`: the prefix of the trail. Of an organization's trail, with
   * `AWSLogs/<organization>`. Default none.
   */
  readonly prefix?: string
  /** Of the keys and their replicas: files lie by account and Region. */
  readonly places: readonly { readonly accountId: string; readonly region: string }[]
  /** As of `reconcile`; more is read, on both sides. */
  readonly from: number
  readonly to: number
  /** Events of all services that are read at most. Default 10,000,000. */
  readonly maxEvents?: number
  /** For one page or one file, with the retries of the client. Default 30,000. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

type AwsS3 = typeof import('@aws-sdk/client-s3')

const known = [
  ...['client', 'bucket', 'prefix', 'places', 'from', 'to', 'maxEvents', 'timeoutMs', 'signal'],
]
const DAY_MS = 86_400_000
/** A file has the time of its delivery, which is later than that of its events. */
const LATE_MS = 7_200_000
const MAX_DAYS = 3_660
/** Packed; CloudTrail closes its files far below. */
const MAX_BYTES = 67_108_864

/**
 * Needs `s3:ListBucket` and `s3:GetObject`, and `kms:Decrypt` where the trail encrypts. Lists the days
 * in question and holds one file in memory; a file that cannot be read is told as `unreadable`.
 *
 * @throws {SignerError} `INVALID_OPTION`, `AWS_SDK_MISSING`; `TRAIL_DENIED`, `TRAIL_UNAVAILABLE`, and
 *   `TRAIL_TOO_LONG` for more than `maxEvents`: a part of the events would make a false verdict.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
 */
export async function* readTrailBucket(
  options: TrailBucketOptions,
): AsyncGenerator<TrailReading, void, undefined> {
  const { bucket, maxEvents, prefixes, calls } = await prepare(options)
  let read = 0
  for (const prefix of prefixes)
    for await (const key of keysBelow(prefix, bucket, calls))
      for await (const reading of readTrailLog(await bytesOf(key, bucket, calls), key)) {
        read += 1
        if (read > maxEvents) throw new SignerError('TRAIL_TOO_LONG', { maxEvents })
        yield reading
      }
}

async function prepare(options: TrailBucketOptions) {
  assertKnownKeys(options, known)
  const { bucket, prefix = '', places, from, to, signal } = options
  const { maxEvents = 10_000_000, timeoutMs = 30_000 } = options
  if (typeof bucket !== 'string' || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw invalid('bucket', 'it is not the name of a bucket')
  if (typeof prefix !== 'string' || !/^[\w!.*'()/-]{0,400}$/.test(prefix))
    throw invalid('prefix', 'it is not the prefix of a trail')
  if (!Array.isArray(places) || places.length === 0) throw invalid('places', 'it names no place')
  for (const { accountId, region } of places)
    if (!/^\d{12}$/.test(accountId) || !/^[a-z]{2,}(-[a-z0-9]+)+$/.test(region))
      throw invalid('places', 'one of them is not an account and a Region')
  if (!Number.isSafeInteger(maxEvents) || maxEvents < 1)
    throw invalid('maxEvents', 'it is no whole number')
  assertTimeout('timeoutMs', timeoutMs)
  assertSignal(signal)
  const days = daysOf(from - slackMs, to + slackMs + LATE_MS)
  const sdk = await loadS3()
  const client = makeClient(sdk, options.client)
  const root = rootOf(prefix)
  const prefixes = places.flatMap(({ accountId, region }) =>
    days.map((day) => `${root}${accountId}/CloudTrail/${region}/${day}/`),
  )
  return { bucket, maxEvents, prefixes, calls: { sdk, client, timeoutMs, signal } }
}

function rootOf(prefix: string): string {
  const base = prefix === '' ? '' : prefix.replace(/\/*$/, '/')
  return /(^|\/)AWSLogs\//.test(base) ? base : `${base}AWSLogs/`
}

/** `2026/11/29`, in UTC, from the day of the first time to that of the last. */
function daysOf(from: number, to: number): readonly string[] {
  const [first, last] = [Math.floor(from / DAY_MS), Math.floor(to / DAY_MS)]
  if (!(last - first >= 0 && last - first <= MAX_DAYS))
    throw invalid('to', 'it is before `from`, or ten years after it')
  return Array.from({ length: last - first + 1 }, (_, index) =>
    new Date((first + index) * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '/'),
  )
}

type Calls = {
  readonly sdk: AwsS3
  readonly client: S3Client
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

async function* keysBelow(
  Prefix: string,
  Bucket: string,
  calls: Calls,
): AsyncGenerator<string, void, undefined> {
  let token: string | undefined
  do {
    const command = new calls.sdk.ListObjectsV2Command({
      ...{ Bucket, Prefix },
      ...(token === undefined ? {} : { ContinuationToken: token }),
    })
    const page = await bounded('s3:ListBucket', calls, (abortSignal) =>
      calls.client.send(command, { abortSignal }),
    )
    for (const { Key = '' } of page.Contents ?? []) if (/\.json(\.gz)?$/.test(Key)) yield Key
    if (page.NextContinuationToken !== undefined && page.NextContinuationToken === token)
      throw unavailable('S3 answered with the same page again')
    token = page.NextContinuationToken
  } while (token !== undefined)
}

/** @returns `undefined` for a file that is gone, or longer than any log. */
function bytesOf(Key: string, Bucket: string, calls: Calls): Promise<Uint8Array | undefined> {
  return bounded('s3:GetObject', calls, async (abortSignal) => {
    const command = new calls.sdk.GetObjectCommand({ Bucket, Key })
    let object: GetObjectCommandOutput
    try {
      object = await calls.client.send(command, { abortSignal })
    } catch (thrown) {
      if (factsOf(thrown).name === 'NoSuchKey') return undefined
      throw thrown
    }
    const { Body, ContentLength = 0 } = object
    if (Body !== undefined && ContentLength <= MAX_BYTES) return Body.transformToByteArray()
    if (Body !== undefined && 'destroy' in Body) Body.destroy() // or its socket stays open
    return undefined
  })
}

async function bounded<T>(
  operation: string,
  { timeoutMs, signal }: Calls,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const onTimeout = () => unavailable(`no answer within ${timeoutMs} ms`)
  try {
    return await withDeadline({ signal, timeoutMs, onTimeout }, call)
  } catch (thrown) {
    signal?.throwIfAborted()
    if (isSignerError(thrown)) throw thrown
    const facts = factsOf(thrown)
    const reason = describeFacts(facts)
    throw isPassingFault(facts) || facts.status === 0
      ? unavailable(reason)
      : new SignerError('TRAIL_DENIED', { operation, reason })
  }
}

const unavailable = (reason: string) => new SignerError('TRAIL_UNAVAILABLE', { reason })

async function loadS3(): Promise<AwsS3> {
  try {
    return await import('@aws-sdk/client-s3')
  } catch (cause) {
    throw new SignerError('AWS_SDK_MISSING', { package: '@aws-sdk/client-s3' }, { cause })
  }
}

function makeClient({ S3Client: Client }: AwsS3, given: S3Client | S3ClientConfig): S3Client {
  if (typeof given !== 'object' || given === null)
    throw invalid('client', 'it is neither an S3Client nor the configuration of one')
  // By shape: there may be two copies of the SDK.
  if ('send' in given && typeof given.send === 'function' && 'config' in given)
    return given as S3Client // what sends and is configured
  try {
    return new Client(given as S3ClientConfig) // the other of the two
  } catch {
    const reason = 'the AWS client cannot be made of it'
    throw new SignerError('AWS_CONFIG_INVALID', { setting: 'client', reason })
  }
}
