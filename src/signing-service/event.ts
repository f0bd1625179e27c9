/** What an observer learns of each request: enough for an audit, no message and nothing secret. @module */

import type { HashAlgorithm } from '../crypto/algorithms.ts'
import type { DecodedMessage } from '../crypto/message-decoding.ts'
import type { Disposition } from '../error-codes.ts'

/** One request after it ended: plain data that `JSON.stringify` takes as it is. */
export type RequestEvent = {
  readonly requestId: string
  /** `malformed` could not be read. */
  readonly operation: 'sign' | 'publicKey' | 'attest' | 'malformed'
  readonly key?: string
  readonly caller?: string
  readonly kind?: DecodedMessage['kind']
  readonly hashAlgorithm?: HashAlgorithm
  /** SHA3-256 of the whole message, 64 hexadecimal digits. */
  readonly messageHash?: string
  readonly proposalKey?: {
    readonly address: string
    readonly keyIndex: number
    /** In decimal digits. */
    readonly sequenceNumber: string
  }
  readonly payer?: string
  /** SHA3-256 of the Cadence source, 64 hexadecimal digits: which script it is. */
  readonly cadenceHash?: string
  /** Whether the ledger knew the payload already. */
  readonly replayed?: boolean
  readonly backendKeyId?: string
  /** The id of the backend's own log, for AWS KMS the one in CloudTrail. */
  readonly backendRequestId?: string
  /** Requests to the backend that were never answered: it may have signed for each. Absent for none. */
  readonly backendUnanswered?: number
  readonly outcome: 'signed' | 'told' | 'refused'
  /** Why it was refused. */
  readonly errorCode?: string
  readonly disposition?: Disposition
  /** A sentence with facts; of an error of this package, so it quotes no message. */
  readonly problem?: string
  /** Milliseconds. */
  readonly durationMs: number
}

/** Called after each request. What it throws, or rejects with, becomes a process warning. */
export type RequestObserver = (event: RequestEvent) => unknown
