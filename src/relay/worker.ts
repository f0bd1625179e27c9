/** Takes accepted jobs, packs them, and has each pack signed and stored. @module */

import { setMaxListeners } from 'node:events'
import { pause } from '../deadline.ts'
import { codeOf, SignerError } from '../errors.ts'
import type { PoolLease } from '../proposal-keys/lease.ts'
import type { JobRow } from '../stores/store.ts'
import { type Group, packJobs } from './batch.ts'
import type { RelayCore } from './core.ts'
import { createReturns } from './returns.ts'
import { createSigning, type Signed } from './signing.ts'

/** The part of a relay that signs. */
export type Worker = {
  /** There may be something to do. */
  readonly wake: () => void
  /** Transactions that are being prepared. */
  readonly preparing: () => number
  /** Resolves when nothing is being prepared; starts nothing more. */
  readonly drain: () => Promise<void>
}

/** Another process may have stored jobs, and delays end. */
const LOOK_MS = 1_000
/** Jobs that are claimed in one step. */
const MAX_CLAIM = 400
/** Jobs that wait for a key are claimed ahead, so that no key waits for a job. */
const AHEAD = 1.25
/**
 * @param holdingKeys - Transactions in flight that hold a proposal key.
 * @param onSigned - Told of each transaction once it is stored.
 */
export function createWorker(
  core: RelayCore,
  holdingKeys: () => number,
  onSigned: (signed: Signed) => void,
): Worker {
  const { address, store, pool, hold, tell, signal, settings } = core
  const { leaseMs } = settings
  const { holder } = pool
  const sign = createSigning(core)
  const { giveBack, giveUp, noteSuccess } = createReturns(core)
  /** Claimed, and not yet in a transaction. */
  let backlog: readonly JobRow[] = []
  const claimedAts = new Map<string, number>()
  let preparing = 0
  let stopping = false
  /** Ends waiting for a key, where nothing is signed yet. */
  const leaving = new AbortController()
  const waiting = AbortSignal.any([signal, leaving.signal])
  setMaxListeners(0, waiting)
  let wakeUp: () => void = () => undefined
  let woken = false

  /** What was being prepared when the relay was held or paused is not sent any more. */
  function assertMaySend(): void {
    const held = hold.current()
    if (held !== undefined) throw new SignerError('RELAY_HELD', { address, ...held })
  }

  /** @param tries - Whether it may go on while the relay is held, to see if it works again. */
  async function prepare(group: Group, tries: boolean): Promise<void> {
    const oldest = Math.min(...group.jobs.map(({ createdAt }) => createdAt))
    const queuedMs = Math.max(0, Date.now() - oldest)
    const startedAt = performance.now()
    const check = tries ? () => undefined : assertMaySend
    let lease: PoolLease | undefined
    try {
      lease = await pool.lease({ signal: waiting })
      const leasedAt = performance.now()
      check()
      const signed = await sign(group, lease, check)
      const { transactionId, jobIds, keyIndex, sequenceNumber, computeLimit } = signed
      const proposalKey = { keyIndex, sequenceNumber: sequenceNumber.toString() }
      const facts = { transactionId, jobIds, ...proposalKey, computeLimit }
      const waitedMs = leasedAt - startedAt
      const signMs = performance.now() - leasedAt
      tell({ kind: 'signed', ...facts, queuedMs, waitedMs, signMs })
      noteSuccess()
      hold.clear('signed')
      onSigned(signed)
    } catch (thrown) {
      await lease?.release()
      await (signal.aborted || stopping ? giveBack(group.jobs) : giveUp(group, thrown))
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
    await giveBack(jobs)
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
