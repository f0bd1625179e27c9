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
export { type KeyPolicyOptions, keyPolicy } from './policies/key-policy.ts'
export { keyPolicyFaults } from './policies/key-policy-faults.ts'
export type { PolicyDocument, PolicyStatement } from './policies/policy-document.ts'
export { policyFaults } from './policies/policy-faults.ts'
export {
  inspectionPolicy,
  type SigningPolicyOptions,
  signingPolicy,
} from './policies/signing-policy.ts'
