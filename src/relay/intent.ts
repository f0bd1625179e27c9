/** What a caller asks for, checked and made comparable. @module */

import { createHash } from 'node:crypto'
import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import type { JobIntent } from '../stores/store.ts'

/** One argument in JSON-Cadence, for example `{ type: 'UInt64', value: '1' }`. */
export type JsonCadence = { readonly type: string; readonly value?: unknown }

/** What `submit` takes: a transaction of its own, or a part of a batch. */
export type SubmitRequest = {
  /**
   * 1 to 128 printable ASCII characters without spaces: the caller's name for what shall happen
   * once. Where the contract keeps request ids, it is the one to pass as an argument.
   */
  readonly id: string
  /** JSON-Cadence, as FCL and the Flow CLI write it. Default none. */
  readonly args?: readonly JsonCadence[]
} & (
  | {
      /** Cadence source; its one authorizer is the account of the relay. */
      readonly cadence: string
      /** Compute limit, 1 to 9,999: about what the transaction uses, and some more. */
      readonly limit: number
    }
  | {
      /** The name of a template of the relay: packed into one transaction with others of it. */
      readonly batch: string
      /**
       * Packed only with those of the same group, for example of the keys that are to sign. Printable
       * ASCII, at most 128 characters; no part of the intent. Default none.
       */
      readonly group?: string
    }
)

/** A transaction of the network may have 1,500,000 bytes; signatures and envelope need some. */
const MAX_INTENT_BYTES = 1_400_000
const MAX_COMPUTE_LIMIT = 9_999

/**
 * @param batches - The names of the templates.
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function parseIntent(request: SubmitRequest, batches: ReadonlySet<string>): JobIntent {
  assertKnownKeys(request, ['id', 'args', 'cadence', 'limit', 'batch', 'group'])
  const { id, args = [] } = request
  if (typeof id !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(id))
    throw invalid('id', 'it is not 1 to 128 printable ASCII characters without spaces')
  if (!Array.isArray(args)) throw invalid('args', 'it is not a list')
  const texts = args.map(argumentText)
  const what = 'batch' in request ? ofBatch(request, batches) : ofTransaction(request)
  const bytes = [what.cadence, ...texts].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  if (bytes > MAX_INTENT_BYTES)
    throw invalid('args', `with the Cadence source they have more than ${MAX_INTENT_BYTES} bytes`)
  const intent = { arguments: texts, ...what }
  return { id, ...intent, batchGroup: groupOf(request), intentHash: hashIntent(intent) }
}

function groupOf(request: SubmitRequest): string | null {
  if (!('group' in request) || request.group === undefined) return null
  if (!('batch' in request)) throw invalid('group', 'only jobs of a batch have one')
  if (typeof request.group === 'string' && /^[\x21-\x7e]{1,128}$/.test(request.group))
    return request.group
  throw invalid('group', 'it is not 1 to 128 printable ASCII characters without spaces')
}

function ofTransaction({ cadence, limit }: { cadence: string; limit: number }) {
  if (typeof cadence !== 'string' || cadence.trim() === '') throw invalid('cadence', 'it is empty')
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_COMPUTE_LIMIT)
    throw invalid('limit', `it is not a whole number from 1 to ${MAX_COMPUTE_LIMIT}`)
  return { cadence, computeLimit: limit, batch: null }
}

function ofBatch(request: { batch: string }, batches: ReadonlySet<string>) {
  if ('cadence' in request || 'limit' in request)
    throw invalid('batch', 'the template has its own cadence and limit')
  if (!batches.has(request.batch))
    throw invalid('batch', `the relay has no such template; it has ${[...batches].join(', ')}`)
  return { cadence: '', computeLimit: 0, batch: request.batch }
}

/** Keys in order, so that the same argument is always the same text. */
function argumentText(argument: JsonCadence): string {
  const ordered = (_: string, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value
  if (typeof argument !== 'object' || argument === null || typeof argument.type !== 'string')
    throw invalid('args', 'one is not JSON-Cadence: { type, value }')
  return JSON.stringify(argument, ordered)
}

function hashIntent(intent: Omit<JobIntent, 'id' | 'intentHash' | 'batchGroup'>): string {
  const { cadence, arguments: args, computeLimit, batch } = intent
  const text = JSON.stringify([cadence, args, computeLimit, batch])
  return createHash('sha256').update(text).digest('hex')
}

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
