/** Wallets of many users: sealed keys, accounts that a treasury pays for, and the book of both. @module */

export type {
  ListedWallet,
  Wallet,
  WalletBatch,
  WalletBook,
  WalletKey,
  WalletPage,
  WalletQuery,
  WalletRun,
} from './book.ts'
export { createFileWalletBook } from './books/file-book.ts'
export { createSqlWalletBook, type SqlWalletBookOptions } from './books/sql-book.ts'
export { type CreatedWallets, type CreateWalletsOptions, createWallets } from './create-wallets.ts'
export type { WalletsProgress } from './making.ts'
export {
  type SendFlowOptions,
  type SentFlow,
  type SignedTransfer,
  sendFlow,
} from './send-flow.ts'
