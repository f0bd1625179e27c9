/** Sealed keys: many wallets under one KMS key. Available as `fcl-kms/signers/sealed-key`. @module */

export type { KmsLimits } from '../aws-kms/limits.ts'
export type { DataKeyCacheLimits } from './data-key-cache.ts'
export type { SealedKeyStore, StoreOptions, WalletPage } from './key-store.ts'
export type { Recipient } from './recipient.ts'
export type { RewrapProgress, RewrapResult } from './rewrapping.ts'
export {
  createSealedKeys,
  type ListedKey,
  type SealedKeyDescription,
  type SealedKeys,
  type SealedKeysOptions,
} from './sealed-keys.ts'
export type { SealingContext } from './sealing-context.ts'
export { createFileKeyStore } from './stores/file-store.ts'
export { createS3KeyStore, type S3KeyStoreOptions } from './stores/s3-store.ts'
export {
  createSecretsManagerKeyStore,
  type SecretsManagerKeyStoreOptions,
} from './stores/secrets-manager-store.ts'
export { createSqlKeyStore, type SqlKeyStoreOptions } from './stores/sql-store.ts'
