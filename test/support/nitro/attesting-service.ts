/** A signing service that attests with a chain of a test, as one in an enclave does. @module */

import type { Authority } from '../../../examples/enclave/local/nitro/certificates.ts'
import {
  type DocumentFields,
  fieldsOf,
  signDocument,
} from '../../../examples/enclave/local/nitro/documents.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import {
  createSigningService,
  type ServiceAttest,
  type SigningService,
} from '../../../src/signing-service/index.ts'

export const signer = createSoftwareSigner({ algorithm: 'ECDSA_secp256k1' })

/** @param changes - Of the document that the hardware makes. */
export function attestingService(
  chain: readonly Authority[],
  changes: DocumentFields = {},
  attest: ServiceAttest = async ({ nonce, userData }) =>
    signDocument(chain, {
      ...fieldsOf(chain, Date.now()),
      nonce,
      user_data: userData,
      ...changes,
    }),
): SigningService {
  return createSigningService({
    keys: { minter: { signer, userMessages: true }, burner: { signer, userMessages: true } },
    attest,
  })
}
