/** Proves by the hardware which key is kept here, after the key has signed. @module */

import { randomBytes } from 'node:crypto'
import { encodeDomainTag } from '../crypto/domain-tags.ts'
import { abortable } from '../deadline.ts'
import { SignerError } from '../errors.ts'
import { type AttestedKey, encodeAttestedKey } from '../signers/remote/attested-key.ts'
import { MAX_DOCUMENT_BYTES } from '../signers/remote/protocol.ts'
import type { SignReport } from '../signers/signer.ts'
import type { ReadyKey } from './keys.ts'
import type { ServiceAttest } from './options.ts'

/** Of no message of Flow, so what is signed below is good for nothing else. */
const TAG: Uint8Array = encodeDomainTag('FCL-KMS-ATTESTATION-V1')

/**
 * A public key may come from a store that others write to. So the key signs bytes that nobody could
 * know, and the signature is verified, before the hardware says that it is here. The signature leaves
 * the service never.
 *
 * @throws {SignerError} `ATTESTATION_UNAVAILABLE` without `attest`, `SIGNATURE_INVALID` and any code of
 * the signer; what `attest` throws.
 */
export async function attestKey(
  key: ReadyKey,
  attest: ServiceAttest | undefined,
  asked: {
    readonly nonce: Uint8Array
    readonly signal: AbortSignal
    readonly onReport: (report: SignReport) => void
  },
): Promise<AttestedKey & { readonly document: Uint8Array }> {
  if (attest === undefined) throw new SignerError('ATTESTATION_UNAVAILABLE', { key: key.name })
  const { nonce, signal, onReport } = asked
  const message = Uint8Array.of(...TAG, ...randomBytes(32))
  await key.signer.sign({ message, hashAlgorithm: 'SHA2_256', signal, onReport })
  const { bytes: publicKey, algorithm: signatureAlgorithm } = await key.signer.publicKey({ signal })
  const attested = { key: key.name, publicKey, signatureAlgorithm }
  const userData = encodeAttestedKey(attested)
  const document = await abortable(attest({ nonce, userData }, { signal }), signal)
  if (!isDocument(document))
    throw new SignerError('SIGNING_SERVICE_FAILED', { reason: 'attest gave no document' })
  return { ...attested, document }
}

const isDocument = (value: unknown): boolean =>
  value instanceof Uint8Array && value.length > 0 && value.length <= MAX_DOCUMENT_BYTES
