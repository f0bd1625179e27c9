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
  type RotationPolicyOptions,
  rotationPolicy,
  type SigningPolicyOptions,
  signingPolicy,
} from '../aws/index.ts'
export {
  emulatorChainId,
  emulatorServiceAddress,
  emulatorServicePrivateKey,
} from '../flow/emulator.ts'
export { type AccountKeyOfOptions, accountKeyOf } from './accounts/account-key-of.ts'
export type { CheckedAccountKey, NewAccountKey } from './accounts/account-keys.ts'
export {
  type CreateAccountOptions,
  type CreatedAccount,
  createAccount,
} from './accounts/create-account.ts'
export { type EmulatorPayerOptions, emulatorPayer } from './accounts/emulator.ts'
export type { AccountKeyReport } from './accounts/held-keys.ts'
export type { Payer } from './accounts/payer.ts'
export {
  type AccountReport,
  type ShowAccountOptions,
  showAccount,
} from './accounts/show-account.ts'
export type { Warning } from './accounts/tagging.ts'
export { type DiagnoseOptions, diagnose } from './diagnosis/diagnose.ts'
export type { Finding, FindingStatus } from './diagnosis/finding.ts'
export { type CreatedKey, type CreateKeyOptions, createKey } from './keys/create-key.ts'
export {
  type DescribeKeyOptions,
  describeKey,
  type KeyReport,
  type UnreadPart,
} from './keys/describe-key.ts'
export type { KeySpec } from './keys/key-request.ts'
export type { KmsOptions } from './keys/kms-session.ts'
export type { KeyUse } from './keys/uses.ts'
export {
  type AddedProposalKeys,
  type AddProposalKeysOptions,
  addProposalKeys,
} from './proposal-keys/add-proposal-keys.ts'
export type { BatchReport } from './proposal-keys/batches.ts'
export { type AbortOptions, abortRotation } from './rotation/abort.ts'
export { rotationTransactions } from './rotation/key-changes-cadence.ts'
export type { ResumeOptions, RotationBase, RotationPool } from './rotation/options.ts'
export type { RotationEvent } from './rotation/progress.ts'
export {
  type KmsRetirementOptions,
  kmsRetirement,
} from './rotation/retirement/kms-retirement.ts'
export {
  type SealedKeyRetirementOptions,
  sealedKeyRetirement,
} from './rotation/retirement/sealed-key-retirement.ts'
export {
  type WrappingKeyRetirementOptions,
  wrappingKeyRetirement,
} from './rotation/retirement/wrapping-key-retirement.ts'
export {
  type RewrapReport,
  type RewrapSealedKeysOptions,
  type RewrapStep,
  rewrapSealedKeys,
} from './rotation/rewrap.ts'
export {
  type PlanRotationOptions,
  planRotation,
  type RotateKeyOptions,
  resumeRotation,
  rotateKey,
} from './rotation/rotate.ts'
export { type RotationStatusOptions, rotationStatus } from './rotation/status.ts'
export { createFileRotations } from './rotation/stores/file-rotations.ts'
export { createMemoryRotations } from './rotation/stores/memory-rotations.ts'
export { createSqlRotations, type SqlRotationsOptions } from './rotation/stores/sql-rotations.ts'
export type {
  AccountFacts,
  HolderWeight,
  KeyRetirement,
  PlannedTransaction,
  RetirementCheck,
  RetirementNote,
  RotatedKey,
  RotationEntry,
  RotationKey,
  RotationMode,
  RotationPending,
  RotationPlan,
  RotationPurpose,
  RotationRecord,
  RotationReport,
  RotationReportState,
  RotationStep,
  RotationStore,
  RotationToSign,
  RotationVault,
  UnusedAnswer,
} from './rotation/types.ts'
export { type KmsVaultOptions, kmsVault } from './rotation/vaults/kms-vault.ts'
export { type SealedKeyVaultOptions, sealedKeyVault } from './rotation/vaults/sealed-key-vault.ts'
export { signerVault } from './rotation/vaults/signer-vault.ts'
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
export {
  type CreatedWallets,
  type CreateWalletsOptions,
  createFileWalletBook,
  createSqlWalletBook,
  createWallets,
  type ListedWallet,
  type SendFlowOptions,
  type SentFlow,
  type SignedTransfer,
  type SqlWalletBookOptions,
  sendFlow,
  type Wallet,
  type WalletBatch,
  type WalletBook,
  type WalletKey,
  type WalletPage,
  type WalletQuery,
  type WalletRun,
  type WalletsProgress,
} from './wallets/index.ts'
