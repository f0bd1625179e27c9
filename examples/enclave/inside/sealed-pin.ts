/** PINs of tokens, sealed in the measured configuration and opened by KMS for this enclave. @module */

import { DecryptCommand, type KMSClient } from '@aws-sdk/client-kms'
import { isSignerError, SignerError } from 'fcl-kms'
import type { Recipient } from 'fcl-kms/signers/sealed-key'
import { callKms } from '../../../src/signers/aws-kms/call.ts'
import { kmsLimits } from '../../../src/signers/aws-kms/limits.ts'
import { askFor } from '../../../src/signers/sealed-key/recipient.ts'
import type { HsmKey } from './hsm-configuration.ts'

/** What KMS is told of a PIN; whoever seals it says the same. */
export const pinContext = (enclave: string, token: string): Readonly<Record<string, string>> => ({
  'fcl-kms': 'pkcs11-pin',
  enclave,
  token,
})

/** What PINs are opened with. */
export type PinParts = {
  readonly kms: KMSClient
  /** The ARN of the key that sealed them. */
  readonly keyId: string
  readonly recipient: Recipient
  /** The name of this enclave. */
  readonly enclave: string
}

/**
 * Asks KMS each time: nothing of a PIN is kept.
 *
 * @returns The PIN, whose reader overwrites it.
 * @throws {SignerError} `ENCLAVE_PIN_NOT_OPENED`, `KMS_REPLY_MISMATCH`, and the codes of KMS and of a
 * recipient.
 */
export async function openPin(
  { sealedPin, token }: Pick<HsmKey, 'sealedPin' | 'token'>,
  { kms, keyId, recipient, enclave }: PinParts,
): Promise<Uint8Array> {
  const input = {
    KeyId: keyId,
    CiphertextBlob: sealedPin,
    EncryptionContext: pinContext(enclave, token),
  }
  const { fields, opened } = askFor(recipient, keyId)
  const { reply } = await callKms({
    ...{ client: kms, keyId, operation: 'Decrypt' },
    limits: kmsLimits({ requestTimeoutMs: 6_000 }),
    command: async (signal) => new DecryptCommand({ ...input, ...(await fields(signal)) }),
  }).catch((thrown: unknown) => Promise.reject(isNotOurs(thrown) ? notOpened(token) : thrown))
  const pin = opened(reply, { name: 'Plaintext', bytes: reply.Plaintext })
  if (reply.KeyId === keyId) return pin
  pin.fill(0)
  throw new SignerError('KMS_REPLY_MISMATCH', { keyId, field: 'KeyId' })
}

const notOpened = (token: string) => new SignerError('ENCLAVE_PIN_NOT_OPENED', { token })

/** KMS says so of a ciphertext, a context or a key that do not belong together. */
const isNotOurs = (thrown: unknown): boolean =>
  isSignerError(thrown, 'KMS_REQUEST_INVALID') &&
  /^(InvalidCiphertext|IncorrectKey)Exception\b/.test(thrown.context.reason)
