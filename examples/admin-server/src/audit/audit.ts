/** What the rest of the server asks of the audit trail. @module */

import type { Session } from '../database/database.ts'

/** What happened. */
export type AuditKind =
  | 'request' // somebody asked for a transaction
  | 'approval'
  | 'withdrawal'
  | 'cancellation'
  | 'expiry'
  | 'decision' // the policy, on the decoded transaction, before it is signed
  | 'signature' // one key signed: its index, the KMS key and request id
  | 'send' // the signed bytes were stored and may leave
  | 'outcome'
  | 'resolution' // an operator said what became of a quarantined item
  | 'pause'
  | 'resume'
  | 'token' // made or revoked
  | 'sign-in'
  | 'sign-out'
  | 'refusal' // an authenticated or forged call that was not allowed
  | 'webhook' // delivered, or given up
  | 'anchor' // the head was put outside
  | 'clock' // it jumped
  | 'rotation' // a key of the account is rotated: seen first, and ended
  | 'reconciliation' // CloudTrail tells of a signature that is not ours, or not of one that is

/** One record before it is chained. */
export type AuditEntry = {
  readonly kind: AuditKind
  /** The name of a principal, or `server`. */
  readonly actor: string
  /** The requests it is about; none for a pause or a token. */
  readonly requestIds: readonly string[]
  /** Ids that join the records, and facts. JSON; never a secret, Cadence or a signature. */
  readonly facts: Readonly<Record<string, unknown>>
}

/** One record of the chain. */
export type AuditRecord = AuditEntry & {
  /** From 1, without gaps. */
  readonly sequence: number
  /**
   * Milliseconds since 1970, by the database's clock; never before that of the record before. While the
   * clock is behind that, `facts.clock` is what it said.
   */
  readonly at: number
  /** SHA-256, 64 digits: of the record before; 64 zeros for the first. */
  readonly previousHash: string
  /** SHA-256 over `previousHash` and the record's canonical text, 64 digits. */
  readonly hash: string
}

/** Where the chain ends now. */
export type AuditHead = { readonly sequence: number; readonly hash: string }

/** The outcome of a verification. */
export type AuditVerification = {
  readonly intact: boolean
  /** Records that were read and are right. */
  readonly verified: number
  readonly head: AuditHead
  /** The first thing that is wrong, when there is one; the reasons are those of `ChainFault`. */
  readonly broken?: { readonly sequence: number; readonly reason: string }
}

/** What a verification compares with, beside the chain itself. */
export type VerifyOptions = {
  /** Heads that were kept outside: what finds a chain that was rewritten as a whole. */
  readonly anchors?: readonly AuditHead[]
  /** Starts after this record, which is known to be right. Default: reads the whole chain. */
  readonly after?: AuditHead
  readonly signal?: AbortSignal
}

/** The audit trail of one database. */
export type Audit = {
  /**
   * Chains records in the transaction of what they tell of: both happen, or neither. Holds the one
   * lock of the chain until that transaction ends, so call it last.
   *
   * @throws {AdminError} `INTERNAL` for an entry that is not JSON or longer than 64 KiB;
   *   `AUDIT_BROKEN` when the head is gone; what `session.query` throws.
   */
  readonly append: (session: Session, entries: readonly AuditEntry[]) => Promise<void>
  /**
   * In order of `sequence`.
   *
   * @throws {AdminError} `AUDIT_BROKEN` for a record whose text is no record.
   */
  readonly list: (query: {
    /** Those after it. Default 0. */
    readonly after?: number
    /** At most 1,000. */
    readonly limit: number
    readonly requestId?: string
    readonly kind?: AuditKind
    readonly actor?: string
    /** Newest first, those before `after` when it is given. */
    readonly newestFirst?: boolean
  }) => Promise<readonly AuditRecord[]>
  /** @throws {AdminError} `AUDIT_BROKEN` when it is gone. */
  readonly head: () => Promise<AuditHead>
  /** Reads the chain in parts; bounded memory. Rejects with the reason of `signal`. */
  readonly verify: (options?: VerifyOptions) => Promise<AuditVerification>
}
