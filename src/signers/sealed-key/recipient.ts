/** An enclave that KMS answers to: what each request carries for it, and how the answer is opened. @module */

import type { RecipientInfo } from '@aws-sdk/client-kms'
import { isSignerError, SignerError } from '../../errors.ts'
import { invalid } from '../../options.ts'
import { secretCopy } from './secret-bytes.ts'

/**
 * KMS answers to this enclave only: with it `Decrypt`, `GenerateDataKey` and `GenerateDataKeyPair` carry
 * a `Recipient`, and an open key in an answer is a fault. `createRecipient` of `fcl-kms/enclave` makes one.
 */
export type Recipient = {
  /**
   * Asked anew for each request that is sent, so that no document grows old in a queue or between
   * retries. Only the retries of an injected client send the same one again, within `requestTimeoutMs`.
   *
   * @throws {SignerError} Which ends the call.
   */
  readonly attest: (signal?: AbortSignal) => Promise<{
    /** 1 to 262,144 bytes, made just now, that name the public key for the answer. */
    readonly document: Uint8Array
    /**
     * @param ciphertextForRecipient - As KMS gave it. Borrowed.
     * @returns A `secretBytes` copy that the caller overwrites.
     * @throws {SignerError}
     */
    readonly open: (ciphertextForRecipient: Uint8Array) => Uint8Array
  }>
}

/** @throws {SignerError} `INVALID_OPTION`. */
export function assertRecipient(recipient: Recipient | undefined): void {
  if (recipient === undefined) return
  if (typeof recipient === 'object' && recipient !== null && typeof recipient.attest === 'function')
    return
  throw invalid('recipient', 'it has no attest(): createRecipient of fcl-kms/enclave makes one')
}

/** Bytes, of KMS: `AttestationDocument`. */
const MAX_DOCUMENT = 262_144

/** One question to KMS, however often it is sent. */
export type Question = {
  /** What the request carries. Asked once for each time that it is sent. */
  readonly fields: (signal: AbortSignal) => Promise<{ readonly Recipient?: RecipientInfo }>
  /**
   * @param field - The name of what would be open in an answer to anybody else.
   * @returns A copy in memory of its own, which the caller overwrites; of no bytes when the answer has
   * none. What the SDK gave is overwritten, as far as it can be reached.
   * @throws {SignerError} `KMS_RECIPIENT_IGNORED`, and what the recipient throws.
   */
  readonly opened: (
    reply: { readonly CiphertextForRecipient?: Uint8Array | undefined },
    field: { readonly name: string; readonly bytes: Uint8Array | undefined },
  ) => Uint8Array
}

/** @param keyId - For errors. */
export function askFor(recipient: Recipient | undefined, keyId: string): Question {
  if (recipient === undefined)
    return { fields: async () => ({}), opened: (_, { bytes }) => taken(bytes) }
  let open: ((ciphertextForRecipient: Uint8Array) => Uint8Array) | undefined
  return {
    async fields(signal) {
      const { document, open: mine } = await attested(recipient, signal)
      signal.throwIfAborted() // the next request may be on its way
      open = mine
      return {
        Recipient: {
          KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
          AttestationDocument: document,
        },
      }
    },
    opened({ CiphertextForRecipient }, { name, bytes }) {
      if (taken(bytes).fill(0).length > 0)
        throw new SignerError('KMS_RECIPIENT_IGNORED', { keyId, field: name })
      if (!(CiphertextForRecipient instanceof Uint8Array) || open === undefined)
        throw new SignerError('KMS_REPLY_MISMATCH', { keyId, field: 'CiphertextForRecipient' })
      return open(CiphertextForRecipient)
    },
  }
}

/** What a recipient of one's own throws, or gives, is not held against KMS. */
async function attested(
  recipient: Recipient,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<Recipient['attest']>>> {
  const given = await (async () => recipient.attest(signal))().catch((cause: unknown) => {
    signal.throwIfAborted()
    if (isSignerError(cause)) throw cause
    throw new SignerError('SECURITY_MODULE_REPLY_INVALID', { reason: 'it threw' }, { cause })
  })
  const { document, open }: Partial<typeof given> = given ?? {}
  const isDocument =
    document instanceof Uint8Array && document.length > 0 && document.length <= MAX_DOCUMENT
  if (isDocument && typeof open === 'function') return given
  throw new SignerError('SECURITY_MODULE_REPLY_INVALID', {
    reason: 'the recipient has not given a document of 1 to 262,144 bytes, and open()',
  })
}

function taken(given: Uint8Array | undefined): Uint8Array {
  const bytes = given instanceof Uint8Array ? given : new Uint8Array()
  const copy = secretCopy(bytes)
  bytes.fill(0)
  return copy
}
