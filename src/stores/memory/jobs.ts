/** The jobs of the memory store. @module */

import { assertIntents, PRUNED_AT_ONCE, plainText } from '../checks.ts'
import type { JobIntent, JobRow, RelayStore } from '../store.ts'
import { createHeap } from './heap.ts'
import { createSources } from './sources.ts'
import { type Account, type Job, type MemoryState, moveJob, now, type Turn } from './state.ts'

type JobMethods = Pick<
  RelayStore,
  | 'addJobs'
  | 'getJobs'
  | 'listJobs'
  | 'countJobs'
  | 'cancelJob'
  | 'claimJobs'
  | 'unclaimJobs'
  | 'resolveJob'
  | 'prune'
>

/** See `RelayStore` for what each method promises. */
export function createMemoryJobs(state: MemoryState): JobMethods {
  const { account, attempts, alive, next } = state
  const sources = createSources()

  return {
    addJobs: async (address, jobs, maxOpen) => {
      assertIntents(jobs)
      const { byId, counts, ordered, waiting } = account(address)
      return jobs.map((intent) => {
        const known = byId.get(intent.id)
        if (known !== undefined) return { job: rowOf(known), created: false }
        if (counts.queued + counts.claimed >= maxOpen) return undefined
        const job = accepted(address, { ...intent, cadence: sources.keep(intent.cadence) }, next())
        byId.set(intent.id, job)
        ordered.push(job)
        counts.queued += 1
        waiting.push({ job, ticket: job.ticket, at: job.until })
        return { job: rowOf(job), created: true }
      })
    },
    getJobs: async (address, ids) =>
      ids.flatMap((id) => {
        const job = account(address).byId.get(id)
        return job === undefined ? [] : [rowOf(job)]
      }),
    listJobs: async (address, { states, afterId, limit }) => {
      const { byId, ordered } = account(address)
      const after = afterId === undefined ? 0 : byId.get(afterId)?.position
      const listed: JobRow[] = []
      if (after === undefined) return listed
      for (const job of ordered) {
        if (listed.length >= limit) break
        if (job.position > after && (states === undefined || states.includes(job.state)))
          listed.push(rowOf(job))
      }
      return listed
    },
    countJobs: async (address) => ({ ...account(address).counts }),
    cancelJob: async (address, id) => {
      const job = account(address).byId.get(id)
      if (job?.state !== 'queued') return false
      moveJob(account(address), job, 'cancelled')
      return true
    },
    claimJobs: async ({ address, limit, holder, leaseMs, batches }) => {
      const moment = now()
      const isWanted = (batch: string | null) =>
        batch === null || batches === undefined || batches.includes(batch)
      const oldest = takeReady(account(address), limit, moment, isWanted)
      for (const job of oldest) {
        job.fence += 1
        job.holder = holder
        job.until = moment + leaseMs
        moveJob(account(address), job, 'claimed')
      }
      return oldest.map(rowOf)
    },
    unclaimJobs: async (address, jobs) => {
      for (const { id, fence, state: to, delayMs = 0, ...told } of jobs) {
        const job = account(address).byId.get(id)
        if (job?.state !== 'claimed' || job.fence !== fence) continue
        tellJob(job, told)
        job.until = now() + delayMs
        moveJob(account(address), job, to)
      }
    },
    resolveJob: async (address, id, { state: to, ...told }) => {
      const job = account(address).byId.get(id)
      if (job?.state !== 'quarantined') return false
      if (to !== 'failed') tellJob(job, { errorCode: null, reason: null })
      tellJob(job, told)
      job.executed = to === 'done' || (job.executed && to === 'failed')
      job.until = now()
      moveJob(account(address), job, to)
      return true
    },
    prune: async (address, olderThanMs) => {
      const { byId, counts, ordered } = account(address)
      const before = now() - olderThanMs
      const isOld = (job: Job) => job.finishedAt !== null && job.endedAt < before
      const old = new Set(ordered.filter(isOld).slice(0, PRUNED_AT_ONCE))
      for (const job of old) {
        byId.delete(job.id)
        counts[job.state] -= 1
        sources.drop(job.cadence)
      }
      account(address).ordered = ordered.filter((job) => !old.has(job))
      for (const attempt of new Set([...old].flatMap((job) => job.signed))) {
        for (const job of old) attempt.jobs.delete(job)
        if (attempt.jobs.size > 0 || account(address).open.has(attempt)) continue
        attempts.delete(attempt.transactionId)
        alive.forget(attempt)
      }
      return old.size
    },
  }
}

function accepted(address: string, intent: JobIntent, position: number): Job {
  return {
    ...intent,
    arguments: [...intent.arguments],
    address,
    state: 'queued',
    fence: 0,
    attempts: 0,
    batchLimit: null,
    transactionId: null,
    blockHeight: null,
    executed: false,
    errorCode: null,
    reason: null,
    createdAt: Date.now(),
    finishedAt: null,
    position,
    holder: '',
    until: now(),
    ticket: 0,
    endedAt: 0,
    riding: undefined,
    signed: [],
  }
}

function rowOf(job: Job): JobRow {
  const { position, holder, until, ticket, endedAt, riding, signed, ...row } = job
  return { ...row, arguments: [...row.arguments] }
}

/** Absent fields stay as they are, null ones become null. */
export function tellJob(
  job: Job,
  told: {
    readonly [K in 'transactionId' | 'blockHeight' | 'errorCode' | 'reason' | 'batchLimit']?:
      | JobRow[K]
      | undefined
  },
): void {
  if (told.transactionId !== undefined) job.transactionId = told.transactionId
  if (told.blockHeight !== undefined) job.blockHeight = told.blockHeight
  if (told.errorCode !== undefined) job.errorCode = told.errorCode
  if (told.reason !== undefined) job.reason = told.reason === null ? null : plainText(told.reason)
  if (told.batchLimit !== undefined) job.batchLimit = told.batchLimit
}

/** Takes the oldest of wanted batches that can be claimed out of the heaps: final jobs have no turn. */
function takeReady(
  { ready, waiting }: Account,
  limit: number,
  moment: number,
  isWanted: (batch: string | null) => boolean,
): readonly Job[] {
  for (let turn = waiting.peek(); turn !== undefined && turn.at <= moment; turn = waiting.peek()) {
    waiting.pop()
    if (turn.ticket === turn.job.ticket) addReady(ready, turn)
  }
  const taken: Job[] = []
  while (taken.length < limit) {
    const turn = popOldest(ready, isWanted)
    if (turn === undefined) break
    const { job, ticket } = turn
    if (ticket !== job.ticket) continue
    // A claim that was extended meanwhile waits for its new end.
    if (job.until > moment) waiting.push({ job, ticket, at: job.until })
    else taken.push(job)
  }
  return taken
}

function addReady(ready: Account['ready'], turn: Turn): void {
  const { batch } = turn.job
  const heap = ready.get(batch) ?? createHeap<Turn>(({ job }) => job.position)
  ready.set(batch, heap)
  heap.push(turn)
}

function popOldest(
  ready: Account['ready'],
  isWanted: (batch: string | null) => boolean,
): Turn | undefined {
  let oldest: Turn | undefined
  for (const [batch, heap] of ready) {
    const first = heap.peek()
    if (first === undefined || !isWanted(batch)) continue
    if (oldest === undefined || first.job.position < oldest.job.position) oldest = first
  }
  if (oldest === undefined) return undefined
  const { batch } = oldest.job
  const heap = ready.get(batch)
  heap?.pop()
  if (heap?.peek() === undefined) ready.delete(batch)
  return oldest
}
