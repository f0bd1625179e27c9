/** Keys in AWS KMS. Available as `fcl-kms/signers/aws-kms`. @module */

export { type AwsKmsSignerOptions, createAwsKmsSigner } from './aws-kms-signer.ts'
export { describeAwsKmsKey, type KmsKeyDescription } from './describe-key.ts'
export type { KmsLimits } from './limits.ts'
