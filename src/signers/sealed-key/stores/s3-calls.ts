/** The four calls to S3: each bounded in time and in what is read. @module */

import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { withDeadline } from '../../../deadline.ts'
import { isSignerError, SignerError } from '../../../errors.ts'
import { isStream, withBoundedReply } from '../../aws/bounded-reply.ts'
import { factsOf } from '../../aws/thrown-facts.ts'
import { READ_BYTES } from '../key-store.ts'
import { storeFault } from './store-fault.ts'

type AwsS3 = typeof import('@aws-sdk/client-s3')

/** A condition on what is there. */
type Condition = { readonly IfNoneMatch?: string; readonly IfMatch?: string }

/** See each function of a store. Those that change something resolve to whether the condition held. */
export type S3Calls = {
  readonly put: (
    operation: string,
    object: { readonly key: string; readonly body: Uint8Array; readonly condition: Condition },
    signal: AbortSignal | undefined,
  ) => Promise<boolean>
  readonly get: (
    operation: string,
    key: string,
    signal: AbortSignal | undefined,
  ) => Promise<{ readonly bytes: Uint8Array; readonly etag: string } | undefined>
  readonly remove: (
    operation: string,
    object: { readonly key: string; readonly condition: Condition },
    signal: AbortSignal | undefined,
  ) => Promise<boolean>
  readonly list: (
    page: { readonly prefix: string; readonly after?: string; readonly limit: number },
    signal: AbortSignal | undefined,
  ) => Promise<{ readonly keys: readonly string[]; readonly isLast: boolean }>
}

export function createS3Calls(options: {
  readonly client: S3Client | S3ClientConfig
  readonly bucket: string
  readonly timeoutMs: number
}): S3Calls {
  const { client: given, bucket: Bucket, timeoutMs } = options
  let opening: Promise<{ client: S3Client; s3: AwsS3 }> | undefined

  function opened(): Promise<{ client: S3Client; s3: AwsS3 }> {
    opening ??= open()
    opening.catch(() => {
      opening = undefined
    })
    return opening
  }

  async function open(): Promise<{ client: S3Client; s3: AwsS3 }> {
    const s3 = await loadAwsS3()
    return { client: isClient(given) ? given : makeClient(s3, given, timeoutMs), s3 }
  }

  /** @param refused - Names of answers that are none of a fault. */
  async function call<T>(
    operation: string,
    signal: AbortSignal | undefined,
    refused: RegExp,
    send: (client: S3Client, s3: AwsS3, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const onTimeout = () => new SignerError('STORE_UNAVAILABLE', { operation, waitedMs: timeoutMs })
    try {
      return await withDeadline({ signal, timeoutMs, onTimeout }, async (abort) => {
        const { client, s3 } = await opened()
        return send(client, s3, abort)
      })
    } catch (thrown) {
      signal?.throwIfAborted()
      if (isSignerError(thrown)) throw thrown
      if (refused.test(factsOf(thrown).name)) return undefined
      throw storeFault(operation, thrown)
    }
  }

  return {
    async put(operation, { key: Key, body: Body, condition }, signal) {
      const reply = await call(operation, signal, CONDITION, (client, s3, abortSignal) => {
        const ContentType = 'application/octet-stream'
        const command = new s3.PutObjectCommand({ Bucket, Key, Body, ContentType, ...condition })
        return client.send(withBoundedReply(command), { abortSignal })
      })
      return reply !== undefined
    },
    async get(operation, Key, signal) {
      return call(operation, signal, /^NoSuchKey$/, async (client, s3, abortSignal) => {
        const command = new s3.GetObjectCommand({ Bucket, Key })
        const { Body, ETag } = await client.send(command, { abortSignal })
        const bytes = await firstBytes(Body)
        if (ETag === undefined) throw new SignerError('STORE_ANSWER_INVALID', { operation })
        return { bytes, etag: ETag }
      })
    },
    async remove(operation, { key: Key, condition }, signal) {
      const reply = await call(operation, signal, CONDITION, (client, s3, abortSignal) =>
        client.send(withBoundedReply(new s3.DeleteObjectCommand({ Bucket, Key, ...condition })), {
          abortSignal,
        }),
      )
      return reply !== undefined
    },
    async list({ prefix: Prefix, after, limit: MaxKeys }, signal) {
      const from = after === undefined ? {} : { StartAfter: after }
      const reply = await call('list', signal, NEVER, (client, s3, abortSignal) =>
        client.send(
          withBoundedReply(new s3.ListObjectsV2Command({ Bucket, Prefix, MaxKeys, ...from })),
          { abortSignal },
        ),
      )
      const keys = (reply?.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key]))
      return { keys, isLast: reply?.IsTruncated !== true }
    },
  }
}

/** Another has made, changed or removed it, or is about to. */
const CONDITION = /^(PreconditionFailed|ConditionalRequestConflict|NoSuchKey)$/
const NEVER = /^\b$/

/** @returns No more than a record and one byte, so that what is longer is seen to be none. */
async function firstBytes(body: unknown): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let byteLength = 0
  if (isStream(body))
    for await (const chunk of body) {
      chunks.push(chunk)
      byteLength += chunk.byteLength
      if (byteLength >= READ_BYTES) break // which ends the stream
    }
  return new Uint8Array(Buffer.concat(chunks).subarray(0, READ_BYTES))
}

async function loadAwsS3(): Promise<AwsS3> {
  try {
    return await import('@aws-sdk/client-s3')
  } catch (cause) {
    throw new SignerError('AWS_SDK_MISSING', { package: '@aws-sdk/client-s3' }, { cause })
  }
}

/** By shape: there may be two copies of the SDK. */
const isClient = (given: S3Client | S3ClientConfig): given is S3Client =>
  'send' in given && typeof given.send === 'function' && 'config' in given

/** The SDK by default waits for ever; what the caller has set stays. */
function makeClient({ S3Client }: AwsS3, config: S3ClientConfig, timeoutMs: number): S3Client {
  const { requestHandler } = config
  const isHandler = typeof requestHandler === 'object' && 'handle' in (requestHandler ?? {})
  const timeouts = {
    connectionTimeout: 1_000,
    requestTimeout: Math.min(3_000, timeoutMs),
    throwOnRequestTimeout: true,
  }
  try {
    return new S3Client({
      ...config,
      requestHandler: isHandler ? requestHandler : { ...timeouts, ...requestHandler },
    })
  } catch {
    const reason = 'the AWS client cannot be made of it'
    throw new SignerError('AWS_CONFIG_INVALID', { setting: 'client', reason })
  }
}
