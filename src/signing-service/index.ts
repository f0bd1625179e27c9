/**
 * The other side of a remote signer: reads the whole message, asks policy and ledger, and only then
 * lets a key sign. Available as `fcl-kms/signing-service`.
 * @module
 */

export type { AmountBudget, BudgetedScript, Budgets } from './budgets.ts'
export type { RequestEvent, RequestObserver } from './event.ts'
export { type ListenOptions, listen, type ServiceDoor } from './http/listen.ts'
export type { ServiceKey, UserMessageRule } from './keys.ts'
export {
  type LambdaContext,
  type LambdaDoorOptions,
  type LambdaHttpReply,
  lambdaHandler,
} from './lambda.ts'
export { createDynamoDbLedger, type DynamoDbLedgerOptions } from './ledger/dynamodb-ledger.ts'
export type { Charge, Ledger, LedgerClaim, LedgerDecision } from './ledger/ledger.ts'
export { createMemoryLedger, type LedgerClock } from './ledger/memory-ledger.ts'
export { createSqlLedger, type SqlLedgerOptions } from './ledger/sql-ledger.ts'
export type {
  ServiceAttest,
  ServicePolicy,
  ServicePolicyContext,
  SigningServiceOptions,
} from './options.ts'
export {
  createSigningService,
  type ServiceCall,
  type ServiceResult,
  type SigningService,
} from './service.ts'
