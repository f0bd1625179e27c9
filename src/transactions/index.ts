/**
 * Initiate, sign, approve: one transaction signed by parties that never share a process.
 * Available as `fcl-kms/transactions`.
 * @module
 */

export type {
  ArgumentsFunction,
  FclArgument,
  FclType,
  FclTypes,
} from '../authorizer/fcl-arguments.ts'
export type { SignedPart } from '../authorizer/voucher.ts'
export { type ApproveOptions, approveTransaction } from './approve.ts'
export type { Expiry } from './expiry.ts'
export type { ChainOptions } from './options.ts'
export type { Party, PartyKey, Role } from './parties.ts'
export { type PrepareOptions, prepareTransaction } from './prepare.ts'
export type { Review } from './review.ts'
export { type SendOptions, type SentTransaction, sendTransaction } from './send.ts'
export { type SignTransactionOptions, signTransaction } from './sign.ts'
export { type MessageToSign, messageToSign } from './signed-part.ts'
export {
  decodeTransactionFile,
  encodeTransactionFile,
  type TransactionFile,
  type TransactionFormat,
} from './transaction-file.ts'
