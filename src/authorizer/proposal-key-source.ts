/** What `authorize` needs of a pool of proposal keys. The pool itself is `fcl-kms/proposal-keys`. @module */

/** One proposal key, held for one transaction. */
export type ProposalKeyLease = {
  readonly keyIndex: number
  readonly sequenceNumber: bigint
  /**
   * By `performance.now()`: when the keys of the account were found to be others than before. What was
   * read of the account earlier says nothing of the keys that sign with this one.
   */
  readonly keysSince?: number | undefined
  /** @throws {SignerError} `LEASE_LOST` when its time is over. To be asked right before signing. */
  readonly assertHeld: () => void
  /**
   * From here on only the chain can free the key. To be called before the last signature leaves the
   * process, since the transaction can be sent from then on.
   *
   * @param flight - `transactionId`: absent when others sign as well. Both are 64 digits.
   * @throws {SignerError} `LEASE_LOST`: the transaction must not be sent.
   */
  readonly commit: (flight: {
    readonly transactionId: string | undefined
    readonly referenceBlockId: string
  }) => Promise<void>
  /** Gives the key back unused; nothing after a commit. */
  readonly release: () => Promise<void>
}

/** Something that lends proposal keys of one account. */
export type ProposalKeySource = {
  /** `0x` and 16 lower-case digits. */
  readonly address: string
  readonly lease: (options?: { readonly signal?: AbortSignal }) => Promise<ProposalKeyLease>
}
