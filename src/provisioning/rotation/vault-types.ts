/** Where a new key comes from, and how an old one ends. @module */

import type { Signer } from '../../signers/signer.ts'

/** Where a new key comes from. */
export type RotationVault = {
  /** For example `aws-kms`, `sealed-key`, `signer`. */
  readonly kind: string
  /**
   * Makes the key, and finds it again when called with the same id: after a kill nobody knows whether
   * the first call arrived.
   *
   * @returns `reference`: what names the key in its vault, an ARN or an id. Safe to log.
   */
  readonly create: (rotation: {
    readonly id: string
    readonly signal?: AbortSignal
  }) => Promise<{ readonly reference: string }>
  readonly open: (reference: string) => Signer
  /** Has the new key say which account it is on, so that nobody ends it later for unused. */
  readonly tagAccount?: (facts: AccountFacts) => Promise<RetirementNote>
}

/** What a step at the end of an old key did, in a sentence. `done: false` where it could not or need not. */
export type RetirementNote = { readonly done: boolean; readonly text: string }

/** What a step at the end of an old key must know. */
export type RetirementCheck = {
  /** Milliseconds since 1970, when the chain revoked the key. */
  readonly revokedAt: number
  readonly signal?: AbortSignal
}

/** Whether the old key is still asked for. */
export type UnusedAnswer =
  | { readonly unused: true; readonly note: RetirementNote }
  | {
      readonly unused: false
      /** Milliseconds since 1970. */
      readonly askAgainAt: number
      readonly reason: string
    }

/** The facts that the tags of a new key name. */
export type AccountFacts = {
  readonly chainId: string
  readonly address: string
  readonly newReference: string
  readonly newKeys: readonly { readonly keyIndex: number; readonly weight: number }[]
  /** The vault of the new key has done it: only the old key is left. */
  readonly newKeyTagged?: boolean
  readonly signal?: AbortSignal
}

/** How an old key ends in its vault. Each part can be run again; those that are absent are skipped. */
export type KeyRetirement = {
  /** For example `aws-kms`. */
  readonly kind: string
  /** What names the old key in its vault. Safe to log. */
  readonly reference: string
  readonly moveAlias?: (to: {
    readonly reference: string
    readonly signal?: AbortSignal
  }) => Promise<RetirementNote>
  readonly tagAccount?: (facts: AccountFacts) => Promise<RetirementNote>
  readonly disable?: (check: RetirementCheck) => Promise<RetirementNote>
  readonly unused?: (check: RetirementCheck) => Promise<UnusedAnswer>
  /** Throws `KEY_STILL_USED`. */
  readonly remove?: (check: RetirementCheck) => Promise<RetirementNote>
}
