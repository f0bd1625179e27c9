/**
 * Flow transactions signed by keys that nobody can copy. Loads neither FCL nor a vendor's SDK
 * until one is used.
 * @module
 */

export type { FlowPublicKey } from './authorizer/bound-account.ts'
export type { AuthorizerOptions, ReplicaUse } from './authorizer/engine.ts'
export type {
  AuthorizationFunction,
  CompositeSignature,
  FclAccount,
  FclPreSignable,
  FclRole,
  FclSignable,
  ResolvedAccount,
} from './authorizer/fcl-types.ts'
export {
  KmsAuthorizer,
  type KmsAuthorizerOptions,
} from './authorizer/kms-authorizer.ts'
export type {
  SignEvent,
  SignObserver,
  SignPurpose,
  TransactionFacts,
} from './authorizer/observer.ts'
export type { AuthorizeOptions } from './authorizer/selection.ts'
export type { HashAlgorithm, SignatureAlgorithm } from './crypto/algorithms.ts'
export type { AccountProof } from './crypto/messages.ts'
export type { Disposition, SignerErrorCode, SignerErrorContext } from './error-codes.ts'
export { isSignerError, SignerError } from './errors.ts'
export {
  createSigningGovernor,
  type GovernorReport,
  type QuotaStats,
  type SigningGovernor,
  type SigningGovernorOptions,
} from './signers/governor/governor.ts'
export type { ReserveTurns } from './signers/governor/local-turns.ts'
export type {
  Signer,
  SignerPublicKey,
  SignPace,
  SignReport,
  SignRequest,
} from './signers/signer.ts'
