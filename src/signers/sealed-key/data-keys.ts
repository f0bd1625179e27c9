/** What is asked of KMS: data keys and key pairs that name their wallet, and to unwrap them. @module */

import type { KMSClient, KMSClientConfig } from '@aws-sdk/client-kms'
import type { SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { callKms } from '../aws-kms/call.ts'
import { kmsClient, loadAwsKms } from '../aws-kms/client.ts'
import type { KmsLimits } from '../aws-kms/limits.ts'
import { keySpecs } from '../aws-kms/public-key.ts'
import type { RecordHeader } from './record.ts'
import { secretCopy } from './secret-bytes.ts'

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

/**
 * Stands in CloudTrail with each call, and in `kms:EncryptionContext:wallet` of policies. KMS unwraps
 * only with the same.
 */
const contextOf = (id: string) => ({ 'fcl-kms': 'sealed-key', wallet: id })

export const invalidKey = (id: string): SignerError => new SignerError('SEALED_KEY_INVALID', { id })

/** @param kms - A client, or the configuration of one. */
export function createDataKeys(kms: KMSClient | KMSClientConfig, limits: KmsLimits): DataKeys {
  const opened = async () => {
    const [client, commands] = await Promise.all([kmsClient(kms, limits), loadAwsKms()])
    return { client, commands }
  }
  return {
    async generate(id, keyArn, signal) {
      const { client, commands } = await opened()
      const input = { KeyId: keyArn, KeySpec: 'AES_256', EncryptionContext: contextOf(id) } as const
      const { reply } = await callKms({
        ...{ client, limits, signal, keyId: keyArn, operation: 'GenerateDataKey' },
        command: () => new commands.GenerateDataKeyCommand(input),
      })
      const plaintext = own(reply.Plaintext)
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
      const { client, commands } = await opened()
      const input = {
        KeyId: keyArn,
        KeyPairSpec: algorithm === 'ECDSA_P256' ? 'ECC_NIST_P256' : 'ECC_SECG_P256K1',
        EncryptionContext: contextOf(id),
      } as const
      const operation = 'GenerateDataKeyPairWithoutPlaintext'
      const { reply } = await callKms({
        ...{ client, limits, signal, keyId: keyArn, operation },
        command: () => new commands.GenerateDataKeyPairWithoutPlaintextCommand(input),
      })
      assertReply(reply.KeyId === keyArn, keyArn, 'KeyId')
      assertReply(keySpecs[reply.KeyPairSpec ?? ''] === algorithm, keyArn, 'KeyPairSpec')
      const field = 'PrivateKeyCiphertextBlob'
      const wrapped = wrappedOf(reply.PrivateKeyCiphertextBlob, keyArn, field)
      const { spkiToPublicKey } = await import('../../crypto/spki.ts')
      const key = spkiToPublicKey(reply.PublicKey ?? new Uint8Array())
      assertReply(key.algorithm === algorithm, keyArn, 'PublicKey')
      return { wrapped, publicKey: key.bytes }
    },

    async unwrap({ id, keyArn, wrapped }, signal) {
      const { client, commands } = await opened()
      const input = { KeyId: keyArn, CiphertextBlob: wrapped, EncryptionContext: contextOf(id) }
      const { reply, attempts } = await callKms({
        ...{ client, limits, signal, keyId: keyArn, operation: 'Decrypt' },
        command: () => new commands.DecryptCommand(input),
      }).catch((thrown: unknown) => Promise.reject(isNotOurs(thrown) ? invalidKey(id) : thrown))
      const plaintext = own(reply.Plaintext)
      if (reply.KeyId === keyArn && plaintext.length > 0)
        return { plaintext, attempts, requestId: reply.$metadata?.requestId }
      plaintext.fill(0)
      throw mismatch(keyArn, reply.KeyId === keyArn ? 'Plaintext' : 'KeyId')
    },
  }
}

/** KMS says so of a ciphertext, a context or a key that do not belong together. */
const isNotOurs = (thrown: unknown): boolean =>
  isSignerError(thrown, 'KMS_REQUEST_INVALID') &&
  /^(InvalidCiphertext|IncorrectKey)Exception\b/.test(thrown.context.reason)

/** A copy in memory of its own; what the SDK gave is overwritten, as far as it can be reached. */
function own(given: Uint8Array | undefined): Uint8Array {
  const bytes = given instanceof Uint8Array ? given : new Uint8Array()
  const copy = secretCopy(bytes)
  bytes.fill(0)
  return copy
}

function wrappedOf(bytes: Uint8Array | undefined, keyId: string, field: string): Uint8Array {
  assertReply(bytes instanceof Uint8Array && bytes.length > 0, keyId, field)
  return new Uint8Array(bytes ?? [])
}

const mismatch = (keyId: string, field: string) =>
  new SignerError('KMS_REPLY_MISMATCH', { keyId, field })

function assertReply(isRight: boolean, keyId: string, field: string): void {
  if (!isRight) throw mismatch(keyId, field)
}
