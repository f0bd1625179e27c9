/** Requests packed into one transaction, and the compute limit that it declares. @module */

import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import type { JobRow } from '../stores/store.ts'
import { MAX_CONTENT_BYTES, requestBytes, templateBytes } from './size.ts'

/** How requests of one kind become one transaction. */
export type BatchTemplate = {
  /**
   * Cadence source that takes every argument of a request as an array with one element for each
   * request, in the order of the arguments.
   */
  readonly cadence: string
  /** Compute of one request, until it was measured. Default 200. */
  readonly computePerRequest?: number
  /** Compute of a transaction without requests. Default 200. */
  readonly computeBase?: number
  /** Requests in one transaction at most. Default 200. */
  readonly maxRequests?: number
}

/** A template with its defaults, and what was measured of it. */
export type Batch = Required<BatchTemplate> & { readonly estimate: Estimate }

/** Compute that a batch needs. */
export type Estimate = {
  /** The limit to declare, at most 9,999. */
  readonly limit: (requests: number) => number
  /** How many requests fit. */
  readonly fits: () => number
  /** @param used - Computation that a transaction with so many requests has used. */
  readonly note: (requests: number, used: number) => void
  /** A transaction with so many requests ran out. */
  readonly exceeded: (requests: number) => void
}

const MAX_COMPUTE_LIMIT = 9_999
/** A payer must own the fee for what is declared, so no more than what may vary. */
const MARGIN = 1.25
/** What was measured long ago counts less. */
const WEIGHT = 0.2

/** @throws {SignerError} `INVALID_OPTION`. */
export function createBatch(name: string, template: BatchTemplate): Batch {
  assertKnownKeys(template, ['cadence', 'computePerRequest', 'computeBase', 'maxRequests'])
  const { cadence, computePerRequest = 200, computeBase = 200, maxRequests = 200 } = template
  const numbers = { computePerRequest, computeBase, maxRequests }
  for (const [option, value] of Object.entries(numbers))
    if (!Number.isInteger(value) || value < 1 || value > MAX_COMPUTE_LIMIT)
      throw new SignerError('INVALID_OPTION', {
        option: `batches.${name}.${option}`,
        reason: `it is not a whole number from 1 to ${MAX_COMPUTE_LIMIT}`,
      })
  if (typeof cadence !== 'string' || cadence.trim() === '')
    throw new SignerError('INVALID_OPTION', {
      option: `batches.${name}.cadence`,
      reason: 'it is empty',
    })
  return Object.freeze({ cadence, ...numbers, estimate: createEstimate(numbers) })
}

/** Starts from what the template says, and follows what was measured. */
export function createEstimate(options: {
  readonly computePerRequest: number
  readonly computeBase: number
}): Estimate {
  const { computeBase } = options
  let perRequest = options.computePerRequest
  const limit = (requests: number) =>
    Math.min(MAX_COMPUTE_LIMIT, Math.ceil((computeBase + perRequest * requests) * MARGIN))
  return {
    limit,
    fits: () => Math.max(1, Math.floor((MAX_COMPUTE_LIMIT / MARGIN - computeBase) / perRequest)),
    note(requests, used) {
      if (used <= 0 || requests < 1) return // a node that does not tell says 0
      const measured = Math.max(1, (used - computeBase) / requests)
      // Up at once: too low a limit fails a transaction. Down slowly: too high only reserves.
      perRequest = measured > perRequest ? measured : perRequest + (measured - perRequest) * WEIGHT
    },
    exceeded(requests) {
      perRequest = Math.max(perRequest, limit(requests) / requests) * 1.5
    },
  }
}

/** Jobs that go into one transaction. */
export type Group = {
  readonly batch: string | null
  readonly jobs: readonly JobRow[]
  /** Whether no further job would fit. */
  readonly full: boolean
  /** How many more would fit by number. */
  readonly room: number
}

/**
 * Singles alone; jobs of one template together, up to its bounds and the bytes of a transaction, but
 * only with those of the same group, limit and number of arguments: after a failure a batch is split,
 * and its halves must not pull others down.
 */
export function packJobs(
  jobs: readonly JobRow[],
  batches: ReadonlyMap<string, Batch>,
): readonly Group[] {
  type Open = { batch: string | null; jobs: JobRow[]; bytes: number; room: number; full: boolean }
  const groups: Open[] = []
  const open = new Map<string, Open>()
  for (const job of jobs) {
    const batch = job.batch === null ? undefined : batches.get(job.batch)
    if (batch === undefined) {
      groups.push({ batch: job.batch, jobs: [job], bytes: 0, room: 0, full: true })
      continue
    }
    const { batchGroup, batchLimit, arguments: args } = job
    const name = JSON.stringify([job.batch, batchGroup, batchLimit, args.length])
    const bytes = requestBytes(args)
    let group = open.get(name)
    if (group !== undefined && group.bytes + bytes > MAX_CONTENT_BYTES) group.full = true
    if (group === undefined || group.full) {
      const most = Math.min(batch.maxRequests, batch.estimate.fits(), batchLimit ?? Infinity)
      const ofTemplate = templateBytes(batch.cadence, args.length)
      group = { batch: job.batch, jobs: [], bytes: ofTemplate, room: most, full: false }
      open.set(name, group)
      groups.push(group)
    }
    group.jobs.push(job)
    group.bytes += bytes
    group.room -= 1
    if (group.room <= 0) group.full = true
  }
  return groups
}

/**
 * @param jobs - With as many arguments each.
 * @returns Each argument of the requests as one JSON-Cadence array.
 */
export function combineArguments(jobs: readonly JobRow[]): readonly string[] {
  const [first] = jobs
  if (first === undefined) return []
  return first.arguments.map(
    (_, index) =>
      `{"type":"Array","value":[${jobs.map((job) => job.arguments[index] ?? '').join(',')}]}`,
  )
}
