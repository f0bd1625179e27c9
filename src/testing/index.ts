/** What tests need, yours and ours. Available as `fcl-kms/testing`. @module */

export { createSoftwareSigner, type SoftwareSignerOptions } from '../signers/software-signer.ts'
export { type Aws, type AwsClientConfig, type AwsOptions, startAws } from './start-aws.ts'
export {
  type Emulator,
  type EmulatorOptions,
  emulatorServicePrivateKey,
  startEmulator,
} from './start-emulator.ts'
