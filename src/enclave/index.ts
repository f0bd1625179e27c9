/** `fcl-kms/enclave`: proof of what runs inside a Nitro enclave. @module */

export {
  type Attestation,
  type AttestationExpectation,
  verifyAttestation,
} from './attestation.ts'
export { createRecipient } from './recipient/recipient.ts'
export {
  connectSecurityModule,
  type DocumentRequest,
  type SecurityModule,
} from './recipient/security-module.ts'
