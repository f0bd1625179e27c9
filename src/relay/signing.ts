/** Builds, checks and signs one transaction, and stores it before anybody may send it. @module */

import { signTransaction } from '../authorizer/sign-transaction.ts'
import { bytesToHex } from '../crypto/hex.ts'
import { encodeTransaction, type TransactionPayload, transactionId } from '../crypto/transaction.ts'
import { MAX_TRANSACTION_BYTES } from '../crypto/transaction-decoding.ts'
import { pause, withDeadline } from '../deadline.ts'
import { codeOf, isSignerError, SignerError } from '../errors.ts'
import { assertResolved } from '../policy/cadence-source.ts'
import { coalesce } from '../proposal-keys/coalesce.ts'
import type { PoolLease } from '../proposal-keys/lease.ts'
import { doubling } from '../retry.ts'
import type { RelayStore } from '../stores/store.ts'
import { combineArguments, type Group } from './batch.ts'
import type { RelayCore } from './core.ts'
import { contentBytes, MAX_CONTENT_BYTES } from './size.ts'
import { askPolicy } from './verdict.ts'

/** A transaction that is stored and may be sent. */
export type Signed = {
  readonly transactionId: string
  readonly transaction: Uint8Array
  readonly keyIndex: number
  readonly sequenceNumber: bigint
  readonly fence: number
  readonly referenceHeight: number
  readonly computeLimit: number
  readonly jobIds: readonly string[]
  readonly batch: string | null
}

type NewAttempt = Parameters<RelayStore['openAttempts']>[0][number]

/** Transactions that are stored in one step. */
const MAX_STEP = 200
/** Longer than any limit of the signers of this package, in milliseconds: one of a user's may have none. */
const SIGN_MS = 180_000
const MIN_PAUSE_MS = 100
const MAX_PAUSE_MS = 2_000

/**
 * @returns A function that signs the jobs of a group with a leased key. `assertMaySend` is asked once
 * more after the signatures were made. Rejects with `POLICY_REFUSED`, `POLICY_POSTPONED`,
 * `POLICY_FAILED`, `LEASE_LOST`, `MALFORMED_TRANSACTION`, `TRANSACTION_TOO_LARGE` and the codes of
 * accounts, access node, signers and stores; then nothing was stored, and nothing will be sent.
 */
export function createSigning(
  core: RelayCore,
): (group: Group, lease: PoolLease, assertMaySend: () => void) => Promise<Signed> {
  const { address, follower, signal, settings } = core
  const storing = createStoring(core)

  async function payloadOf(
    group: Group,
    lease: PoolLease,
  ): Promise<{
    readonly payload: TransactionPayload
    readonly referenceHeight: number
  }> {
    const [first] = group.jobs
    const batch = group.batch === null ? undefined : core.batches.get(group.batch)
    if (first === undefined || (group.batch !== null && batch === undefined))
      throw new RangeError('a group without jobs or template') // the backlog takes only known ones
    assertResolved(batch?.cadence ?? first.cadence)
    const block = await follower.wake(signal)
    const payload: TransactionPayload = {
      cadence: batch?.cadence ?? first.cadence,
      arguments: batch === undefined ? first.arguments : combineArguments(group.jobs),
      computeLimit: batch?.estimate.limit(group.jobs.length) ?? first.computeLimit,
      referenceBlockId: block.id,
      proposalKey: { address, keyIndex: lease.keyIndex, sequenceNumber: lease.sequenceNumber },
      payer: address,
      authorizers: [address],
    }
    return { payload, referenceHeight: block.height }
  }

  return async (group, lease, assertMaySend) => {
    const { payload, referenceHeight } = await payloadOf(group, lease)
    assertSize(contentBytes(payload.cadence, payload.arguments), MAX_CONTENT_BYTES)
    const ids = Object.freeze(group.jobs.map(({ id }) => id))
    const { keyIndexes } = await askPolicy(core.policy, payload, ids)
    lease.assertHeld()
    const unsigned = { ...payload, payloadSignatures: [], envelopeSignatures: [] }
    const since = lease.keysSince
    const selection = keyIndexes === undefined ? { since } : { keyIndexes, since }
    const onTimeout = () => new SignerError('SIGNING_TIMEOUT', { address, timeoutMs: SIGN_MS })
    const signed = await withDeadline({ timeoutMs: SIGN_MS, signal, onTimeout }, (signal) =>
      signTransaction(core.engine, address, unsigned, { ...selection, signal }),
    )
    const id = transactionId(signed)
    const transaction = encodeTransaction(signed)
    assertSize(transaction.length, MAX_TRANSACTION_BYTES)
    const { keyIndex, sequenceNumber, fence } = lease.fact
    const { batch, jobs } = group
    assertMaySend()
    // When another process has the key or a job by now, the signature is forgotten and never sent.
    await lease.handOver(() =>
      storing({
        ...lease.fact,
        transactionId: id,
        transaction,
        referenceHeight,
        referenceBlockId: bytesToHex(payload.referenceBlockId),
        leaseMs: settings.leaseMs,
        jobs: jobs.map((job) => ({ id: job.id, fence: job.fence })),
      }),
    )
    const { computeLimit } = payload
    const jobIds = jobs.map((job) => job.id)
    const facts = { keyIndex, sequenceNumber, fence, referenceHeight, computeLimit, jobIds, batch }
    return { transactionId: id, transaction, ...facts }
  }
}

/** Before it is stored: what no node takes would be followed for ever. */
function assertSize(byteLength: number, limit: number): void {
  if (byteLength > limit) throw new SignerError('TRANSACTION_TOO_LARGE', { byteLength, limit })
}

/**
 * A step that failed may have been done all the same. Then the attempt is open, and to give its key
 * back would let another transaction take its sequence number: so it is looked for until the store
 * answers. Should it be done after that, it stands under a name that nobody extends, and is adopted.
 *
 * @returns A function that rejects where the store has refused the attempt for what it is.
 */
function createStoring({
  address,
  store,
  pool,
  tell,
  signal,
}: RelayCore): (attempt: NewAttempt) => Promise<boolean> {
  const openAttempt = coalesce(store.openAttempts, MAX_STEP)
  return async (attempt) => {
    const [job] = attempt.jobs
    for (let tries = 1; ; tries++) {
      try {
        if (await pool.holder.take(() => openAttempt(attempt))) return true
        if (tries === 1 || job === undefined) return false
        const known = await store.listAttempts(address, job.id)
        return known.some((one) => one.transactionId === attempt.transactionId)
      } catch (thrown) {
        if (signal.aborted || isSignerError(thrown, 'STORE_REFUSED')) throw thrown
        const code = codeOf(thrown)
        tell({ kind: 'trouble', code, where: 'store' })
        await pause(doubling(MIN_PAUSE_MS, MAX_PAUSE_MS, tries), signal)
      }
    }
  }
}
