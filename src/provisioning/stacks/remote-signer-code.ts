/** The code of the stack `remote-signer`: one archive, named by its hash, in a bucket. @module */

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { zipSync } from 'fflate'
import { isSignerError, SignerError } from '../../errors.ts'
import { assertKnownKeys } from '../../options.ts'
import { type SignerDocument, serviceOf } from '../../remote-signer-lambda/document.ts'
import { load, made, openStacks, type StackSettings, settingNames } from './session.ts'

/** Options of `packRemoteSigner`. */
export type PackRemoteSignerOptions = {
  readonly document: SignerDocument
  /** Another bundle than the one of this package: an ES module that exports `handler`. */
  readonly bundle?: Uint8Array
}

/** An archive for Lambda: `index.handler`, Node.js 20 or newer. */
export type RemoteSignerCode = {
  readonly bytes: Uint8Array
  readonly byteLength: number
  /** 64 hexadecimal digits. */
  readonly sha256: string
  /** The same in base64, as Lambda tells it. */
  readonly codeSha256: string
  /** Its name in a bucket. */
  readonly key: string
}

/**
 * Packs the Lambda with what it may sign. The same document gives the same bytes, on every machine and
 * version of Node.js.
 *
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS` for a document that no service would take.
 */
export async function packRemoteSigner(
  options: PackRemoteSignerOptions,
): Promise<RemoteSignerCode> {
  assertKnownKeys(options, ['document', 'bundle'])
  const { document, bundle } = options
  if (bundle !== undefined && !(bundle instanceof Uint8Array))
    throw new SignerError('INVALID_OPTION', { option: 'bundle', reason: 'it is not bytes' })
  // Whatever the ledger: that is of the stack.
  serviceOf(document, { signer: nobody, ledger: { claim: nothing } })
  const files = {
    'index.mjs': bundle ?? (await ownBundle()),
    'signer.json': new TextEncoder().encode(JSON.stringify(document)),
  }
  // Local time: that is what is written, so that it is the same in every time zone.
  const mtime = new Date(1980, 0, 1)
  const bytes = zipSync(files, { level: 9, mtime, os: 3, attrs: (0o100_644 << 16) >>> 0 })
  const hash = createHash('sha256').update(bytes).digest()
  const sha256 = hash.toString('hex')
  return Object.freeze({
    bytes,
    byteLength: bytes.length,
    sha256,
    codeSha256: hash.toString('base64'),
    key: `fcl-kms/remote-signer-${sha256}.zip`,
  })
}

const nothing = () => Promise.reject(new Error('never asked'))
const nobody = { id: 'none', publicKey: nothing, sign: nothing }

async function ownBundle(): Promise<Uint8Array> {
  const file = new URL('../../remote-signer-lambda/bundle.mjs', import.meta.url)
  try {
    return await readFile(file)
  } catch {
    const reason = 'there is none beside this package: it comes with npm, or of npm run build'
    throw new SignerError('INVALID_OPTION', { option: 'bundle', reason })
  }
}

/** Options of `uploadRemoteSigner`. */
export type UploadRemoteSignerOptions = StackSettings & {
  readonly code: RemoteSignerCode
  /** A bucket of the account of these credentials, in the Region of the stack. */
  readonly bucket: string
}

/**
 * Puts the archive where CloudFormation finds it. Its name is its hash, so one that is there already
 * is left as it is.
 *
 * @returns Whether it is new there.
 * @throws {SignerError} `INVALID_OPTION`, and of calls as `deployStack`.
 */
export async function uploadRemoteSigner(options: UploadRemoteSignerOptions): Promise<boolean> {
  assertKnownKeys(options, [...settingNames, 'code', 'bucket'])
  const { client: config, code, bucket } = options
  if (typeof bucket !== 'string' || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new SignerError('INVALID_OPTION', { option: 'bucket', reason: 'it is no bucket name' })
  if (!(code?.bytes instanceof Uint8Array))
    throw new SignerError('INVALID_OPTION', { option: 'code', reason: 'it is not a packed Lambda' })
  const { bounded, caller } = await openStacks(options)
  const sdk = await load('@aws-sdk/client-s3', () => import('@aws-sdk/client-s3'))
  // An endpoint of one's own has no names of buckets in its host.
  const forcePathStyle = config.endpoint !== undefined
  const s3 = made(() => new sdk.S3Client({ ...config, forcePathStyle }))
  const command = new sdk.PutObjectCommand({
    Bucket: bucket,
    Key: code.key,
    Body: code.bytes,
    ChecksumSHA256: code.codeSha256,
    ContentType: 'application/zip',
    ExpectedBucketOwner: caller.accountId,
    IfNoneMatch: '*',
  })
  try {
    await bounded('s3:PutObject', (abortSignal) => s3.send(command, { abortSignal }))
    return true
  } catch (thrown) {
    const isThere =
      isSignerError(thrown, 'AWS_REQUEST_INVALID') &&
      thrown.context.reason.startsWith('PreconditionFailed')
    if (isThere) return false
    throw thrown
  } finally {
    s3.destroy()
  }
}
