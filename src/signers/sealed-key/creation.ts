/** A new wallet: its key is made, sealed, proved to open, and only then kept. @module */

import type { SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { equalBytes } from '../../crypto/bytes.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import type { Opener } from './data-key-cache.ts'
import type { DataKeys } from './data-keys.ts'
import { sealScalar } from './envelope.ts'
import type { SealedKeyStore } from './key-store.ts'
import { assertPair, checksumOf, type Opening, readRecord, withPrivateKey } from './opening.ts'
import { generateScalar, type ScalarPair } from './private-key.ts'
import { encodeHeader, type SealedRecord } from './record.ts'

/** What creating, and wrapping anew, works with. */
export type Workshop = Opening & {
  readonly dataKeys: DataKeys
  /** Without a cache: it proves that KMS opens what was wrapped. */
  readonly opener: Opener
  readonly store: Required<SealedKeyStore>
}

/** An option that may be left out, but not be undefined. */
export const withSignal = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  signal === undefined ? {} : { signal }

/** Which wallet, under which KMS key. */
export type Place = {
  readonly id: string
  readonly keyArn: string
  readonly signal: AbortSignal | undefined
}

/** Lends a private key to a function that runs to its end before anything else does. */
export type LendPair = (use: (pair: ScalarPair) => Uint8Array) => Promise<Uint8Array>

/**
 * Seals a private key under a new data key, and opens it again by KMS.
 *
 * @returns The whole record.
 * @throws {SignerError} The codes of KMS, and `SEALED_KEY_INVALID` when KMS does not open what it
 * has wrapped.
 */
export async function sealPair(
  workshop: Workshop,
  { id, keyArn, signal }: Place,
  algorithm: SignatureAlgorithm,
  lendPair: LendPair,
): Promise<Uint8Array> {
  const { dataKeys, context } = workshop
  const { plaintext, wrapped } = await dataKeys.generate(id, keyArn, signal)
  const seal = ({ scalar, publicKey }: ScalarPair) => {
    const header = encodeHeader({ form: 'data-key', id, algorithm, publicKey, keyArn, wrapped })
    return sealScalar(plaintext, header, scalar, { context })
  }
  const bytes = await lendPair(seal).finally(() => plaintext.fill(0))
  return proved(workshop, { id, keyArn, signal }, bytes)
}

/** What was sealed, and does open. */
async function proved(
  workshop: Workshop,
  { id, keyArn, signal }: Place,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const record = readRecord(id, bytes, [keyArn])
  await withPrivateKey(workshop, record, (pair) => assertPair(record, pair), signal)
  return bytes
}

/**
 * Nothing is kept before all is done, and what is kept opens: whoever is ended between two steps
 * leaves no wallet.
 *
 * @param generatedBy - `kms`: by `GenerateDataKeyPairWithoutPlaintext`, so the private key is not here
 * and is not proved to open; to an enclave by `GenerateDataKeyPair`, and proved.
 * @throws {SignerError} `SEALED_KEY_EXISTS`, `SEALED_KEY_UNCERTAIN`, and the codes of KMS.
 */
export async function createRecord(
  workshop: Workshop,
  place: Place,
  algorithm: SignatureAlgorithm,
  generatedBy: 'here' | 'kms',
): Promise<SealedRecord> {
  const { id, signal } = place
  if ((await workshop.store.read(id, withSignal(signal))) !== undefined)
    throw new SignerError('SEALED_KEY_EXISTS', { id })
  const bytes =
    generatedBy === 'here'
      ? await sealPair(workshop, place, algorithm, lendNewPair(algorithm))
      : await wrappedPair(workshop, place, algorithm)
  await keep(workshop.store, id, bytes, signal)
  return readRecord(id, bytes)
}

const lendNewPair =
  (algorithm: SignatureAlgorithm): LendPair =>
  async (use) => {
    const pair = generateScalar(algorithm)
    try {
      return use(pair)
    } finally {
      pair.scalar.fill(0)
    }
  }

async function wrappedPair(
  workshop: Workshop,
  place: Place,
  algorithm: SignatureAlgorithm,
): Promise<Uint8Array> {
  const { dataKeys } = workshop
  const { id, keyArn, signal } = place
  const pair = await dataKeys.generatePair(id, keyArn, algorithm, signal)
  const header = encodeHeader({ form: 'key-pair', id, algorithm, keyArn, ...pair })
  const bytes = new Uint8Array(Buffer.concat([header, checksumOf(header)]))
  return dataKeys.isAttested ? proved(workshop, place, bytes) : bytes
}

/** A reply that was lost is no failure: the record that lies there tells whether it is this one. */
async function keep(
  store: Required<SealedKeyStore>,
  id: string,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = withSignal(signal)
  try {
    if (await store.create(id, bytes, options)) return
  } catch (thrown) {
    signal?.throwIfAborted()
    const isRefused = isSignerError(thrown) && thrown.disposition !== 'retry'
    if (isRefused) throw thrown
    const found = await store.read(id).catch(() => undefined)
    if (found !== undefined && equalBytes(found, bytes)) return
    throw new SignerError('SEALED_KEY_UNCERTAIN', { id }, { cause: thrown })
  }
  const found = await store.read(id, options)
  if (found === undefined) throw new SignerError('SEALED_KEY_UNCERTAIN', { id })
  if (!equalBytes(found, bytes)) throw new SignerError('SEALED_KEY_EXISTS', { id })
}
