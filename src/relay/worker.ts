/** Takes accepted jobs, packs and signs them, and stores what was signed before it is sent. @module */

import { setMaxListeners } from 'node:events'
import { signTransaction } from '../authorizer/sign-transaction.ts'
import { bytesToHex } from '../crypto/hex.ts'
import {
  encodeTransaction,
  type Transaction,
  type TransactionPayload,
  transactionId,
} from '../crypto/transaction.ts'
import { pause } from '../deadline.ts'
import { isSignerError, SignerError } from '../errors.ts'
import { coalesce } from '../proposal-keys/coalesce.ts'
import type { PoolLease } from '../proposal-keys/lease.ts'
import type { JobRow, RelayStore } from '../stores/store.ts'
import { combineArguments, type Group, packJobs } from './batch.ts'
import type { RelayCore } from './core.ts'

/** The part of a relay that signs. */
export type Worker = {
  /** There may be something to do. */
  readonly wake: () => void
  /** Transactions that are being prepared. */
  readonly preparing: () => number
  /** Resolves when nothing is being prepared; starts nothing more. */
  readonly drain: () => Promise<void>
}

/** A transaction that is stored and may be sent. */
export type Signed = {
  readonly transactionId: string
  readonly transaction: Uint8Array
  readonly keyIndex: number
  readonly sequenceNumber: bigint
  readonly fence: number
  readonly referenceHeight: number
  readonly jobIds: readonly string[]
  readonly batch: string | null
}

type Times = { readonly queuedMs: number; readonly startedAt: number }
type NewAttempt = Parameters<RelayStore['openAttempts']>[0][number]

/** Another process may have stored jobs, and delays end. */
const LOOK_MS = 1_000
/** Jobs that are claimed in one step. */
const MAX_CLAIM = 400
const MAX_STEP = 200
/** Jobs that wait for a key are claimed ahead, so that no key waits for a job. */
const AHEAD = 1.25
/** Delays after a passing failure of a signer, in milliseconds. */
const MIN_DELAY_MS = 500
const MAX_DELAY_MS = 10_000

/**
 * @param holdingKeys - Transactions in flight that hold a proposal key.
 * @param onSigned - Told of each transaction once it is stored.
 */
export function createWorker(
  core: RelayCore,
  holdingKeys: () => number,
  onSigned: (signed: Signed) => void,
): Worker {
  const { address, store, pool, follower, hold, tell, signal, settings } = core
  const { leaseMs } = settings
  const { holder } = pool
  const openAttempt = coalesce(store.openAttempts, MAX_STEP)
  /** Claimed, and not yet in a transaction. */
  let backlog: readonly JobRow[] = []
  const claimedAts = new Map<string, number>()
  let preparing = 0
  let stopping = false
  /** Ends waiting for a key, where nothing is signed yet. */
  const leaving = new AbortController()
  const waiting = AbortSignal.any([signal, leaving.signal])
  setMaxListeners(0, waiting)
  let passing = 0
  let escalateAt = 0
  let wakeUp: () => void = () => undefined
  let woken = false

  const unclaim = async (
    jobs: readonly JobRow[],
    change: {
      readonly state: 'queued' | 'failed'
      delayMs?: number
      errorCode?: string
      reason?: string
    },
  ) => {
    await store.unclaimJobs(
      address,
      jobs.map(({ id, fence }) => ({ id, fence, ...change })),
    )
    core.notify(jobs.map(({ id }) => id))
    for (const { id } of jobs)
      tell({
        kind: change.state === 'failed' ? 'failed' : 'requeued',
        jobId: id,
        transactionId: null,
        code: change.errorCode ?? 'NOT_STARTED',
        reason: change.reason ?? '',
      })
  }

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
      throw new SignerError('INVALID_OPTION', {
        option: 'batches',
        reason: `there is no template ${group.batch}`,
      })
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

  /**
   * A step that failed may have been done all the same. Then the attempt is open, and to give its key
   * back would let another transaction take its sequence number: so it is looked for until the store
   * answers.
   */
  async function storeAttempt(attempt: NewAttempt): Promise<boolean> {
    const [job] = attempt.jobs
    for (let tries = 1; ; tries++) {
      try {
        if (await openAttempt(attempt)) return true
        if (tries === 1 || job === undefined) return false
        const known = await store.listAttempts(address, job.id)
        return known.some((one) => one.transactionId === attempt.transactionId)
      } catch (thrown) {
        if (signal.aborted) throw thrown
        tell({ kind: 'trouble', code: codeOf(thrown), where: 'store' })
        await pause(Math.min(100 * 2 ** tries, 2_000), signal)
      }
    }
  }

  async function sign(group: Group, lease: PoolLease, times: Times, tries: boolean): Promise<void> {
    const started = performance.now()
    const { payload, referenceHeight } = await payloadOf(group, lease)
    await applyPolicy(core, payload)
    lease.assertHeld()
    const unsigned = { ...payload, payloadSignatures: [], envelopeSignatures: [] }
    const transaction: Transaction = await signTransaction(core.engine, address, unsigned, {})
    const id = transactionId(transaction)
    const bytes = encodeTransaction(transaction)
    const { keyIndex, sequenceNumber, fence } = lease.fact
    const attempt: NewAttempt = {
      ...lease.fact,
      transactionId: id,
      transaction: bytes,
      referenceHeight,
      referenceBlockId: bytesToHex(payload.referenceBlockId),
      leaseMs,
      jobs: group.jobs.map(({ id: jobId, fence: jobFence }) => ({ id: jobId, fence: jobFence })),
    }
    if (!tries) assertMaySend()
    // When another process has the key or a job by now, the signature is forgotten and never sent.
    await lease.handOver(() => storeAttempt(attempt))
    const jobIds = group.jobs.map(({ id: jobId }) => jobId)
    tell({
      kind: 'signed',
      transactionId: id,
      jobIds,
      keyIndex,
      sequenceNumber,
      computeLimit: payload.computeLimit,
      queuedMs: times.queuedMs,
      waitedMs: started - times.startedAt,
      signMs: performance.now() - started,
    })
    passing = 0
    hold.clear('signed')
    onSigned({
      transactionId: id,
      transaction: bytes,
      keyIndex,
      sequenceNumber,
      fence,
      referenceHeight,
      jobIds,
      batch: group.batch,
    })
  }

  /** Nothing was stored, so nothing was sent: the jobs go back, or fail when they can never work. */
  async function giveUp(group: Group, thrown: unknown): Promise<void> {
    const code = codeOf(thrown)
    const reason = isSignerError(thrown) ? thrown.message : 'an error that is not of this package'
    if (signal.aborted || stopping || thrown instanceof Held)
      return unclaim(group.jobs, { state: 'queued' })
    if (thrown instanceof PolicyRefusal)
      return unclaim(group.jobs, {
        state: 'failed',
        errorCode: 'POLICY_REFUSED',
        reason: thrown.message,
      })
    const isMalformed = code === 'MALFORMED_TRANSACTION'
    if (isMalformed) return unclaim(group.jobs, { state: 'failed', errorCode: code, reason })
    // Whatever else a signer or an account says stands in the way of every job alike: an operator
    // mends it, and nothing is lost meanwhile.
    const passes = isSignerError(thrown) && thrown.disposition === 'retry'
    if (!passes) hold.set(code, reason)
    const delayMs = Math.min(MIN_DELAY_MS * 2 ** passing, MAX_DELAY_MS)
    // Many fail together: they count as one failure.
    if (performance.now() > escalateAt) {
      passing = Math.min(passing + 1, 10)
      escalateAt = performance.now() + delayMs
    }
    await unclaim(group.jobs, {
      state: 'queued',
      delayMs: passes ? Math.random() * delayMs : 0,
      errorCode: code,
      reason,
    })
  }

  /** What was being prepared when the relay was held or paused is not sent any more. */
  function assertMaySend(): void {
    if (hold.current() !== undefined) throw new Held('the relay is held')
  }

  /** @param tries - Whether it may go on while the relay is held, to see if it works again. */
  async function prepare(group: Group, tries: boolean): Promise<void> {
    const oldest = Math.min(...group.jobs.map(({ createdAt }) => createdAt))
    const queuedMs = Math.max(0, Date.now() - oldest)
    const times = { queuedMs, startedAt: performance.now() }
    let lease: PoolLease | undefined
    try {
      lease = await pool.lease({ signal: waiting })
      if (!tries) assertMaySend()
      await sign(group, lease, times, tries)
    } catch (thrown) {
      await lease?.release()
      await giveUp(group, thrown)
    }
  }

  function start(group: Group): void {
    preparing += 1
    void prepare(group, hold.current() !== undefined)
      .catch((thrown: unknown) => {
        const code = codeOf(thrown)
        // The claim runs out in the store, and the job is taken again.
        if (!signal.aborted) tell({ kind: 'trouble', code, where: 'prepare' })
      })
      .finally(() => {
        preparing -= 1
        wake()
      })
  }

  /** How many transactions may be prepared now: one for each key and some more, or one that tries. */
  function freeSlots(): number {
    const { keys } = pool.stats()
    const most = Math.min(settings.maxInFlight, Math.ceil(keys * AHEAD))
    if (hold.current() === undefined) return most - holdingKeys() - preparing
    return preparing === 0 && hold.probe() ? 1 : 0
  }

  /** Claims what the transactions need that may be prepared, and no more: others work as well. */
  async function claim(transactions: number): Promise<boolean> {
    const groups = packJobs(backlog, core.batches)
    const open = groups.reduce((sum, { full, room }) => sum + (full ? 0 : room), 0)
    const limit = Math.min(Math.max(0, transactions - groups.length) + open, MAX_CLAIM)
    if (limit <= 0) return false
    const jobs = await holder.take((name) =>
      store.claimJobs({ address, limit, holder: name, leaseMs }),
    )
    const claimedAt = performance.now()
    for (const job of jobs) claimedAts.set(job.id, claimedAt)
    backlog = [...backlog, ...jobs]
    return jobs.length > 0
  }

  async function unclaimBacklog(): Promise<void> {
    const jobs = backlog
    backlog = []
    claimedAts.clear()
    if (jobs.length > 0) await unclaim(jobs, { state: 'queued' })
  }

  /** A batch that is not full waits for others a while. @returns Whether one was started. */
  function startReady(transactions: number): boolean {
    const ready = packJobs(backlog, core.batches)
      .filter((group) => group.full || ageOf(group) >= settings.batchWaitMs)
      .slice(0, transactions)
    const started = new Set(ready.flatMap(({ jobs }) => jobs))
    backlog = backlog.filter((job) => !started.has(job))
    for (const { id } of started) claimedAts.delete(id)
    for (const group of ready) start(group)
    return ready.length > 0
  }

  function ageOf({ jobs }: Group): number {
    const [first] = jobs
    return performance.now() - (claimedAts.get(first?.id ?? '') ?? 0)
  }

  async function work(): Promise<void> {
    let refreshedAt = 0
    while (!stopping && !signal.aborted) {
      woken = false
      try {
        if (performance.now() - refreshedAt > LOOK_MS) {
          await hold.refresh()
          refreshedAt = performance.now()
        }
        const transactions = freeSlots()
        if (transactions > 0) {
          const claimed = await claim(transactions)
          if (startReady(transactions) || claimed) continue
        } else if (hold.current() !== undefined) await unclaimBacklog()
      } catch (thrown) {
        if (signal.aborted) return
        tell({ kind: 'trouble', code: codeOf(thrown), where: 'claim' })
        await pause(LOOK_MS, signal).catch(() => undefined)
      }
      if (!woken) await rest()
    }
  }

  async function rest(): Promise<void> {
    const held = hold.current() !== undefined
    const heldMs = held ? Math.max(50, hold.probeInMs()) : LOOK_MS
    const restMs = Math.min(LOOK_MS, heldMs, backlog.length > 0 ? settings.batchWaitMs : LOOK_MS)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, restMs))
      wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  function wake(): void {
    woken = true
    wakeUp()
  }

  const working = work()
  return {
    wake,
    preparing: () => preparing,
    async drain() {
      stopping = true
      leaving.abort(new SignerError('RELAY_CLOSED', { address }))
      wake()
      await working
      await unclaimBacklog()
      while (preparing > 0 && !signal.aborted) {
        woken = false
        await rest()
      }
    },
  }
}

/** The relay may not send. */
class Held extends Error {
  override readonly name = 'Held'
}

/** What a policy said of a transaction. */
class PolicyRefusal extends Error {
  override readonly name = 'PolicyRefusal'
}

async function applyPolicy({ policy }: RelayCore, payload: TransactionPayload): Promise<void> {
  try {
    await policy?.(payload)
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : 'it threw no error'
    throw new PolicyRefusal(`the policy refused the transaction: ${reason.slice(0, 200)}`)
  }
}

const codeOf = (thrown: unknown) => (isSignerError(thrown) ? thrown.code : 'OTHER')
