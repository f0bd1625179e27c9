/** Records in a bucket of S3, each one object that is made once. @module */

import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { equalBytes } from '../../../crypto/bytes.ts'
import { SignerError } from '../../../errors.ts'
import { assertKnownKeys, assertTimeout } from '../../../options.ts'
import type { SealedKeyStore } from '../key-store.ts'
import { nameOfWallet, walletOfName } from '../wallet-id.ts'
import { createS3Calls, type S3Calls } from './s3-calls.ts'

/** Where the objects lie. */
export type S3KeyStoreOptions = {
  /** A client of yours, or the configuration of one. */
  readonly client: S3Client | S3ClientConfig
  readonly bucket: string
  /** In front of each object's name. Default `sealed-keys/`. */
  readonly prefix?: string
  /** Milliseconds for each step, the retries of the client among them. Default 10,000. */
  readonly timeoutMs?: number
}

/**
 * Needs `s3:GetObject`, `s3:PutObject`, `s3:DeleteObject` and `s3:ListBucket`. Objects are made only
 * where there is none (`If-None-Match`), and replaced or removed only while they are what was read
 * (`If-Match`). Makes no call itself.
 *
 * @throws {SignerError} `INVALID_OPTION`. Each function rejects with `STORE_DENIED`,
 * `STORE_UNAVAILABLE` or `AWS_SDK_MISSING`.
 */
export function createS3KeyStore(options: S3KeyStoreOptions): SealedKeyStore {
  assertKnownKeys(options, ['client', 'bucket', 'prefix', 'timeoutMs'])
  const { client, bucket, prefix = 'sealed-keys/', timeoutMs = 10_000 } = options
  const wrong = (option: string, reason: string) =>
    new SignerError('INVALID_OPTION', { option, reason })
  if (typeof client !== 'object' || client === null)
    throw wrong('client', 'it is neither an S3Client nor the configuration of one')
  if (typeof bucket !== 'string' || !/^[A-Za-z0-9:/._-]{3,255}$/.test(bucket))
    throw wrong('bucket', 'it is not the name of a bucket, nor the ARN of an access point')
  if (typeof prefix !== 'string' || !/^[A-Za-z0-9!_.*'()/-]{0,200}$/.test(prefix))
    throw wrong('prefix', "it is not at most 200 letters, digits and ! _ . * ' ( ) / -")
  // Such a part is taken out of a URL on its way, and the object would lie in another bucket.
  if (prefix.split('/').some((part) => /^\.\.?$/.test(part)))
    throw wrong('prefix', 'it has a part that is . or ..')
  assertTimeout('timeoutMs', timeoutMs)
  const calls = createS3Calls({ client, bucket, timeoutMs })
  const keyOf = (id: string) => `${prefix}${nameOfWallet(id)}`

  return Object.freeze({
    create: (id, record, { signal } = {}) =>
      calls.put(
        'create',
        { key: keyOf(id), body: record, condition: { IfNoneMatch: '*' } },
        signal,
      ),

    read: async (id, { signal } = {}) => (await calls.get('read', keyOf(id), signal))?.bytes,

    async list({ after, limit, signal }) {
      const page = await calls.list({ prefix, limit, ...(after && { after }) }, signal)
      const ids = page.keys.map((key) => walletOfName(key.slice(prefix.length)))
      const last = page.keys.at(-1)
      return {
        ids: ids.filter((id) => id !== undefined),
        ...(page.isLast || last === undefined ? {} : { next: last }),
      }
    },

    replace: (id, expected, next, { signal } = {}) =>
      replaceObject(calls, { key: keyOf(id), expected, next }, signal),
  } satisfies SealedKeyStore)
}

async function replaceObject(
  calls: S3Calls,
  step: {
    readonly key: string
    readonly expected: Uint8Array
    readonly next: Uint8Array | undefined
  },
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { key, expected, next } = step
  const found = await calls.get('replace', key, signal)
  if (found === undefined || !equalBytes(found.bytes, expected)) return false
  const condition = { IfMatch: found.etag }
  return next === undefined
    ? calls.remove('replace', { key, condition }, signal)
    : calls.put('replace', { key, body: next, condition }, signal)
}
