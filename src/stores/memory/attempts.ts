/** The signed transactions of the memory store. @module */

import type { AttemptRow, AttemptSettlement, JobSettlement, RelayStore } from '../store.ts'
import { tellJob } from './jobs.ts'
import { adoptKey, fly, settleKey } from './proposal-keys.ts'
import { type Account, type Attempt, type Job, type MemoryState, moveJob, now } from './state.ts'

type AttemptMethods = Pick<
  RelayStore,
  'openAttempts' | 'settleAttempts' | 'adoptAttempts' | 'listAttempts'
>
type Opening = Parameters<RelayStore['openAttempts']>[0][number]

/** See `RelayStore` for what each method promises. */
export function createMemoryAttempts(state: MemoryState): AttemptMethods {
  const { account, attempts, alive, next } = state

  const open = (opening: Opening) => {
    const { jobs: claims, referenceBlockId, leaseMs, ...signed } = opening
    const owner = account(signed.address)
    const key = owner.keys.get(signed.keyIndex)
    if (key?.state !== 'leased' || key.fence !== signed.fence || key.leaseUntil <= now())
      return false
    if (key.sequenceNumber !== signed.sequenceNumber) return false
    if (attempts.has(signed.transactionId) || alive.has(signed)) return false
    const jobs = new Set<Job>()
    for (const { id, fence } of claims) {
      const job = owner.byId.get(id)
      if (job?.state !== 'claimed' || job.fence !== fence || job.until <= now()) return false
      if (job.riding !== undefined || jobs.has(job)) return false
      jobs.add(job)
    }
    const attempt: Attempt = {
      ...signed,
      transaction: new Uint8Array(signed.transaction), // slice() of a Buffer would share it
      jobIds: [],
      blockHeight: null,
      jobs,
      position: next(),
      state: 'open',
      holder: key.holder,
      leaseUntil: now() + leaseMs,
    }
    attempts.set(attempt.transactionId, attempt)
    alive.add(attempt)
    owner.open.add(attempt)
    fly(key, attempt.transactionId, referenceBlockId, leaseMs)
    for (const job of jobs) ride(owner, job, attempt)
    return true
  }

  const settle = (settlement: AttemptSettlement & { readonly fence: number }) => {
    const attempt = attempts.get(settlement.transactionId)
    const owner = account(attempt?.address ?? '')
    if (attempt?.fence !== settlement.fence || !owner.open.has(attempt)) return false
    const { state: outcome, blockHeight } = settlement
    attempt.state = outcome
    attempt.blockHeight = outcome === 'dead' ? null : (blockHeight ?? attempt.blockHeight)
    if (outcome !== 'executed') owner.open.delete(attempt)
    if (outcome !== 'executed') alive.forget(attempt) // a chain that goes back repeats its numbers
    const key = owner.keys.get(attempt.keyIndex)
    if (
      settlement.key !== undefined &&
      key !== undefined &&
      isFlightOf(key, attempt, attempt.fence)
    )
      settleKey(key, next(), settlement.key.nextSequenceNumber, settlement.key.quarantine)
    const told = new Map([...settlement.jobs].reverse().map((job) => [job.id, job]))
    for (const job of attempt.jobs)
      if (job.riding === attempt) land(owner, job, outcome, told.get(job.id))
    return true
  }

  return {
    openAttempts: async (openings) => openings.map(open),
    settleAttempts: async (settlements) => settlements.map(settle),
    adoptAttempts: async ({ address, holder, leaseMs }) => {
      const moment = now()
      const owner = account(address)
      const lost = [...owner.open].filter((attempt) => attempt.leaseUntil <= moment)
      for (const attempt of lost) {
        const fence = attempt.fence + 1
        const key = owner.keys.get(attempt.keyIndex)
        if (key !== undefined && isFlightOf(key, attempt, key.fence))
          adoptKey(key, fence, holder, moment + leaseMs)
        Object.assign(attempt, { fence, holder, leaseUntil: moment + leaseMs })
      }
      return lost.map(rowOf)
    },
    listAttempts: async (address, jobId) => {
      const signed = account(address).byId.get(jobId)?.signed ?? []
      return signed.map((attempt) => ({ ...rowOf(attempt), state: attempt.state }))
    },
  }
}

const isFlightOf = (
  key: { readonly state: string; readonly transactionId: string | null; readonly fence: number },
  { transactionId }: Attempt,
  fence: number,
) => key.state === 'in-flight' && key.transactionId === transactionId && key.fence === fence

function rowOf(attempt: Attempt): AttemptRow {
  const { jobs, position: _, state: __, holder: ___, leaseUntil: ____, ...row } = attempt
  return {
    ...row,
    transaction: new Uint8Array(row.transaction),
    jobIds: [...jobs].map(({ id }) => id),
  }
}

/** From `claimed` to `in-flight`. */
function ride(owner: Account, job: Job, attempt: Attempt): void {
  job.riding = attempt
  job.signed.push(attempt)
  job.attempts += 1
  job.executed = false
  job.holder = ''
  const { transactionId } = attempt
  tellJob(job, { transactionId, blockHeight: null, errorCode: null, reason: null })
  moveJob(owner, job, 'in-flight')
}

/** What the outcome of its attempt makes of a job, whether or not the settlement tells of it. */
function land(
  owner: Account,
  job: Job,
  outcome: AttemptSettlement['state'],
  told: JobSettlement | undefined,
): void {
  const state = told?.state ?? 'in-flight'
  if (told?.state === 'queued' || outcome === 'dead') job.executed = false
  else if (outcome !== 'unclear') job.executed = true
  if (outcome !== 'executed' || state !== 'in-flight') job.riding = undefined
  if (told !== undefined) tellJob(job, told)
  job.until = now() + (told?.delayMs ?? 0)
  moveJob(owner, job, state)
}
