/** A store of the relay that lets no transaction leave before the audit trail has its signatures. @module */

import type { SignEvent, SignObserver } from 'fcl-kms'
import { decodeTransaction } from 'fcl-kms/crypto'
import type { RelayStore } from 'fcl-kms/stores'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import type { Database } from '../database/database.ts'
import { requestIdOfJob } from '../requests/intent.ts'

/** Signatures whose transaction was never stored are forgotten, the oldest first. */
const MAX_PENDING = 10_000
/** Signing with all keys and storing what they signed takes less. */
const UNSENT_MS = 60_000
/** Records of one transaction of the database. */
const PART = 500

/** What collects signatures and writes them down. */
export type SignatureLedger = {
  /** For `onSign` of the authorizer. */
  readonly onSign: SignObserver
  /**
   * Records what KMS signed, or may have signed, for transactions that were never stored.
   *
   * @param afterMs - What is younger may still be stored. Default 60,000.
   * @throws {AdminError} As `Database.transaction`; nothing is forgotten then.
   */
  readonly flush: (afterMs?: number) => Promise<void>
  /** Wraps the store of the relay. */
  readonly audited: (store: RelayStore) => RelayStore
}

type Attempts = Parameters<RelayStore['openAttempts']>[0]
type Event = SignEvent & { readonly kind: 'transaction' }
/** Signed, and waiting for its transaction. */
type Pending = {
  readonly event: Event
  readonly at: number
  readonly askedAt: number
  told: boolean
}
/** By the clock of this process. */
type Stray = { readonly event: SignEvent; readonly askedAt: number }

/**
 * The relay stores signed bytes before it sends them: the records are made just before, so that a
 * crash leaves a record without a transaction rather than a transaction without a record.
 */
export function createSignatureLedger(database: Database, audit: Audit): SignatureLedger {
  const pending = new Map<string, Pending[]>()
  /** Of no transaction that will be stored. */
  let strays: Stray[] = []
  /** Transactions whose records are made: the relay may try to store them more than once. */
  const recorded = new Set<string>()

  const onSign: SignObserver = (event) => {
    if (event.kind !== 'transaction' || event.errorCode !== undefined) {
      if (mayHaveSigned(event))
        strays = [...strays, { event, askedAt: Date.now() }].slice(-MAX_PENDING)
      return
    }
    const { proposalKey, referenceBlockId } = event.transaction
    const key = keyOf(proposalKey.keyIndex, proposalKey.sequenceNumber, referenceBlockId)
    pending.set(key, [
      ...(pending.get(key) ?? []),
      { event, at: performance.now(), askedAt: Date.now(), told: false },
    ])
    for (const [oldest, events] of pending) {
      if (pending.size <= MAX_PENDING) break
      pending.delete(oldest)
      strays.push(...events.filter(({ told }) => !told))
    }
  }

  async function flush(afterMs = UNSENT_MS): Promise<void> {
    const before = performance.now() - afterMs
    const unsent = [...pending.values()].flat().filter(({ at, told }) => !told && at <= before)
    const events = [...strays, ...unsent].filter((one) => mayHaveSigned(one.event))
    if (events.length === 0) return
    const taken = strays.splice(0)
    for (const one of unsent) one.told = true
    try {
      for (let start = 0; start < events.length; start += PART) {
        const entries = events.slice(start, start + PART).map(strayEntry)
        await database.transaction((session) => audit.append(session, entries))
      }
    } catch (thrown) {
      strays = [...taken, ...strays].slice(-MAX_PENDING)
      for (const one of unsent) one.told = false
      throw thrown
    }
  }

  function noteRecorded({ keyIndex, sequenceNumber, ...attempt }: Attempts[number]): void {
    pending.delete(keyOf(keyIndex, sequenceNumber, attempt.referenceBlockId))
    recorded.add(attempt.transactionId)
    for (const oldest of recorded) {
      if (recorded.size <= MAX_PENDING) break
      recorded.delete(oldest)
    }
  }

  function entriesOf(attempt: Attempts[number]): readonly AuditEntry[] {
    const { keyIndex, sequenceNumber, referenceBlockId, transactionId, jobs } = attempt
    const events = pending.get(keyOf(keyIndex, sequenceNumber, referenceBlockId)) ?? []
    const jobIds = jobs.map(({ id }) => id)
    const requestIds = [...new Set(jobIds.flatMap((id) => requestIdOfJob(id) ?? []))]
    const about = { actor: 'server', requestIds }
    const { envelopeSignatures } = decodeTransaction(attempt.transaction)
    return [
      ...events.map(
        ({ event }): AuditEntry => ({
          ...about,
          kind: 'signature',
          facts: { transactionId, ...signatureFacts(event) },
        }),
      ),
      {
        ...about,
        kind: 'send',
        facts: {
          transactionId,
          proposalKey: { keyIndex, sequenceNumber: sequenceNumber.toString() },
          referenceBlockId,
          keyIndexes: envelopeSignatures.map((signature) => signature.keyIndex),
          jobIds,
        },
      },
    ]
  }

  return {
    onSign,
    flush,
    audited: (store) => ({
      ...store,
      async openAttempts(attempts) {
        const fresh = attempts.filter(({ transactionId }) => !recorded.has(transactionId))
        const entries = fresh.flatMap(entriesOf)
        if (entries.length > 0)
          await database.transaction((session) => audit.append(session, entries))
        for (const attempt of fresh) noteRecorded(attempt)
        const stored = await store.openAttempts(attempts)
        const lost = attempts.filter((_, index) => stored[index] === false)
        if (lost.length > 0)
          await database.transaction((session) => audit.append(session, lost.map(abandoned)))
        return stored
      },
    }),
  }
}

const signatureFacts = (event: SignEvent) => ({
  keyIndex: event.keyIndex,
  signerId: event.signerId,
  kmsKeyId: event.backendKeyId ?? null,
  kmsRequestId: event.requestId ?? null,
  kmsAttempts: event.attempts,
  ...(event.unanswered === undefined ? {} : { kmsUnanswered: event.unanswered }),
})

/** A failure with a request id was answered; one without an answer may have been signed all the same. */
const mayHaveSigned = ({ requestId, unanswered = 0 }: SignEvent) =>
  requestId !== undefined || unanswered > 0

const strayEntry = ({ event, askedAt }: Stray): AuditEntry => ({
  kind: 'signature',
  actor: 'server',
  requestIds: [],
  facts: {
    transactionId: null,
    ...signatureFacts(event),
    errorCode: event.errorCode ?? null,
    askedAt,
  },
})

/** Another process had the key or a job by then: the signature was forgotten and never sent. */
const abandoned = ({ transactionId, jobs }: Attempts[number]): AuditEntry => ({
  kind: 'outcome',
  actor: 'server',
  requestIds: [...new Set(jobs.flatMap(({ id }) => requestIdOfJob(id) ?? []))],
  facts: { state: 'abandoned', transactionId },
})

const keyOf = (keyIndex: number, sequenceNumber: bigint | string, referenceBlockId: string) =>
  `${keyIndex} ${sequenceNumber} ${referenceBlockId}`
