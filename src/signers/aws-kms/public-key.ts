/** The public key of a KMS key, checked before it is trusted, and remembered by key ARN. @module */

import type { GetPublicKeyCommandOutput, KMSClient } from '@aws-sdk/client-kms'
import type { SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { SignerError } from '../../errors.ts'
import type { KmsKeyName } from '../../kms-key-id.ts'
import { clientRegion } from '../aws/configuration.ts'
import type { SignerPublicKey } from '../signer.ts'
import { callKms } from './call.ts'
import { loadAwsKms } from './client.ts'
import type { KmsLimits } from './limits.ts'

/** The key specs that Flow can use. KMS signs with `ECDSA_SHA_256` for both. */
export const keySpecs: Readonly<Record<string, SignatureAlgorithm>> = {
  ECC_SECG_P256K1: 'ECDSA_secp256k1',
  ECC_NIST_P256: 'ECDSA_P256',
}

/** A public key and the ARN it was read from: what an alias pointed to at that moment. */
export type KmsPublicKey = SignerPublicKey & { readonly keyArn: string }

// By client, since clients of two Regions or accounts may see different keys under one name; and
// by key ARN, never by alias, since an alias can be pointed at another key.
const remembered = new WeakMap<KMSClient, Map<string, KmsPublicKey>>()

/**
 * @throws {SignerError} `KEY_SPEC_UNSUPPORTED`, `KEY_USAGE_UNSUPPORTED`, `KEY_REGION_MISMATCH`,
 * `KMS_REPLY_MISMATCH`, `MALFORMED_PUBLIC_KEY`, and those of `callKms`.
 */
export async function readKmsPublicKey(
  client: KMSClient,
  name: KmsKeyName,
  limits: KmsLimits,
): Promise<KmsPublicKey> {
  const keys = remembered.get(client) ?? new Map<string, KmsPublicKey>()
  remembered.set(client, keys)
  const known = keys.get(name.keyArn ?? '')
  if (known !== undefined) return known
  await assertRegion(client, name, limits)
  const { GetPublicKeyCommand } = await loadAwsKms()
  const { reply } = await callKms({
    client,
    limits,
    keyId: name.keyId,
    operation: 'GetPublicKey',
    command: () => new GetPublicKeyCommand({ KeyId: name.keyId }),
  })
  const key = await checkReply(reply, name)
  keys.set(key.keyArn, key)
  return key
}

async function assertRegion(
  client: KMSClient,
  { region }: KmsKeyName,
  { totalTimeoutMs }: KmsLimits,
): Promise<void> {
  const clientsRegion = await clientRegion(client, { leftMs: () => totalTimeoutMs })
  if (region !== undefined && region !== clientsRegion)
    throw new SignerError('KEY_REGION_MISMATCH', {
      keyRegion: region,
      clientRegion: clientsRegion,
    })
}

async function checkReply(
  reply: GetPublicKeyCommandOutput,
  name: KmsKeyName,
): Promise<KmsPublicKey> {
  const { keyId } = name
  const { KeyId: keyArn = '', KeySpec: keySpec = 'none', KeyUsage: keyUsage = 'none' } = reply
  const algorithm = Object.hasOwn(keySpecs, keySpec) ? keySpecs[keySpec] : undefined
  if (algorithm === undefined) throw new SignerError('KEY_SPEC_UNSUPPORTED', { keyId, keySpec })
  if (keyUsage !== 'SIGN_VERIFY')
    throw new SignerError('KEY_USAGE_UNSUPPORTED', { keyId, keyUsage })
  if (!isReplyFor(keyArn, name))
    throw new SignerError('KMS_REPLY_MISMATCH', { keyId, field: 'KeyId' })
  const { spkiToPublicKey } = await import('../../crypto/spki.ts')
  const key = spkiToPublicKey(reply.PublicKey ?? new Uint8Array())
  if (key.algorithm !== algorithm)
    throw new SignerError('KMS_REPLY_MISMATCH', { keyId, field: 'PublicKey' })
  return { ...key, keyArn }
}

/** Whether this ARN can be what the name stands for. An alias can stand for any key. */
function isReplyFor(keyArn: string, { keyId, keyArn: asked }: KmsKeyName): boolean {
  if (asked !== undefined) return keyArn === asked
  return keyId.includes('alias/') ? keyArn !== '' : keyArn.endsWith(`:key/${keyId}`)
}
