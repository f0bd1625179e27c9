/** What a signer is: anything that signs bytes with one key. @module */

import type { HashAlgorithm, SignatureAlgorithm } from '../crypto/algorithms.ts'

/** A public key and its curve. */
export type SignerPublicKey = {
  /** 64 bytes, X‖Y big-endian, on the curve. A copy: the caller may keep it. */
  readonly bytes: Uint8Array
  readonly algorithm: SignatureAlgorithm
}

/** What a backend may tell about one signature, for metrics and audit. No bytes, no secrets. */
export type SignReport = {
  /** The id that the backend's own log (CloudTrail) knows the request by. */
  readonly requestId?: string
  /** What the backend resolved the key to, for AWS KMS the key ARN. */
  readonly keyId?: string
  /** Requests sent to the backend for this signature, retries included. */
  readonly attempts: number
  /** Those that were sent and never answered: the backend may have signed for each. Absent for none. */
  readonly unanswered?: number
}

/** Given by whoever keeps the rate of a quota. The first request of a signature has its turn. */
export type SignPace = {
  /** Waits for the turn of one request more. Rejects with `signal.reason`. */
  readonly nextTurn: (signal?: AbortSignal) => Promise<void>
  /** The backend has throttled a request, whether or not it is sent again. */
  readonly throttled: () => void
}

/** One signature asked of a signer. */
export type SignRequest = {
  /** The whole message with its domain tag, not its digest: a remote signer must be able to decode it. Borrowed. */
  readonly message: Uint8Array
  readonly hashAlgorithm: HashAlgorithm
  readonly signal?: AbortSignal
  /** Called at most once, before `sign` settles. A signer may leave it out. */
  readonly onReport?: (report: SignReport) => void
  /** Present when the quota of the signer is kept. A signer that sends one request may leave it out. */
  readonly pace?: SignPace
}

/**
 * Signs with one key. Frozen data: anyone can write one by hand, and the authorizer verifies
 * every signature against `publicKey` before it uses it.
 */
export interface Signer {
  /** Stable and safe to log, for example a key ARN. Never a secret. */
  readonly id: string
  /**
   * Names what limits how often this signer may be asked, as far as it is known by now; signers of
   * one quota tell the same name. A signer without this is asked as often as there is something to sign.
   */
  readonly quota?: () => string | undefined
  publicKey(options?: { signal?: AbortSignal }): Promise<SignerPublicKey>
  /** Resolves to 64 bytes, r‖s big-endian, s in the lower half of the order. */
  sign(request: SignRequest): Promise<Uint8Array>
}
