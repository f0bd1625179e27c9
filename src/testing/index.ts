/** What tests need, yours and ours. Available as `fcl-kms/testing`. @module */

export { emulatorServicePrivateKey } from '../flow/emulator.ts'
export { createSoftwareSigner, type SoftwareSignerOptions } from '../signers/software-signer.ts'
export {
  describeSignerContract,
  type SignerContractOptions,
  type SignerContractRunner,
  signerContract,
} from './signer-contract.ts'
export type {
  SignerContractCase,
  SignerContractFault,
  SignerContractSubject,
} from './signer-contract-subject.ts'
export { type Aws, type AwsClientConfig, type AwsOptions, startAws } from './start-aws.ts'
export {
  type Emulator,
  type EmulatorOptions,
  startEmulator,
} from './start-emulator.ts'
