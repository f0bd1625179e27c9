/** Signs with an asymmetric key that never leaves AWS KMS. @module */

import type { KMSClient, KMSClientConfig, SignCommandOutput } from '@aws-sdk/client-kms'
import { hashMessage } from '../../crypto/hash.ts'
import { SignerError } from '../../errors.ts'
import { kmsQuota, parseKmsKeyId } from '../../kms-key-id.ts'
import { assertKnownKeys } from '../../options.ts'
import type { Signer } from '../signer.ts'
import { createVerifiedSigner } from '../verified-signer.ts'
import { callKms } from './call.ts'
import { assertKms, kmsClient, loadAwsKms } from './client.ts'
import { type KmsLimits, kmsLimits, limitNames } from './limits.ts'
import { type KmsPublicKey, readKmsPublicKey } from './public-key.ts'

/** Options of `createAwsKmsSigner`. */
export type AwsKmsSignerOptions = Partial<KmsLimits> & {
  /** A client of yours, or the configuration of one. Keys given the same object share one client. */
  readonly client: KMSClient | KMSClientConfig
  /** Key id, key ARN, `alias/name` or alias ARN; multi-Region keys and all partitions. */
  readonly keyId: string
}

/**
 * Needs `kms:GetPublicKey` and `kms:Sign` on the key, nothing else. The first use reads the public
 * key and pins the key ARN: pointing the alias elsewhere later changes nothing for this signer.
 * Messages are hashed here and sent as `DIGEST`, since `RAW` ends at 4,096 bytes.
 *
 * @returns A frozen signer whose id is `keyId`. Makes no call itself.
 * @throws {SignerError} `INVALID_KEY_ID`, `INVALID_OPTION`. Using it may reject with any `KMS_…`
 * or `KEY_…` code, `MALFORMED_PUBLIC_KEY`, `MALFORMED_SIGNATURE` and `SIGNATURE_INVALID`.
 */
export function createAwsKmsSigner(options: AwsKmsSignerOptions): Signer {
  assertKnownKeys(options, ['client', 'keyId', ...limitNames])
  const { client: kms, keyId, ...rest } = options
  const limits = kmsLimits(rest)
  assertKms(kms)
  const name = parseKmsKeyId(keyId)
  let pinned: Promise<KmsPublicKey> | undefined
  let quota = kmsQuota(keyId)

  const load = () => {
    pinned ??= kmsClient(kms, limits).then((client) => readKmsPublicKey(client, name, limits))
    const loading = pinned
    loading.then(
      ({ keyArn }) => {
        quota = kmsQuota(keyArn)
      },
      () => {
        pinned = undefined // a failure is not remembered
      },
    )
    return loading
  }

  return createVerifiedSigner({
    id: keyId,
    quota: () => quota,
    publicKey: async () => load(),
    async sign({ message, hashAlgorithm, signal, onReport, pace }) {
      const { keyArn, algorithm } = await load()
      const [client, { SignCommand }] = await Promise.all([kmsClient(kms, limits), loadAwsKms()])
      const command = {
        KeyId: keyArn,
        Message: hashMessage(message, hashAlgorithm),
        MessageType: 'DIGEST',
        SigningAlgorithm: 'ECDSA_SHA_256',
      } as const
      const { reply, attempts, unanswered } = await callKms({
        client,
        limits,
        keyId,
        operation: 'Sign',
        command: () => new SignCommand(command),
        signal,
        pace,
        onUnanswered: (sent) => onReport?.({ ...sent, keyId: keyArn }),
      })
      const { requestId } = reply.$metadata ?? {}
      onReport?.({
        attempts,
        keyId: keyArn,
        ...(requestId === undefined ? {} : { requestId }),
        ...(unanswered === 0 ? {} : { unanswered }),
      })
      const { derToRaw } = await loadAsn1()
      return derToRaw(checkedSignature(reply, keyId, keyArn), algorithm)
    },
  })
}

/** Loaded with the first signature: the ASN.1 parser is half of what the root entry would load. */
const loadAsn1 = () => import('../../crypto/der.ts')

function checkedSignature(reply: SignCommandOutput, keyId: string, keyArn: string): Uint8Array {
  const mismatch = (field: string) => new SignerError('KMS_REPLY_MISMATCH', { keyId, field })
  if (reply.KeyId !== keyArn) throw mismatch('KeyId')
  if (reply.SigningAlgorithm !== 'ECDSA_SHA_256') throw mismatch('SigningAlgorithm')
  if (!(reply.Signature instanceof Uint8Array)) throw mismatch('Signature')
  return reply.Signature
}
