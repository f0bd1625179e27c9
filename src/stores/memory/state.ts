/** What the memory store holds: plain mutable rows and the indexes into them. @module */

import { performance } from 'node:perf_hooks'
import { noHold, noJobs } from '../checks.ts'
import type { AttemptRow, HoldRow, JobRow, JobState, ProposalKeyRow } from '../store.ts'
import { createHeap, type Heap } from './heap.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Moments are milliseconds of `now`, a clock that nobody can set back. */
export type Key = Mutable<ProposalKeyRow> & { holder: string; leaseUntil: number; usedAt: number }

/** A job. `until` is the end of its claim, or of its delay. */
export type Job = Mutable<JobRow> & {
  readonly position: number
  holder: string
  until: number
  /** Of its newest turn to wait; those of older ones are void. */
  ticket: number
  endedAt: number
  /** The open attempt that it is in flight with. */
  riding: Attempt | undefined
  readonly signed: Attempt[]
}

/** An attempt. It is open while `state` is `open` or `executed`. */
export type Attempt = Mutable<AttemptRow> & {
  readonly jobs: Set<Job>
  readonly position: number
  state: 'open' | 'executed' | 'sealed' | 'dead' | 'unclear'
  holder: string
  leaseUntil: number
}

/** A job that waits to be claimed, or for its claim to end. Each has one that is not void. */
export type Turn = { readonly job: Job; readonly ticket: number; readonly at: number }

/** Everything of one account. */
export type Account = {
  readonly keys: Map<number, Key>
  readonly byId: Map<string, Job>
  /** By position. */
  ordered: Job[]
  readonly counts: Record<JobState, number>
  /** Jobs that could be claimed when they were put here, by batch: the oldest first. None is empty. */
  readonly ready: Map<string | null, Heap<Turn>>
  /** Jobs to look at again: the next moment first. */
  readonly waiting: Heap<Turn>
  readonly claimed: Set<Job>
  readonly open: Set<Attempt>
  hold: HoldRow
}

/** A proposal key and one of its numbers. */
type KeyNumber = Pick<AttemptRow, 'address' | 'keyIndex' | 'sequenceNumber'>

/** Everything. */
export type MemoryState = {
  readonly account: (address: string) => Account
  readonly accounts: Map<string, Account>
  readonly attempts: Map<string, Attempt>
  /** The open attempts by key and number: one each. */
  readonly alive: {
    readonly has: (number: KeyNumber) => boolean
    readonly add: (attempt: Attempt) => void
    readonly forget: (attempt: Attempt) => void
  }
  readonly turns: Map<string, number>
  /** The next number of a row, or of a use of a key. */
  readonly next: () => number
}

/** Milliseconds, with fractions. */
export const now = (): number => performance.now()

/** An empty state. */
export function createMemoryState(): MemoryState {
  const accounts = new Map<string, Account>()
  const alive = new Map<string, Attempt>()
  let last = 0
  const create = (address: string): Account => {
    const account: Account = {
      keys: new Map(),
      byId: new Map(),
      ordered: [],
      counts: { ...noJobs },
      ready: new Map(),
      waiting: createHeap(({ at }) => at),
      claimed: new Set(),
      open: new Set(),
      hold: noHold,
    }
    accounts.set(address, account)
    return account
  }
  return {
    account: (address) => accounts.get(address) ?? create(address),
    accounts,
    attempts: new Map(),
    alive: {
      has: (number) => alive.has(nameOf(number)),
      add: (attempt) => alive.set(nameOf(attempt), attempt),
      forget: (attempt) => {
        if (alive.get(nameOf(attempt)) === attempt) alive.delete(nameOf(attempt))
      },
    },
    turns: new Map(),
    next: () => ++last,
  }
}

const nameOf = ({ address, keyIndex, sequenceNumber }: KeyNumber) =>
  `${address} ${keyIndex} ${sequenceNumber}`

/** Changes the state of a job and every index that depends on it. `until` must be set before. */
export function moveJob(account: Account, job: Job, state: JobState): void {
  account.counts[job.state] -= 1
  account.counts[state] += 1
  job.state = state
  account.claimed.delete(job)
  if (state === 'claimed') account.claimed.add(job)
  job.ticket += 1
  if (state === 'queued' || state === 'claimed')
    account.waiting.push({ job, ticket: job.ticket, at: job.until })
  const final = state === 'done' || state === 'failed' || state === 'cancelled'
  job.endedAt = now()
  job.finishedAt = final ? Date.now() : null
}
