/** `fcl-kms/enclave`: proof of what runs inside a Nitro enclave. @module */

export {
  type Attestation,
  type AttestationExpectation,
  verifyAttestation,
} from './attestation.ts'
