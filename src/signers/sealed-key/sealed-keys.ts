/** Many wallets, one KMS key: their private keys lie sealed in a store. @module */

import type { KMSClient, KMSClientConfig } from '@aws-sdk/client-kms'
import type { SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { checkedObject, curveOf } from '../../crypto/arguments.ts'
import { bytesToHex } from '../../crypto/hex.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { parseKmsKeyId } from '../../kms-key-id.ts'
import { assertKnownKeys, assertSignal, assertTimeout } from '../../options.ts'
import { assertKms } from '../aws-kms/client.ts'
import { type KmsLimits, kmsLimits, limitNames } from '../aws-kms/limits.ts'
import type { Signer } from '../signer.ts'
import { createRecord, withSignal } from './creation.ts'
import { createCachingOpener, createOpener, type DataKeyCacheLimits } from './data-key-cache.ts'
import { createDataKeys } from './data-keys.ts'
import { assertStore, createBoundedKeyStore, type SealedKeyStore } from './key-store.ts'
import { readRecord } from './opening.ts'
import { assertRecipient, type Recipient } from './recipient.ts'
import { isKeyArn, parseRecord, type RecordHeader } from './record.ts'
import { type RewrapProgress, type RewrapResult, rewrapAll } from './rewrapping.ts'
import { createSealedSigner, loadRecord } from './sealed-signer.ts'
import { boundContext, type SealingContext } from './sealing-context.ts'
import { walletIds } from './walking.ts'
import { assertWalletId } from './wallet-id.ts'

/** Options of `createSealedKeys`. */
export type SealedKeysOptions = Partial<KmsLimits> & {
  /** A client of yours, or the configuration of one. */
  readonly kms: KMSClient | KMSClientConfig
  /**
   * The ARN of a symmetric KMS key, under which new wallets are sealed. No alias: a record names its
   * key, and an alias may mean another tomorrow.
   */
  readonly keyId: string
  /** ARNs of further KMS keys that records may be under: before and while they are wrapped anew. */
  readonly alsoOpens?: readonly string[]
  readonly store: SealedKeyStore
  /** Milliseconds for each step of the store. Default 10,000. */
  readonly storeTimeoutMs?: number
  /** Keeps data keys open for a while. By default each signature asks KMS. */
  readonly dataKeyCache?: DataKeyCacheLimits
  /** The enclave that KMS answers to. By default KMS answers to whoever holds the credentials. */
  readonly recipient?: Recipient
  /**
   * Up to 8 names and values that records are bound to: they join the encryption context of each call,
   * where policies can ask for them, and what each seal authenticates. Records open only with the same;
   * those made without stay as they were. `fcl-kms` and `wallet` are taken.
   */
  readonly context?: SealingContext
}

/** What a record says openly. Only `create` and the `publicKey` of a signer have proved it. */
export type SealedKeyDescription = {
  readonly id: string
  /** 128 lower-case digits, X‖Y. */
  readonly publicKey: string
  readonly signatureAlgorithm: SignatureAlgorithm
  /** Of the KMS key that it is sealed under. */
  readonly keyArn: string
  /** `data-key`: sealed here under a data key. `key-pair`: wrapped by KMS, which made it. */
  readonly form: 'data-key' | 'key-pair'
}

/** One entry of a list. `invalid` where the record is not one of this wallet. */
export type ListedKey = SealedKeyDescription | { readonly id: string; readonly invalid: true }

/** Wallets of one store. */
export type SealedKeys = {
  /**
   * Makes a key, seals it and keeps it. Nobody else has the private key, and nobody can have it again
   * once the record is lost.
   *
   * @param generatedBy - `kms`: KMS makes the key pair, so that this process never has the private key
   * and needs no `kms:Decrypt`. Then it is not proved here that KMS opens it; with a `recipient` it is.
   * Default `here`.
   * @throws {SignerError} `SEALED_KEY_EXISTS`; `SEALED_KEY_UNCERTAIN` when it is not known whether the
   * store has kept it; and the codes of KMS and of stores.
   */
  readonly create: (
    id: string,
    options: {
      readonly algorithm: SignatureAlgorithm
      readonly generatedBy?: 'here' | 'kms'
      readonly signal?: AbortSignal
    },
  ) => Promise<SealedKeyDescription>
  /** @returns A frozen signer, which makes no call itself. Its id is `sealed-key:` and the wallet's. */
  readonly signer: (id: string) => Signer
  /** @throws {SignerError} `SEALED_KEY_NOT_FOUND`, `SEALED_KEY_INVALID`, and the codes of stores. */
  readonly describe: (
    id: string,
    options?: { signal?: AbortSignal },
  ) => Promise<SealedKeyDescription>
  /** All wallets, page by page, in the order of the store. */
  readonly list: (options?: { signal?: AbortSignal }) => AsyncIterable<ListedKey>
  /**
   * Wraps all records under another KMS key, with new data keys; needs `kms:Decrypt` on the old and
   * `kms:GenerateDataKey` and `kms:Decrypt` on the new one. What is done stays done: call it again to
   * go on. Records that do not open are told and left.
   *
   * @param keyId - The ARN of the new key, which is `keyId` or one of `alsoOpens`: in each process that
   * signs, or its signers refuse what is wrapped anew.
   */
  readonly rewrap: (
    keyId: string,
    options?: {
      /** Records on their way at once. Default 8. */
      readonly atOnce?: number
      readonly signal?: AbortSignal
      readonly onProgress?: (progress: RewrapProgress) => unknown
    },
  ) => Promise<RewrapResult>
  /**
   * Removes the record. Copies that the store keeps (versions of a bucket, backups) are not reached.
   *
   * @returns False when there is none.
   */
  readonly forget: (id: string, options?: { signal?: AbortSignal }) => Promise<boolean>
  /** Overwrites the data keys of the cache. */
  readonly close: () => void
}

const known = [
  'kms',
  'keyId',
  'alsoOpens',
  'store',
  'storeTimeoutMs',
  'dataKeyCache',
  'recipient',
  'context',
  ...limitNames,
]

/**
 * Makes no call itself.
 *
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`.
 */
export function createSealedKeys(options: SealedKeysOptions): SealedKeys {
  assertKnownKeys(options, known)
  const {
    kms,
    keyId,
    alsoOpens = [],
    store: given,
    storeTimeoutMs = 10_000,
    dataKeyCache,
    recipient,
  } = options
  assertKms(kms, 'kms')
  assertStore(given)
  assertTimeout('storeTimeoutMs', storeTimeoutMs)
  if (!Array.isArray(alsoOpens))
    throw new SignerError('INVALID_OPTION', { option: 'alsoOpens', reason: 'it is not an array' })
  const keyArns = [keyId, ...alsoOpens]
  keyArns.forEach(assertKeyArn)
  const limits = kmsLimits(
    Object.fromEntries(Object.entries(options).filter(([name]) => limitNames.includes(name))),
  )
  const store = createBoundedKeyStore(given, storeTimeoutMs)
  assertRecipient(recipient)
  const { pairs, digest: context } = boundContext(options.context)
  const dataKeys = createDataKeys(kms, limits, { recipient, context: pairs })
  const direct = createOpener(dataKeys.unwrap)
  const opener =
    dataKeyCache === undefined ? direct : createCachingOpener(dataKeys.unwrap, dataKeyCache)
  const workshop = { dataKeys, opener: direct, context, store }

  return Object.freeze({
    async create(id, creation) {
      assertWalletId(id)
      assertKnownKeys(creation, ['algorithm', 'generatedBy', 'signal'])
      const { algorithm, generatedBy = 'here', signal } = creation
      curveOf(algorithm)
      assertSignal(signal)
      if (generatedBy !== 'here' && generatedBy !== 'kms')
        throw new SignerError('INVALID_OPTION', {
          option: 'generatedBy',
          reason: 'it is neither here nor kms',
        })
      const place = { id, keyArn: keyId, signal }
      return describe(await createRecord(workshop, place, algorithm, generatedBy))
    },

    signer(id) {
      assertWalletId(id)
      return createSealedSigner({ store, opener, context, keyArns }, id)
    },

    async describe(id, asked = {}) {
      assertWalletId(id)
      const signal = signalOf(asked)
      return describe(await loadRecord({ store }, id, signal))
    },

    async *list(asked = {}) {
      const signal = signalOf(asked)
      for await (const id of walletIds(store, signal)) {
        const bytes = await store.read(id, withSignal(signal))
        if (bytes !== undefined) yield listed(id, bytes)
      }
    },

    async rewrap(keyArn, asked = {}) {
      assertKeyArn(keyArn)
      assertKnownKeys(asked, ['atOnce', 'signal', 'onProgress'])
      const { atOnce = 8, signal, onProgress } = asked
      assertSignal(signal)
      if (!keyArns.includes(keyArn))
        throw new SignerError('INVALID_OPTION', {
          option: 'keyId',
          reason:
            'no signer here opens what is under it: name it in keyId or alsoOpens, in each process',
        })
      if (!Number.isInteger(atOnce) || atOnce < 1 || atOnce > 100)
        throw new SignerError('INVALID_OPTION', {
          option: 'atOnce',
          reason: 'it is not a whole number from 1 to 100',
        })
      return rewrapAll(workshop, { keyArn, from: keyArns, atOnce, signal, onProgress })
    },

    async forget(id, asked = {}) {
      assertWalletId(id)
      const signal = withSignal(signalOf(asked))
      // Whatever lies there, also one that is wrapped anew meanwhile.
      for (let round = 0; round < 10; round++) {
        const bytes = await store.read(id, signal)
        if (bytes === undefined) return false
        if (!(await store.replace(id, bytes, undefined, signal))) continue
        const record = parseRecord(bytes)
        if (record !== undefined) opener.drop(record)
        return true
      }
      throw new SignerError('STORE_UNAVAILABLE', { operation: 'replace' })
    },

    close: () => opener.wipe(),
  } satisfies SealedKeys)
}

function signalOf(options: { signal?: AbortSignal }): AbortSignal | undefined {
  assertKnownKeys(options, ['signal'])
  const { signal } = checkedObject('options', options)
  assertSignal(signal)
  return signal
}

const describe = ({ id, publicKey, algorithm, keyArn, form }: RecordHeader): SealedKeyDescription =>
  Object.freeze({
    id,
    publicKey: bytesToHex(publicKey),
    signatureAlgorithm: algorithm,
    keyArn,
    form,
  })

function listed(id: string, bytes: Uint8Array): ListedKey {
  try {
    return describe(readRecord(id, bytes))
  } catch (thrown) {
    if (isSignerError(thrown, 'SEALED_KEY_INVALID')) return Object.freeze({ id, invalid: true })
    throw thrown
  }
}

/** An alias or a key id may be what people have at hand, so the reason says what is asked for. */
function assertKeyArn(keyId: string): void {
  parseKmsKeyId(keyId)
  if (isKeyArn(keyId)) return
  throw new SignerError('INVALID_KEY_ID', {
    reason: 'sealed keys need the ARN of the key; DescribeKey tells it',
  })
}
