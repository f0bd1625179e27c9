/** What is asked of KMS: data keys and key pairs that name their wallet, and to unwrap them. @module */

import type { KMSClient, KMSClientConfig } from '@aws-sdk/client-kms'
import type { SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { callKms } from '../aws-kms/call.ts'
import { kmsClient, loadAwsKms } from '../aws-kms/client.ts'
import type { KmsLimits } from '../aws-kms/limits.ts'
import { keySpecs } from '../aws-kms/public-key.ts'
import { scalarOfPkcs8 } from './private-key.ts'
import { askFor, type Recipient } from './recipient.ts'
import type { RecordHeader } from './record.ts'
import type { SealingContext } from './sealing-context.ts'

const DATA_KEY_BYTES = 32

/** A key of KMS's making, wrapped. */
export type Wrapped = { readonly wrapped: Uint8Array }

/** One data key and its wrapping. */
export type DataKey = Wrapped & {
  /** 32 bytes. The caller overwrites them. */
  readonly plaintext: Uint8Array
}

/** What was wrapped, and what KMS tells of the call. */
export type Unwrapped = {
  /** The caller overwrites them. */
  readonly plaintext: Uint8Array
  readonly attempts: number
  readonly requestId: string | undefined
}

/** The calls, each bounded in time and in what is read. */
export type DataKeys = {
  /** Whether KMS answers to an enclave only. Then a pair is proved to be one. */
  readonly isAttested: boolean
  readonly generate: (id: string, keyArn: string, signal?: AbortSignal) => Promise<DataKey>
  readonly generatePair: (
    id: string,
    keyArn: string,
    algorithm: SignatureAlgorithm,
    signal?: AbortSignal,
  ) => Promise<Wrapped & { readonly publicKey: Uint8Array }>
  /** @throws {SignerError} `SEALED_KEY_INVALID` also when KMS does not know what was wrapped. */
  readonly unwrap: (record: RecordHeader, signal?: AbortSignal) => Promise<Unwrapped>
}

export const invalidKey = (id: string): SignerError => new SignerError('SEALED_KEY_INVALID', { id })

/**
 * @param kms - A client, or the configuration of one.
 * @param bound - To whom KMS answers, and what its encryption context has besides the wallet.
 */
export function createDataKeys(
  kms: KMSClient | KMSClientConfig,
  limits: KmsLimits,
  bound: { readonly recipient?: Recipient | undefined; readonly context?: SealingContext } = {},
): DataKeys {
  const { recipient, context } = bound
  const ready = async () => {
    const [client, commands] = await Promise.all([kmsClient(kms, limits), loadAwsKms()])
    return { client, commands }
  }
  /**
   * Stands in CloudTrail with each call, and in `kms:EncryptionContext:wallet` of policies. KMS unwraps
   * only with the same.
   */
  const contextOf = (id: string) => ({ ...context, 'fcl-kms': 'sealed-key', wallet: id })

  return {
    isAttested: recipient !== undefined,

    async generate(id, keyArn, signal) {
      const { client, commands } = await ready()
      const input = { KeyId: keyArn, KeySpec: 'AES_256', EncryptionContext: contextOf(id) } as const
      const { fields, opened } = askFor(recipient, keyArn)
      const { reply } = await callKms({
        ...{ client, limits, signal, keyId: keyArn, operation: 'GenerateDataKey' },
        command: async (asked) =>
          new commands.GenerateDataKeyCommand({ ...input, ...(await fields(asked)) }),
      })
      const plaintext = opened(reply, { name: 'Plaintext', bytes: reply.Plaintext })
      try {
        assertReply(reply.KeyId === keyArn, keyArn, 'KeyId')
        assertReply(plaintext.length === DATA_KEY_BYTES, keyArn, 'Plaintext')
        return { plaintext, wrapped: wrappedOf(reply.CiphertextBlob, keyArn, 'CiphertextBlob') }
      } catch (thrown) {
        plaintext.fill(0)
        throw thrown
      }
    },

    async generatePair(id, keyArn, algorithm, signal) {
      const { client, commands } = await ready()
      const input = {
        KeyId: keyArn,
        KeyPairSpec: algorithm === 'ECDSA_P256' ? 'ECC_NIST_P256' : 'ECC_SECG_P256K1',
        EncryptionContext: contextOf(id),
      } as const
      const call = { client, limits, signal, keyId: keyArn }
      if (recipient === undefined) {
        const { reply } = await callKms({
          ...{ ...call, operation: 'GenerateDataKeyPairWithoutPlaintext' },
          command: () => new commands.GenerateDataKeyPairWithoutPlaintextCommand(input),
        })
        return pairOf(reply, keyArn, algorithm)
      }
      const { fields, opened } = askFor(recipient, keyArn)
      const { reply } = await callKms({
        ...{ ...call, operation: 'GenerateDataKeyPair' },
        command: async (asked) =>
          new commands.GenerateDataKeyPairCommand({ ...input, ...(await fields(asked)) }),
      })
      const bytes = reply.PrivateKeyPlaintext
      const pkcs8 = opened(reply, { name: 'PrivateKeyPlaintext', bytes })
      try {
        const pair = await pairOf(reply, keyArn, algorithm)
        const scalar = scalarOfPkcs8(pkcs8, algorithm, pair.publicKey)?.fill(0)
        assertReply(scalar !== undefined, keyArn, 'CiphertextForRecipient')
        return pair
      } finally {
        pkcs8.fill(0)
      }
    },

    async unwrap({ id, keyArn, wrapped }, signal) {
      const { client, commands } = await ready()
      const input = { KeyId: keyArn, CiphertextBlob: wrapped, EncryptionContext: contextOf(id) }
      const { fields, opened } = askFor(recipient, keyArn)
      const { reply, attempts } = await callKms({
        ...{ client, limits, signal, keyId: keyArn, operation: 'Decrypt' },
        command: async (asked) =>
          new commands.DecryptCommand({ ...input, ...(await fields(asked)) }),
      }).catch((thrown: unknown) => Promise.reject(isNotOurs(thrown) ? invalidKey(id) : thrown))
      const plaintext = opened(reply, { name: 'Plaintext', bytes: reply.Plaintext })
      if (reply.KeyId === keyArn && plaintext.length > 0)
        return { plaintext, attempts, requestId: reply.$metadata?.requestId }
      plaintext.fill(0)
      throw mismatch(keyArn, reply.KeyId === keyArn ? 'Plaintext' : 'KeyId')
    },
  }
}

/** What every answer about a new pair has, whether its private key comes along or not. */
async function pairOf(
  reply: {
    readonly KeyId?: string | undefined
    readonly KeyPairSpec?: string | undefined
    readonly PublicKey?: Uint8Array | undefined
    readonly PrivateKeyCiphertextBlob?: Uint8Array | undefined
  },
  keyArn: string,
  algorithm: SignatureAlgorithm,
): Promise<Wrapped & { readonly publicKey: Uint8Array }> {
  assertReply(reply.KeyId === keyArn, keyArn, 'KeyId')
  assertReply(keySpecs[reply.KeyPairSpec ?? ''] === algorithm, keyArn, 'KeyPairSpec')
  const wrapped = wrappedOf(reply.PrivateKeyCiphertextBlob, keyArn, 'PrivateKeyCiphertextBlob')
  const { spkiToPublicKey } = await import('../../crypto/spki.ts')
  const key = spkiToPublicKey(reply.PublicKey ?? new Uint8Array())
  assertReply(key.algorithm === algorithm, keyArn, 'PublicKey')
  return { wrapped, publicKey: key.bytes }
}

/** KMS says so of a ciphertext, a context or a key that do not belong together. */
const isNotOurs = (thrown: unknown): boolean =>
  isSignerError(thrown, 'KMS_REQUEST_INVALID') &&
  /^(InvalidCiphertext|IncorrectKey)Exception\b/.test(thrown.context.reason)

function wrappedOf(bytes: Uint8Array | undefined, keyId: string, field: string): Uint8Array {
  assertReply(bytes instanceof Uint8Array && bytes.length > 0, keyId, field)
  return new Uint8Array(bytes ?? [])
}

const mismatch = (keyId: string, field: string) =>
  new SignerError('KMS_REPLY_MISMATCH', { keyId, field })

function assertReply(isRight: boolean, keyId: string, field: string): void {
  if (!isRight) throw mismatch(keyId, field)
}
