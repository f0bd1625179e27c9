/** What the API answers with, as far as the dashboard reads it. Times are ISO 8601. @module */

export type Role = 'requester' | 'approver' | 'operator' | 'auditor'

/** Who is signed in. */
export type Me = {
  readonly name: string
  readonly roles: readonly Role[]
  readonly via: string
  /** For the header X-CSRF-Token; only a session has one. */
  readonly csrfToken: string | null
  readonly requestSignatures: 'off' | 'approvals' | 'changes'
  readonly expiresAt: string | null
}

/** Every state of a request, in the order of its life. */
export const requestStates = [
  'waiting',
  'ready',
  'released',
  'done',
  'partly-failed',
  'failed',
  'cancelled',
  'expired',
] as const
export type RequestState = (typeof requestStates)[number]

export type ItemState = 'waiting' | 'submitted' | 'done' | 'failed' | 'cancelled' | 'quarantined'

/** A code and a sentence that says what to do. */
export type Reason = { readonly code: string; readonly detail: string }

/** When a key of the account signs. */
export type KeyRule = 'automatic' | { readonly approvers: readonly string[] }

export type QuorumKey = {
  readonly index: number
  readonly weight: number
  readonly revoked: boolean
  readonly rule: KeyRule
  readonly met: boolean
}

export type Quorum = {
  /** Of the keys whose rule is met. */
  readonly weight: number
  /** 1,000 on Flow. */
  readonly needed: number
  readonly met: boolean
  readonly keys: readonly QuorumKey[]
}

export type Approval = {
  readonly approver: string
  readonly at: string
  readonly expiresAt: string
  readonly withdrawnAt: string | null
  readonly counts: boolean
}

/** One request, as lists show it. */
export type Request = {
  readonly id: string
  readonly function: string
  /** Of the function. */
  readonly title: string
  /** Of the first item; absent when it cannot be described. */
  readonly about?: string
  readonly state: RequestState
  readonly reason: Reason | null
  readonly requester: string
  /** What the requester calls it: the number of an order. */
  readonly idempotencyKey: string
  readonly createdAt: string
  readonly expiresAt: string
  /** From then on weights and approvals are shown as they were. */
  readonly decidedAt: string | null
  readonly finishedAt: string | null
  /** SHA-256 of the intent, 64 hex digits: what an approval names. */
  readonly digest: string
  readonly amount: number
  readonly items: { readonly count: number; readonly done: number; readonly failed: number }
  readonly quorum: Quorum
  readonly approvals: readonly Approval[]
  readonly mine: {
    readonly canApprove: boolean
    readonly hasApproved: boolean
    readonly canWithdraw: boolean
    readonly canCancel: boolean
  }
}

export type TimelineEntry = {
  readonly sequence: number
  readonly at: string
  readonly kind: string
  readonly actor: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** One signed transaction. */
export type Attempt = {
  readonly transactionId: string
  readonly keyIndex: number
  readonly sequenceNumber: number | string
  readonly state: string
  /** Indexes of the items that it carries, or how many. */
  readonly items: readonly (number | string)[] | number
  readonly signatures: readonly {
    readonly keyIndex: number
    readonly key: string
    readonly kmsRequestId: string | null
    readonly at: string
  }[]
}

/** One request, with its history. */
export type RequestDetail = Request & {
  readonly timeline: readonly TimelineEntry[]
  readonly attempts: readonly Attempt[]
}

export type Item = {
  readonly index: number
  readonly jobId: string
  readonly state: ItemState
  readonly transactionId: string | null
  readonly blockHeight: number | string | null
  readonly nftId: string | null
  readonly error: Reason | null
}

/** One item of what will be signed. */
export type ContentItem = {
  readonly index: number
  readonly title: string
  /** Whoever receives something: the item itself first, then shares such as royalties. */
  readonly recipients: readonly string[]
  readonly lines: readonly { readonly label: string; readonly value: string }[]
  /** JSON-Cadence, one value per argument. */
  readonly arguments: readonly unknown[]
}

/** What will be signed, apart from its items. */
export type ContentHead = {
  readonly digest: string
  readonly chainId: string
  readonly account: string
  readonly function: string
  readonly title: string
  readonly cadence: string
  readonly cadenceHash: string
  /** Null where it depends on how many items share a transaction. */
  readonly computeLimit: number | null
}
export type ContentPage = ContentHead & {
  readonly items: readonly ContentItem[]
  readonly next: number | string | null
}

export type AccountKey = {
  readonly index: number
  readonly weight: number
  readonly revoked: boolean
  readonly publicKey: string
  readonly signatureAlgorithm: string
  readonly hashAlgorithm: string
  readonly key: string | null
  readonly keyId: string | null
  readonly keyState: string | null
  readonly createdAt: string | null
  readonly ageDays: number | null
  readonly rule: KeyRule | null
  /** Named to take the place of another. */
  readonly successor: boolean
  /** The other key of its holder counts, and not this one. */
  readonly replaced: boolean
}
export type Keys = {
  readonly account: string
  readonly chainId: string
  /** When the chain was asked; null before it has answered. */
  readonly readAt: string | null
  readonly keys: readonly AccountKey[]
  readonly totalWeight: number
}

export type ProposalKey = {
  readonly index: number
  readonly state: 'free' | 'leased' | 'in-flight' | 'quarantined'
  readonly sequenceNumber: number | string | null
  readonly transactionId: string | null
  readonly reason: Reason | string | null
}
export type ProposalKeys = {
  readonly keys: readonly ProposalKey[]
  readonly counts: Readonly<Record<'free' | 'leased' | 'inFlight' | 'quarantined', number>>
}

export type AuditRecord = {
  readonly sequence: number
  readonly at: string
  readonly kind: string
  readonly actor: string
  readonly requestIds: readonly string[]
  readonly facts: Readonly<Record<string, unknown>>
  readonly previousHash: string
  readonly hash: string
}
export type AuditVerification = {
  readonly intact: boolean
  readonly verified: number
  readonly head: { readonly sequence: number; readonly hash: string }
  /** What it was compared with; null where the server has no place for anchors. */
  readonly anchors: { readonly count: number; readonly newest: number } | null
  readonly broken?: { readonly sequence: number; readonly reason: string }
}

/** Whose a key is; null where the configuration does not name it. */
export type RotationHolder = {
  readonly key: string
  readonly successor: boolean
  readonly rule: KeyRule
} | null

type RotatedKey<Index> = {
  readonly index: Index
  readonly publicKey: string
  readonly signatureAlgorithm: string
  readonly hashAlgorithm: string
  readonly weight: number
  /** Keys of weight 0 beside it. */
  readonly copies: number
  readonly holder: RotationHolder
}

/** What the rotation has signed in part, or sent. */
export type RotationPending = {
  readonly purpose: string
  readonly state: 'signing' | 'signed' | 'sent'
  readonly transactionId: string
  /** Whose weight is missing, in a sentence. */
  readonly missing: string | null
  readonly expiresAfterBlock: number
  readonly signatures: readonly {
    readonly index: number
    readonly weight: number
    readonly publicKey: string
    readonly signed: boolean
    readonly holder: RotationHolder
  }[]
}

/** The rotation of a key, as lists show it. */
export type Rotation = {
  readonly id: string
  readonly account: string
  readonly state: 'open' | 'done' | 'aborted'
  readonly step: string
  readonly mode: 'swap' | 'cut'
  readonly emergency: boolean
  /** Nothing is signed just now. */
  readonly held: boolean
  readonly old: RotatedKey<number>
  readonly new:
    | (RotatedKey<number | null> & { readonly kind: string; readonly reference: string })
    | null
  readonly pending: RotationPending | null
  readonly startedAt: string
  readonly updatedAt: string
  /** When the command may be run again, while it waits until the old key is not used. */
  readonly askAgainAt: string | null
  /** It goes back. */
  readonly aborting: boolean
  readonly revokedAt: string | null
}

/** With what was done and what is to be done. */
export type RotationDetail = Rotation & {
  readonly steps: readonly {
    readonly name: string
    readonly state: 'done' | 'current' | 'to-do' | 'left-out'
    readonly at: string | null
  }[]
  readonly notes: readonly string[]
  readonly history: readonly {
    readonly step: string
    readonly at: string
    readonly text: string
    readonly transactionId: string | null
  }[]
}

/** One second of the server. */
export type Stats = {
  readonly at: string
  /** A rotation holds the proposal keys: nothing is signed, and it goes on by itself. */
  readonly rotating: boolean
  readonly rotation: {
    readonly id: string
    readonly step: string
    readonly startedAt: string
  } | null
  readonly paused: boolean
  /** Why nothing is signed; also while paused, with the reason of whoever paused. */
  readonly held: Reason | null
  readonly requests: Readonly<Partial<Record<RequestState, number>>>
  readonly jobs: Readonly<Record<string, number>>
  readonly sealedLastMinute: number
  readonly kmsCallsPerSecond: number
  readonly kmsThrottledPerSecond: number
  readonly proposalKeys: {
    readonly free: number
    readonly busy: number
    readonly quarantined: number
  }
  readonly requestToSealMs: { readonly p50: number; readonly p99: number } | null
  /** Null when CloudTrail is not compared with the audit trail. Counts of seven days. */
  readonly reconciliation: {
    readonly until: string
    readonly verdict: string
    readonly foreign: number
    readonly missing: number
    readonly unreadable: number
  } | null
  readonly version: string
}

/** What can be asked for. */
export type FunctionInfo = { readonly name: string; readonly title: string }
