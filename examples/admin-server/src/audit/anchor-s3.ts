/** Anchors as objects of a bucket that nobody can remove before their time. @module */

import { ListObjectVersionsCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { AdminError } from '../errors.ts'
import { type AnchorPlace, anchorText } from './anchor-place.ts'
import type { AuditHead } from './audit.ts'

/** Digits of the sequence in a key: keys sort as their records do. */
const DIGITS = 16
const DAY_MS = 86_400_000

/** See `createS3Place`. */
export type S3PlaceOptions = {
  /** With Object Lock, which S3 gives only to buckets that are made with it, or asks support for. */
  readonly bucket: string
  /** For example `audit/prod/`. One database each. */
  readonly prefix: string
  readonly retainDays: number
  /** Of one call, its retries included. */
  readonly timeoutMs: number
}

/**
 * Writes `<prefix><sequence>-<hash>.json`, locked in COMPLIANCE mode. A bucket without Object Lock
 * refuses that, so there is never an anchor that could be removed. Nothing is overwritten: the bucket
 * has versions, and a second write of the same key is one more of them.
 *
 * Reads versions and not objects, since a delete marker may hide an object but not its version. A key
 * says all there is to know, so nothing is fetched; what somebody else puts there can raise a false
 * alarm and hide nothing.
 *
 * @param client - Needs s3:PutObject, s3:PutObjectRetention and s3:ListBucketVersions.
 */
export function createS3Place(client: S3Client, options: S3PlaceOptions): AnchorPlace {
  const { bucket, prefix, retainDays, timeoutMs } = options
  const keyOf = (sequence: number) => `${prefix}${String(sequence).padStart(DIGITS, '0')}`

  async function read(after: number, signal: AbortSignal): Promise<readonly AuditHead[]> {
    const anchors: AuditHead[] = []
    let marker: { KeyMarker: string; VersionIdMarker?: string } | undefined = {
      KeyMarker: `${keyOf(after)}~`, // behind each `-<hash>.json` of that sequence
    }
    while (marker !== undefined) {
      const command: ListObjectVersionsCommand = new ListObjectVersionsCommand({
        Bucket: bucket,
        Prefix: prefix,
        ...marker,
      })
      const page = await within(timeoutMs, signal, (abortSignal) =>
        client.send(command, { abortSignal }),
      )
      for (const { Key } of page.Versions ?? []) {
        const anchor = anchorOf(Key?.slice(prefix.length) ?? '')
        if (anchor !== undefined) anchors.push(anchor)
      }
      const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = page
      marker =
        IsTruncated === true && NextKeyMarker !== undefined
          ? {
              KeyMarker: NextKeyMarker,
              ...(NextVersionIdMarker !== undefined && { VersionIdMarker: NextVersionIdMarker }),
            }
          : undefined
    }
    return anchors
  }

  async function write(head: AuditHead, signal: AbortSignal): Promise<void> {
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: `${keyOf(head.sequence)}-${head.hash}.json`,
      Body: anchorText(head),
      ContentType: 'application/json',
      ChecksumAlgorithm: 'SHA256', // a lock asks for a checksum
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: new Date(Date.now() + retainDays * DAY_MS),
    })
    await within(timeoutMs, signal, (abortSignal) => client.send(command, { abortSignal }))
  }

  return Object.freeze<AnchorPlace>({
    kind: 's3',
    prepare: async () => undefined, // a bucket is made with its lock, by whoever owns it
    read: ({ after, signal }) => read(after, signal).catch(refuse),
    write: (head, signal) => write(head, signal).catch(refuse),
  })
}

/** By hand: what AbortSignal.any makes of AbortSignal.timeout is lost to the garbage collector. */
async function within<T>(
  timeoutMs: number,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const timer = setTimeout(abort, timeoutMs)
  signal.addEventListener('abort', abort, { once: true })
  try {
    if (signal.aborted) abort()
    return await call(controller.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

/** Other objects may lie below the prefix; they are none of ours. */
function anchorOf(name: string): AuditHead | undefined {
  const [, digits, hash] = /^(\d{16})-([0-9a-f]{64})\.json$/.exec(name) ?? []
  const sequence = Number(digits)
  return hash !== undefined && Number.isSafeInteger(sequence) ? { sequence, hash } : undefined
}

/** Neither the reply nor the request of an error of the SDK may reach a log: it is named only. */
function refuse(thrown: unknown): never {
  const isNamed = typeof thrown === 'object' && thrown !== null && 'name' in thrown
  const cause = isNamed ? String(thrown.name) : ''
  throw new AdminError('ANCHOR_FAILED', { part: 'anchor', cause })
}
