/** What an observer learns of each signature: enough for metrics and audit, nothing secret. @module */

import type { HashAlgorithm, SignatureAlgorithm } from '../crypto/algorithms.ts'
import { hashMessage } from '../crypto/hash.ts'
import { bytesToHex } from '../crypto/hex.ts'
import type { Transaction } from '../crypto/transaction.ts'
import { tellObserver } from '../observers.ts'
import type { SignedPart } from './voucher.ts'

/** Facts of the transaction that is signed. No Cadence, arguments or message bytes. */
export type TransactionFacts = {
  readonly part: SignedPart
  readonly payer: string
  readonly proposalKey: {
    readonly address: string
    readonly keyIndex: number
    /** In decimal digits. */
    readonly sequenceNumber: string
  }
  readonly authorizers: readonly string[]
  readonly computeLimit: number
  /** 64 hexadecimal digits. */
  readonly referenceBlockId: string
  /** SHA3-256 of the Cadence source, 64 hexadecimal digits: which script it is. */
  readonly cadenceHash: string
}

/** What was signed for. */
export type SignPurpose =
  | { readonly kind: 'transaction'; readonly transaction: TransactionFacts }
  | { readonly kind: 'user-message' }
  | { readonly kind: 'account-proof' }

/** One request to a signer, after it ended: plain data that `JSON.stringify` takes as it is. */
export type SignEvent = SignPurpose & {
  readonly signerId: string
  /** What the backend calls the key, for AWS KMS its ARN. */
  readonly backendKeyId?: string
  /** The id of the backend's own log, for AWS KMS the one in CloudTrail. */
  readonly requestId?: string
  /** Requests to the backend, retries included. */
  readonly attempts: number
  /** Requests that were never answered: the backend may have signed for each. Absent for none. */
  readonly unanswered?: number
  readonly address: string
  readonly keyIndex: number
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly hashAlgorithm: HashAlgorithm
  /** Milliseconds, verification included. */
  readonly durationMs: number
  /** The code of the error when it failed; absent when it signed. */
  readonly errorCode?: string
}

/** Called after each request to a signer. What it throws, or rejects with, becomes a process warning. */
export type SignObserver = (event: SignEvent) => void

/** @param part - Which message of the transaction is signed. */
export function transactionFacts(transaction: Transaction, part: SignedPart): TransactionFacts {
  const { payer, proposalKey, authorizers, computeLimit, cadence, referenceBlockId } = transaction
  const source = new TextEncoder().encode(cadence)
  return Object.freeze({
    part,
    payer,
    proposalKey: Object.freeze({
      ...proposalKey,
      sequenceNumber: proposalKey.sequenceNumber.toString(),
    }),
    authorizers: Object.freeze([...authorizers]),
    computeLimit,
    referenceBlockId: bytesToHex(referenceBlockId),
    cadenceHash: bytesToHex(hashMessage(source, 'SHA3_256')),
  })
}

/** An observer must not be able to stop a signature or to lose one. */
export function notify(observer: SignObserver | undefined, event: SignEvent): void {
  tellObserver(observer, event, { name: 'onSign', spared: 'the signature is' })
}
