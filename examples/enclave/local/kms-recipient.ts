/** What KMS does with the `Recipient` of a request: believes its document, or says why not. @module */

import { createPublicKey, type KeyObject } from 'node:crypto'
import { readDocument } from '../../../src/enclave/document.ts'
import { type Attestation, verifyAttestation } from '../../../src/enclave/index.ts'
import { isSignerError } from '../../../src/errors.ts'

/** As KMS refuses: status 400, its `__type` and a sentence. */
export class KmsRefusal extends Error {
  readonly type: string
  constructor(type: string, message: string) {
    super(message)
    this.type = type
  }
}

/** An enclave that is known by its document. */
export type AttestedRecipient = {
  /** RSA, that the answer is encrypted to. */
  readonly publicKey: KeyObject
  /** Condition keys and their values, for policies. */
  readonly attestation: Readonly<Record<string, string>>
}

const MAX_AGE_MS = 300_000
const ZEROS = /^0+$/

/**
 * @param recipient - Of the request, as JSON has it.
 * @param expected - The root, DER, and the time.
 * @throws {KmsRefusal} KMS does not publish what it says of which document; the types are ours.
 */
export function attestedRecipient(
  recipient: unknown,
  expected: { readonly root: Uint8Array; readonly now: number },
): AttestedRecipient {
  const { KeyEncryptionAlgorithm, AttestationDocument } = Object(recipient)
  if (KeyEncryptionAlgorithm !== 'RSAES_OAEP_SHA_256' || typeof AttestationDocument !== 'string')
    throw new KmsRefusal('ValidationException', 'The recipient is not one that KMS knows.')
  const document = new Uint8Array(Buffer.from(AttestationDocument, 'base64'))
  const told = verified(document, expected)
  if (told.publicKey === undefined)
    throw new KmsRefusal('ValidationException', 'The attestation document has no public key.')
  return { publicKey: rsaKey(told.publicKey), attestation: conditionKeysOf(told) }
}

/** Of any measurements: what they must be is the business of the key policy. */
function verified(
  document: Uint8Array,
  { root, now }: { readonly root: Uint8Array; readonly now: number },
): Attestation {
  try {
    const { claims } = readDocument(document)
    const measured = [...claims.pcrs].map(
      ([index, bytes]) => [index, Buffer.from(bytes).toString('hex')] as const,
    )
    if (measured.every(([index, digits]) => index !== 0 || ZEROS.test(digits)))
      throw new KmsRefusal('AccessDeniedException', 'The enclave is in debug mode.')
    const pcrs = Object.fromEntries(measured.filter(([, digits]) => !ZEROS.test(digits)))
    return verifyAttestation(document, {
      pcrs,
      nonce: 'unchecked',
      root,
      now,
      maxAgeMs: MAX_AGE_MS,
    })
  } catch (thrown) {
    if (!isSignerError(thrown)) throw thrown
    throw new KmsRefusal('ValidationException', `The attestation document: ${thrown.message}`)
  }
}

function rsaKey(der: Uint8Array): KeyObject {
  try {
    const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
    if (key.asymmetricKeyType === 'rsa' && key.asymmetricKeyDetails?.modulusLength === 2_048)
      return key
  } catch {
    // Told below.
  }
  throw new KmsRefusal('ValidationException', 'The public key is not SPKI of RSA-2048.')
}

/** Registers of zeros say nothing, so that no condition is met by them. */
function conditionKeysOf({ pcrs }: Attestation): Readonly<Record<string, string>> {
  const prefix = 'kms:RecipientAttestation:'
  const entries = Object.entries(pcrs).filter(([, digits]) => !ZEROS.test(digits))
  const keys = entries.map(([index, digits]) => [`${prefix}PCR${index}`, digits] as const)
  const image = keys.filter(([name]) => name === `${prefix}PCR0`)
  return Object.fromEntries([
    ...keys,
    ...image.map(([, digits]) => [`${prefix}ImageSha384`, digits] as const),
  ])
}
