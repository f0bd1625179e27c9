/**
 * Making and examining keys and accounts. Returns values, never prints. Available as
 * `fcl-kms/provisioning`.
 * @module
 */

export {
  inspectionPolicy,
  type KeyPolicyOptions,
  keyPolicy,
  keyPolicyFaults,
  type PolicyDocument,
  type PolicyStatement,
  policyFaults,
  type SigningPolicyOptions,
  signingPolicy,
} from '../aws/index.ts'
export {
  emulatorChainId,
  emulatorServiceAddress,
  emulatorServicePrivateKey,
} from '../flow/emulator.ts'
export { type AccountKeyOfOptions, accountKeyOf } from './account-key-of.ts'
export type { CheckedAccountKey, NewAccountKey } from './account-keys.ts'
export type { Warning } from './account-tagging.ts'
export {
  type AddedProposalKeys,
  type AddProposalKeysOptions,
  addProposalKeys,
} from './add-proposal-keys.ts'
export { type CreateAccountOptions, type CreatedAccount, createAccount } from './create-account.ts'
export { type CreatedKey, type CreateKeyOptions, createKey } from './create-key.ts'
export {
  type DescribeKeyOptions,
  describeKey,
  type KeyReport,
  type UnreadPart,
} from './describe-key.ts'
export { type DiagnoseOptions, diagnose } from './diagnose.ts'
export { type EmulatorPayerOptions, emulatorPayer } from './emulator.ts'
export type { Finding, FindingStatus } from './finding.ts'
export type { AccountKeyReport } from './held-keys.ts'
export type { KeySpec } from './key-request.ts'
export type { KeyUse } from './key-uses.ts'
export type { KmsOptions } from './kms-session.ts'
export type { Payer } from './payer.ts'
export type { BatchReport } from './proposal-key-batches.ts'
export { type AccountReport, type ShowAccountOptions, showAccount } from './show-account.ts'
export {
  type DeletedStack,
  type DeleteStackOptions,
  type DeployedStack,
  type DeployStackOptions,
  type DiagnoseStackOptions,
  deleteStack,
  deployStack,
  diagnoseStack,
  type PackRemoteSignerOptions,
  type PlanStackOptions,
  packRemoteSigner,
  planStack,
  type RemoteSignerCode,
  type SignerDocument,
  type StackCaller,
  type StackChange,
  type StackClientConfig,
  type StackEvent,
  type StackPlan,
  type StackSettings,
  type StackTemplate,
  type UploadRemoteSignerOptions,
  uploadRemoteSigner,
} from './stacks/index.ts'
