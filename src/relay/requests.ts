/** Checks of what the functions of a relay are called with, besides `submit`. @module */

import { isSignerError, SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import type { JobState } from '../stores/store.ts'
import type { CloseOptions } from './closing.ts'

/** What `list` takes. */
export type ListQuery = {
  readonly states?: readonly JobState[]
  readonly afterId?: string
  /** At most 1,000. Default 100. */
  readonly limit?: number
}

/** What `resolve` takes. */
export type Resolution = {
  /** `queued`: try again, since it was not executed. */
  readonly state: 'queued' | 'done' | 'failed'
  readonly transactionId?: string
  readonly reason?: string
}

/** What waiting for a job takes. */
export type WaitOptions = { readonly signal?: AbortSignal }

const states: readonly JobState[] = [
  'queued',
  'claimed',
  'in-flight',
  'done',
  'failed',
  'cancelled',
  'quarantined',
]

/**
 * @returns Whether a job can have this id: of another the store is not asked.
 * @throws {SignerError} `INVALID_OPTION` for what is no text.
 */
export function isJobId(id: unknown): id is string {
  if (typeof id !== 'string') throw invalid('id', 'it is not a text')
  return /^[\x21-\x7e]{1,128}$/.test(id)
}

/** @throws {SignerError} `INVALID_OPTION`. */
export const checkListQuery = (query: ListQuery = {}): ListQuery & { readonly limit: number } =>
  readable(() => readListQuery(query))

/** @throws {SignerError} `INVALID_OPTION`. */
export const checkResolution = (to: Resolution): Resolution => readable(() => readResolution(to))

/** @throws {SignerError} `INVALID_OPTION` unless it is an `AbortSignal` or left out. */
export const checkSignal = (options: WaitOptions = {}): WaitOptions =>
  readable(() => readSignal(options))

/** @throws {SignerError} `INVALID_OPTION` for anything but a number of milliseconds from 0. */
export const checkClose = (options: CloseOptions = {}): CloseOptions =>
  readable(() => readClose(options))

/** A getter or a proxy of the caller's may throw anything. */
function readable<T>(read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    if (isSignerError(thrown)) throw thrown
    const facts = { option: 'options', reason: 'it cannot be read' }
    throw new SignerError('INVALID_OPTION', facts, { cause: thrown })
  }
}

function readListQuery(query: ListQuery): ListQuery & { readonly limit: number } {
  assertKnownKeys(query, ['states', 'afterId', 'limit'])
  const { states: wanted, afterId, limit = 100 } = query
  const isKnown = (state: unknown) => states.some((one) => one === state)
  if (wanted !== undefined && !(Array.isArray(wanted) && wanted.every(isKnown)))
    throw invalid('states', `it is not a list of ${states.join(', ')}`)
  if (typeof limit !== 'number' || Number.isNaN(limit)) throw invalid('limit', 'it is not a number')
  if (afterId !== undefined && afterId !== '' && !isJobId(afterId))
    throw invalid('afterId', 'it is not the id of a job')
  return {
    ...(wanted === undefined ? {} : { states: wanted }),
    ...(afterId === undefined || afterId === '' ? {} : { afterId }),
    limit: Math.floor(Math.min(Math.max(1, limit), 1_000)),
  }
}

function readResolution(to: Resolution): Resolution {
  assertKnownKeys(to, ['state', 'transactionId', 'reason'])
  const { state, transactionId, reason } = to
  if (state !== 'queued' && state !== 'done' && state !== 'failed')
    throw invalid('state', 'it is none of queued, done and failed')
  for (const [option, text] of Object.entries({ transactionId, reason }))
    if (text !== undefined && (typeof text !== 'string' || text.includes('\0')))
      throw invalid(option, 'it is not a text without NUL')
  return {
    state,
    ...(transactionId === undefined ? {} : { transactionId }),
    ...(reason === undefined ? {} : { reason }),
  }
}

function readSignal(options: WaitOptions): WaitOptions {
  assertKnownKeys(options, ['signal'])
  const { signal } = options
  const isSignal = signal === undefined || typeof signal?.addEventListener === 'function'
  if (!isSignal) throw invalid('signal', 'it is not an AbortSignal')
  return signal === undefined ? {} : { signal }
}

function readClose(options: CloseOptions): CloseOptions {
  assertKnownKeys(options, ['timeoutMs'])
  const { timeoutMs } = options
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs >= 0))
    throw invalid('timeoutMs', 'it is not a number of milliseconds')
  return timeoutMs === undefined ? {} : { timeoutMs }
}

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
