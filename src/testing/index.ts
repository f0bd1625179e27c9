/** What tests need, yours and ours. Available as `fcl-kms/testing`. @module */

export { createSoftwareSigner, type SoftwareSignerOptions } from '../signers/software-signer.ts'
