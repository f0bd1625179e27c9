/**
 * What the pool and the relay keep. Every method is one atomic step, and durable when it resolves; of
 * a list each item is one, so that a long list may be done in parts. Whoever comes with an old fence
 * changes nothing. Times are those of the store's one clock.
 *
 * A row that cannot be read, since somebody or a disk has spoilt it, stops no other. A job is told
 * without its intent, with the code `JOB_UNREADABLE` where it has none; the claim that meets it moves
 * it to `quarantined` and does not answer with it. An attempt is told without its bytes.
 * @module
 */

/** The right to use one proposal key with one sequence number. */
export type LeaseFact = {
  /** `0x` and 16 lower-case digits. */
  readonly address: string
  readonly keyIndex: number
  readonly sequenceNumber: bigint
  /** Grows with every lease and adoption of the key: an older holder is told that it has lost. */
  readonly fence: number
}

/**
 * - `free`: nobody uses it.
 * - `leased`: held until a moment; nothing was sent with it, so it is free when that has passed.
 * - `in-flight`: a signed transaction may be on its way; only the chain can free it.
 * - `quarantined`: revoked, or not understood; an operator looks at it.
 */
export type ProposalKeyState = 'free' | 'leased' | 'in-flight' | 'quarantined'

/** One proposal key as the store knows it. */
export type ProposalKeyRow = LeaseFact & {
  readonly state: ProposalKeyState
  /** Of the transaction in flight, 64 digits; null when it could not be computed. */
  readonly transactionId: string | null
  /** Of the transaction in flight, 64 digits. */
  readonly referenceBlockId: string | null
  /** Why it is quarantined. */
  readonly reason: string | null
}

/** Leases of proposal keys: the part of a store that a pool needs. */
export type ProposalKeyStore = {
  /** Adds the keys that are not known yet, as free. Known ones stay as they are. */
  readonly enrollKeys: (
    address: string,
    keys: readonly { readonly keyIndex: number; readonly sequenceNumber: bigint }[],
  ) => Promise<void>
  /** All keys of the account, by index. */
  readonly listKeys: (address: string) => Promise<readonly ProposalKeyRow[]>
  /**
   * Up to `count` keys that are free, or leased until a moment that has passed; those unused for
   * longest first. Each gets a fence one higher than before.
   */
  readonly leaseKeys: (request: {
    readonly address: string
    readonly count: number
    /** Names the process, unique to it. */
    readonly holder: string
    /** Milliseconds. */
    readonly leaseMs: number
  }) => Promise<readonly LeaseFact[]>
  /**
   * `leased` to `in-flight`, to be called before the transaction can leave the process.
   *
   * @returns For each, whether the lease was still held: same fence, its time not over.
   */
  readonly commitLeases: (
    commits: readonly (LeaseFact & {
      readonly transactionId: string | null
      readonly referenceBlockId: string
      readonly leaseMs: number
    })[],
  ) => Promise<readonly boolean[]>
  /**
   * `leased` or `in-flight` to `free` with the sequence number that the next lease is to use, or to
   * `quarantined`.
   *
   * @returns For each, whether the fence was still the same.
   */
  readonly settleLeases: (
    settlements: readonly (Omit<LeaseFact, 'sequenceNumber'> & {
      readonly nextSequenceNumber: bigint
      readonly quarantine?: string
    })[],
  ) => Promise<readonly boolean[]>
  /** Keeps every lease, flight and claim of this holder for `leaseMs` from now. */
  readonly extend: (holder: string, leaseMs: number) => Promise<void>
  /**
   * Takes over flights whose holder has not been heard of: `in-flight` rows whose time is over. They
   * get a new fence, this holder and `leaseMs` from now. Rows with an open attempt of a relay are
   * left to `adoptAttempts`.
   */
  readonly adoptKeys: (request: {
    readonly address: string
    readonly holder: string
    readonly leaseMs: number
  }) => Promise<readonly ProposalKeyRow[]>
  /** Brings a quarantined key back with this sequence number. @returns False if it is not quarantined. */
  readonly restoreKey: (
    address: string,
    keyIndex: number,
    sequenceNumber: bigint,
  ) => Promise<boolean>
}

/**
 * - `queued`: accepted, not sent; may be cancelled.
 * - `claimed`: a worker is about to sign it; nothing was sent.
 * - `in-flight`: a signed transaction with it may be on its way, or has executed but is not sealed.
 * - `done`, `failed`, `cancelled`: final.
 * - `quarantined`: the outcome is not known for certain; an operator decides.
 */
export type JobState =
  | 'queued'
  | 'claimed'
  | 'in-flight'
  | 'done'
  | 'failed'
  | 'cancelled'
  | 'quarantined'

/** What a caller wants to have executed once. */
export type JobIntent = {
  /** 1 to 128 printable ASCII characters, the caller's name for it. */
  readonly id: string
  /** SHA-256 of what was asked for, 64 digits: the same id with another is refused. */
  readonly intentHash: string
  /** Cadence source; empty for a job of a batch, whose template the relay knows by name. */
  readonly cadence: string
  /** JSON-Cadence, one text per argument. */
  readonly arguments: readonly string[]
  readonly computeLimit: number
  /** The name of a batch template, or null for a transaction of its own. */
  readonly batch: string | null
  /** Jobs of a batch share transactions only with those of the same group. */
  readonly batchGroup: string | null
}

/** What is known of how a job ended, or stands. Times are milliseconds since 1970. */
export type JobRow = JobIntent & {
  readonly address: string
  readonly state: JobState
  /** Grows with every claim. */
  readonly fence: number
  /** How many transactions were signed for it. */
  readonly attempts: number
  /** At most this many jobs may share its transaction; null: as many as fit. */
  readonly batchLimit: number | null
  /** Of the newest attempt, or of the transaction that was found on chain. */
  readonly transactionId: string | null
  readonly blockHeight: number | null
  /** Whether the newest attempt has executed (not yet sealed when the state is `in-flight`). */
  readonly executed: boolean
  /** A stable code and a sentence: why it failed, waits or is quarantined. */
  readonly errorCode: string | null
  readonly reason: string | null
  readonly createdAt: number
  readonly finishedAt: number | null
}

/** A job that this worker alone may put into a transaction. */
export type Claim = { readonly id: string; readonly fence: number }

/** A signed transaction, stored before its first POST. */
export type AttemptRow = {
  readonly transactionId: string
  readonly address: string
  readonly keyIndex: number
  readonly sequenceNumber: bigint
  /** Of the proposal key. */
  readonly fence: number
  /** RLP of the whole signed transaction, as `encodeTransaction` writes it; empty: unreadable. */
  readonly transaction: Uint8Array
  readonly referenceHeight: number
  readonly jobIds: readonly string[]
  /** The block that executed it, once known. */
  readonly blockHeight: number | null
}

/** What one job becomes when its attempt is settled. */
export type JobSettlement = {
  readonly id: string
  /** `queued`: to be tried again with another transaction, since this one can never execute. */
  readonly state: 'queued' | 'in-flight' | 'done' | 'failed' | 'quarantined'
  readonly transactionId?: string | null
  readonly blockHeight?: number | null
  readonly errorCode?: string | null
  readonly reason?: string | null
  readonly batchLimit?: number | null
  /** Milliseconds from now before which it is not claimed again. Default 0. */
  readonly delayMs?: number
}

/** What became of an attempt. */
export type AttemptSettlement = {
  readonly transactionId: string
  /**
   * - `executed`: a block has it, not sealed yet; it stays open, its key is freed.
   * - `sealed`: final.
   * - `dead`: proven never to execute.
   * - `unclear`: given to an operator.
   */
  readonly state: 'executed' | 'sealed' | 'dead' | 'unclear'
  readonly blockHeight: number | null
  /** How to settle the proposal key; absent when it was settled before. */
  readonly key?: { readonly nextSequenceNumber: bigint; readonly quarantine?: string }
  readonly jobs: readonly JobSettlement[]
}

/** What ends a hold by itself: a signature, an executed transaction, or nothing but an operator. */
export type HoldEnd = 'signed' | 'executed' | 'operator'

/** Whether the relay of an account may send. */
export type HoldRow = {
  /** Set by an operator. */
  readonly paused: boolean
  /** A stable code and a sentence, set by a worker; null when it may send. */
  readonly hold: { readonly code: string; readonly reason: string; readonly end: HoldEnd } | null
}

/** Counts of jobs by state. */
export type JobCounts = Readonly<Record<JobState, number>>

/** Everything the relay needs. */
export type RelayStore = ProposalKeyStore & {
  /**
   * Stores those that are new, as `queued`, in the order given.
   *
   * @param maxOpen - When this many jobs are `queued` or `claimed`, no new one is stored.
   * @returns For each, the row as it is now and whether it is new; undefined when there was no room.
   */
  readonly addJobs: (
    address: string,
    jobs: readonly JobIntent[],
    maxOpen: number,
  ) => Promise<readonly ({ readonly job: JobRow; readonly created: boolean } | undefined)[]>
  /** In the order of the ids; unknown ones are left out. */
  readonly getJobs: (address: string, ids: readonly string[]) => Promise<readonly JobRow[]>
  /** Oldest first. */
  readonly listJobs: (
    address: string,
    query: {
      readonly states?: readonly JobState[]
      /** Those stored after this job. */
      readonly afterId?: string
      readonly limit: number
    },
  ) => Promise<readonly JobRow[]>
  readonly countJobs: (address: string) => Promise<JobCounts>
  /** `queued` to `cancelled`. @returns Whether it was. */
  readonly cancelJob: (address: string, id: string) => Promise<boolean>
  /**
   * Oldest `queued` jobs whose delay is over, and `claimed` ones whose claim is over; each gets a
   * new fence. No job is claimed by two. Fewer than `limit` may come while more are there, since an
   * answer has a bound in bytes: none means that there is none.
   *
   * @param request - `batches`: only jobs without a batch, or of one of these templates, are claimed,
   * however many others are older; absent: all.
   */
  readonly claimJobs: (request: {
    readonly address: string
    readonly limit: number
    readonly holder: string
    readonly leaseMs: number
    readonly batches?: readonly string[]
  }) => Promise<readonly JobRow[]>
  /** `claimed` to one of these where the fence is the same: nothing was sent. */
  readonly unclaimJobs: (
    address: string,
    jobs: readonly (Claim & {
      readonly state: 'queued' | 'failed' | 'quarantined'
      readonly delayMs?: number
      readonly errorCode?: string
      readonly reason?: string
      readonly batchLimit?: number
    })[],
  ) => Promise<void>
  /**
   * Stores signed transactions before they are sent: each key from `leased` to `in-flight`, its jobs
   * from `claimed` to `in-flight`, the attempt open. All of one transaction or nothing of it.
   *
   * @returns For each, whether it was stored: the lease and every claim still held by fence and
   * time, no job in another open attempt, and no other open attempt with this key and number.
   */
  readonly openAttempts: (
    attempts: readonly (Omit<AttemptRow, 'jobIds' | 'blockHeight'> & {
      readonly referenceBlockId: string
      readonly leaseMs: number
      readonly jobs: readonly Claim[]
    })[],
  ) => Promise<readonly boolean[]>
  /** @returns For each, whether the attempt was open and its key's fence still this one. */
  readonly settleAttempts: (
    settlements: readonly (AttemptSettlement & { readonly fence: number })[],
  ) => Promise<readonly boolean[]>
  /**
   * Takes over open attempts whose holder has not been heard of, executed ones too: new fence of the
   * key where it is in flight, this holder, `leaseMs` from now.
   */
  readonly adoptAttempts: (request: {
    readonly address: string
    readonly holder: string
    readonly leaseMs: number
  }) => Promise<readonly AttemptRow[]>
  /** All transactions ever signed for a job, oldest first. */
  readonly listAttempts: (
    address: string,
    jobId: string,
  ) => Promise<readonly (AttemptRow & { readonly state: string })[]>
  /** An operator's word on a quarantined job. @returns Whether it was quarantined. */
  readonly resolveJob: (
    address: string,
    id: string,
    to: {
      readonly state: 'queued' | 'done' | 'failed'
      readonly transactionId?: string
      readonly reason?: string
    },
  ) => Promise<boolean>
  readonly readHold: (address: string) => Promise<HoldRow>
  /**
   * Holds, unless a stronger hold stands: `operator` over `executed` over `signed`. That of an
   * operator is replaced by no other.
   *
   * @returns The row as it then is, here and below.
   */
  readonly setHold: (address: string, hold: NonNullable<HoldRow['hold']>) => Promise<HoldRow>
  /** Ends a hold with this code, unless only an operator may end it. */
  readonly clearHold: (address: string, code: string) => Promise<HoldRow>
  readonly setPaused: (address: string, paused: boolean) => Promise<HoldRow>
  /** An operator's word: pause and hold are over. */
  readonly resume: (address: string) => Promise<HoldRow>
  /**
   * Deletes final jobs that ended longer ago than this, with their attempts: a portion of
   * them, so that the step has an end.
   *
   * @returns How many jobs; 0 when none is left.
   */
  readonly prune: (address: string, olderThanMs: number) => Promise<number>
  /**
   * Takes `count` turns of a rate that all processes share.
   *
   * @returns Milliseconds from now until the first of the turns; they follow each other at the rate.
   */
  readonly reserveTurns: (request: {
    readonly name: string
    readonly count: number
    readonly perSecond: number
  }) => Promise<number>
}
