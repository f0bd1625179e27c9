/** This enclave as KMS answers to it: one RSA key, and a fresh document for each call. @module */

import { generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { abortable } from '../../deadline.ts'
import { assertKnownKeys, invalid } from '../../options.ts'
import type { Recipient } from '../../signers/sealed-key/recipient.ts'
import { openEnvelope } from './open-envelope.ts'
import type { SecurityModule } from './security-module.ts'

/** All that KMS takes. */
const MODULUS_BITS = 2_048
const NONCE_BYTES = 32

/**
 * Makes its key at once, which takes a tenth of a second and under emulation one or more; the key never
 * leaves, and is gone with the process.
 *
 * @returns The `recipient` of `createSealedKeys`. Its `attest` throws what the security module throws.
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function createRecipient(options: { readonly securityModule: SecurityModule }): Recipient {
  assertKnownKeys(options, ['securityModule'])
  const { securityModule } = options
  if (typeof securityModule?.attest !== 'function')
    throw invalid('securityModule', 'it has no attest(): connectSecurityModule makes one')
  const pair = promisify(generateKeyPair)('rsa', { modulusLength: MODULUS_BITS })
  pair.catch(() => undefined) // told to whoever attests

  return Object.freeze({
    async attest(signal) {
      const { publicKey, privateKey } = await abortable(pair, signal)
      const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
      const asked = { publicKey: spki, nonce: new Uint8Array(randomBytes(NONCE_BYTES)) }
      const document = await securityModule.attest(asked, { signal })
      return { document, open: (ciphertext) => openEnvelope(privateKey, ciphertext) }
    },
  } satisfies Recipient)
}
