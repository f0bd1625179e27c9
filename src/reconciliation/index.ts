/**
 * Whether every signature that KMS made with our keys is one of ours. Available as
 * `fcl-kms/reconciliation`.
 * @module
 */

export { type LookUpOptions, lookUpSignEvents } from './lookup-events.ts'
export { type OwnReading, type OwnSignature, readOwnSignatures } from './own-signature.ts'
export {
  type ForeignSignature,
  type MissingSignature,
  type ReconcileOptions,
  type Reconciliation,
  reconcile,
  slackMs,
} from './reconcile.ts'
export { readTrailBucket, type TrailBucketOptions } from './trail-bucket.ts'
export type { SignTrailEvent, TrailReading, UnreadableRecord } from './trail-event.ts'
export { readTrailFolder, readTrailLog } from './trail-folder.ts'
