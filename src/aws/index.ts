/**
 * AWS as values: IAM policies and CloudFormation templates, made of options. No call leaves the
 * process. Available as `fcl-kms/aws`.
 * @module
 */

export {
  type AwsCost,
  type AwsPrices,
  type AwsUsage,
  awsCost,
  awsPrices,
  type CostLine,
} from './cost.ts'
export type { GuardedSigner } from './organization/guarded-signer.ts'
export {
  type PermissionBoundaryOptions,
  permissionBoundary,
} from './organization/permission-boundary.ts'
export {
  type ServiceControlOptions,
  serviceControlPolicy,
} from './organization/service-control-policies.ts'
export { type KeyPolicyOptions, keyPolicy } from './policies/key-policy.ts'
export { keyPolicyFaults } from './policies/key-policy-faults.ts'
export type { PolicyDocument, PolicyStatement } from './policies/policy-document.ts'
export { policyFaults } from './policies/policy-faults.ts'
export { type RotationPolicyOptions, rotationPolicy } from './policies/rotation-policy.ts'
export {
  inspectionPolicy,
  type SigningPolicyOptions,
  signingPolicy,
} from './policies/signing-policy.ts'
export { adminServerStack } from './stacks/admin-server.ts'
export type { AdminServerOptions } from './stacks/admin-server-options.ts'
export { enclaveStack } from './stacks/enclave.ts'
export type { EnclaveStackOptions } from './stacks/enclave-options.ts'
export { type Stack, type StackName, stacks } from './stacks/index.ts'
export { remoteSignerStack } from './stacks/remote-signer.ts'
export type { RemoteSignerOptions } from './stacks/remote-signer-options.ts'
export { type SealedKeysOptions, sealedKeysStack } from './stacks/sealed-keys.ts'
export { signingKeysStack } from './stacks/signing-keys.ts'
export type { SigningKeysOptions } from './stacks/signing-keys-options.ts'
export { watchStack } from './stacks/watch.ts'
export type { WatchOptions } from './stacks/watch-options.ts'
export type { Output, Parameter, Resource, Template, Value } from './template.ts'
