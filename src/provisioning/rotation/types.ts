/** What the parts of a key rotation tell each other: plan, vault, retirement, record, store. @module */

import type { HashAlgorithm, SignatureAlgorithm } from '../../crypto/algorithms.ts'
import type { Transaction } from '../../crypto/transaction.ts'

export type {
  AccountFacts,
  KeyRetirement,
  RetirementCheck,
  RetirementNote,
  RotationVault,
  UnusedAnswer,
} from './vault-types.ts'

/** A key, as an account has it. */
export type RotationKey = {
  /** 128 lower-case hexadecimal digits, X‖Y. */
  readonly publicKey: string
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly hashAlgorithm: HashAlgorithm
}

/**
 * - `swap`: one transaction adds the new key at the weight and revokes the old one.
 * - `cut`: the old key is revoked at once, by the others alone, and its weight comes back later.
 */
export type RotationMode = 'swap' | 'cut'

/** See `RotationPlan.steps` for the order. */
export type RotationStep =
  | 'create'
  | 'add'
  | 'prove'
  | 'sign'
  | 'hold'
  | 'drain'
  | 'cut'
  | 'swap'
  | 'restore'
  | 'revoke'
  | 'resume'
  | 'verify'
  | 'alias'
  | 'disable'
  | 'unused'
  | 'delete'
  | 'done'

/** What a transaction of a rotation is for. `withdraw` takes the new keys away again, on abort. */
export type RotationPurpose = 'add' | 'prove' | 'swap' | 'revoke' | 'cut' | 'restore' | 'withdraw'

/** What one public key weighs on an account, all its unrevoked indexes together. */
export type HolderWeight = {
  /** 128 lower-case hexadecimal digits. */
  readonly publicKey: string
  readonly signatureAlgorithm: SignatureAlgorithm
  /** 1 to 1000 for each index. */
  readonly weight: number
}

/** One transaction that a rotation sends, as far as it is known before. */
export type PlannedTransaction = {
  readonly purpose: RotationPurpose
  /** Keys that it puts on the account. */
  readonly adds: number
  /** Keys that it revokes. */
  readonly revokes: number
  readonly weightNeeded: 1000
}

/** What will happen, and what every state of the account on the way must satisfy. */
export type RotationPlan = {
  /** `0x` and 16 lower-case digits. */
  readonly address: string
  /** For example `flow-testnet`. */
  readonly chainId: string
  readonly mode: RotationMode
  /** The old key may be in other hands: nobody is waited for. */
  readonly emergency: boolean
  readonly old: RotationKey & {
    readonly keyIndex: number
    readonly weight: number
    /** Unrevoked indexes of weight 0 with the same public key, whatever their hash algorithm. */
    readonly copies: readonly number[]
  }
  /** Of the new key: that of the old one. */
  readonly weight: number
  /** Of the new key. */
  readonly hashAlgorithm: HashAlgorithm
  /** Keys of weight 0 of the new key, at least 1: the first is the one that proves. */
  readonly copies: number
  /** Before the rotation: unrevoked weight by public key, none of weight 0. */
  readonly holders: readonly HolderWeight[]
  /** Of all holders but the old key. */
  readonly othersWeight: number
  /** In their order. */
  readonly steps: readonly RotationStep[]
  readonly transactions: readonly PlannedTransaction[]
  /** Sentences for people: what cannot be done and why, what each stop means. */
  readonly notes: readonly string[]
}

/** The new key, as far as it is known. */
export type RotatedKey = RotationKey & {
  /** Of its vault. */
  readonly kind: string
  readonly reference: string
  /** All its unrevoked indexes on the account that this rotation knows of, those of weight 0 first. */
  readonly keyIndexes: readonly number[]
  /** The one at the weight, once it is there. */
  readonly weightedIndex?: number
}

/** A transaction that was begun. Until it is settled no other one is signed. */
export type RotationPending = {
  readonly purpose: RotationPurpose
  /** RLP in hexadecimal, with the signatures that are there. */
  readonly transaction: string
  /** Of those bytes: another signature makes another id. */
  readonly transactionId: string
  /** `sent` is stored before the first POST. */
  readonly state: 'signing' | 'signed' | 'sent'
  /** For people: whose weight is missing. */
  readonly missing?: string
  /** Of the block that it refers to: 600 blocks later no block takes it. */
  readonly referenceHeight: number
  /** It was handed out to be signed, so others may complete and send it. */
  readonly shared?: true
}

/** One line of what was done. */
export type RotationEntry = {
  readonly step: RotationStep
  /** Milliseconds since 1970. */
  readonly at: number
  /** A sentence for people, without secrets. */
  readonly text: string
  readonly transactionId?: string
}

/** What is stored of a rotation, as JSON: no `bigint`, bytes in hexadecimal, no secrets. */
export type RotationRecord = {
  readonly version: 1
  /** 16 hexadecimal digits. */
  readonly id: string
  /** Grows with each `replace`. */
  readonly revision: number
  readonly address: string
  readonly chainId: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** Milliseconds since 1970. */
  readonly updatedAt: number
  readonly state: 'open' | 'done' | 'aborted'
  readonly plan: RotationPlan
  /** The one that is next, or under way. */
  readonly step: RotationStep
  readonly newKey?: RotatedKey
  readonly pending?: RotationPending
  /** Milliseconds since 1970, when the chain revoked the old key. */
  readonly revokedAt?: number
  /** Rows of pools may be held for this rotation. */
  readonly heldStores?: boolean
  /** It is being aborted: to resume it is to go on with that. */
  readonly aborting?: true
  /**
   * Ids without signatures of the last 100 transactions that others were given to sign and that were
   * given up: what comes back of them is of no use, and no fault.
   */
  readonly givenUp?: readonly string[]
  /** Milliseconds since 1970: before, the old key's vault has nothing to say. With the step `unused`. */
  readonly askAgainAt?: number
  /** The last entries, at most 200. */
  readonly history: readonly RotationEntry[]
}

/**
 * Keeps records. One record for each account is open at most. Every method is atomic, and what it did
 * is durable when it resolves.
 */
export type RotationStore = {
  /** @returns `false` when one is open for this address. */
  readonly begin: (record: RotationRecord) => Promise<boolean>
  /**
   * @returns `false` when the record does not have that revision any more, since another process changed
   *   it, or is not open.
   */
  readonly replace: (record: RotationRecord, expectedRevision: number) => Promise<boolean>
  /** @returns The one that is open, or the newest. */
  readonly read: (address: string) => Promise<RotationRecord | undefined>
  /** @returns The newest of each account, and the open ones: at most 1,000. */
  readonly list: () => Promise<readonly RotationRecord[]>
}

/** What must be signed by others, for `fcl-kms transactions sign`. */
export type RotationToSign = {
  readonly purpose: RotationPurpose
  /** With the signatures that are there. */
  readonly transaction: Transaction
  readonly transactionId: string
  /** For people: whose weight is missing. */
  readonly missing: string
  /** Until an access node refuses it. */
  readonly expiresInBlocks: number
}

/** Why a rotation is not under way just now. */
export type RotationReportState =
  | 'done'
  | 'waiting-for-signatures'
  | 'waiting-until-unused'
  | 'stopped'
  | 'aborted'

/** How far a rotation has come. */
export type RotationReport = {
  readonly id: string
  readonly address: string
  readonly state: RotationReportState
  /** The next one. */
  readonly step: RotationStep
  readonly plan: RotationPlan
  readonly history: readonly RotationEntry[]
  readonly newKey?: RotatedKey
  /** Milliseconds since 1970, with `waiting-until-unused`. */
  readonly askAgainAt?: number
  /** With `waiting-for-signatures`. */
  readonly toSign?: RotationToSign
}
