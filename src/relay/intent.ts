/** What a caller asks for, checked and made comparable. @module */

import { createHash } from 'node:crypto'
import {
  type ArgumentsFunction,
  callArguments,
  encodeFclArgument,
  type FclArgument,
  isFclArgument,
} from '../authorizer/fcl-arguments.ts'
import { isSignerError, SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import { countParameters } from '../policy/cadence-source.ts'
import type { JobIntent } from '../stores/store.ts'
import type { Imports } from './imports.ts'
import { argumentText, type JsonCadence, sameArgument } from './json-cadence.ts'
import type { Templates } from './templates.ts'

/** What `submit` takes: a transaction of its own, or a part of a batch. */
export type SubmitRequest = {
  /**
   * 1 to 128 printable ASCII characters without spaces: the caller's name for what shall happen
   * once. Where the contract keeps request ids, it is the one to pass as an argument.
   */
  readonly id: string
  /**
   * JSON-Cadence, as the Flow CLI writes it, or what `fcl.mutate` takes: a function, which needs
   * `@onflow/types`. Both are one intent. Default none.
   */
  readonly args?: readonly (JsonCadence | FclArgument)[] | ArgumentsFunction
} & (
  | {
      /**
       * Cadence source; its one authorizer is the account of the relay. Imports without an address get
       * one before the job is stored: see `RelayOptions.imports`.
       */
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

/** What an intent is checked against. */
export type IntentRules = Pick<Imports, 'resolve'> & Pick<Templates, 'names' | 'sourceOf'>

/** A transaction of the network may have 1,500,000 bytes; signatures and envelope need some. */
const MAX_INTENT_BYTES = 1_400_000
const MAX_COMPUTE_LIMIT = 9_999
const options = ['id', 'args', 'cadence', 'limit', 'batch', 'group'] as const

type Fields = Partial<Readonly<Record<(typeof options)[number], unknown>>>

/**
 * Reads the request once, at the call; nothing of it is read again later.
 *
 * @throws {SignerError} `INVALID_OPTION`, `CADENCE_IMPORT_UNRESOLVED`; always by rejecting.
 */
export async function parseIntent(request: SubmitRequest, rules: IntentRules): Promise<JobIntent> {
  try {
    return await readIntent(fieldsOf(request), rules)
  } catch (thrown) {
    if (isSignerError(thrown)) throw thrown
    // A getter or a proxy of the caller's that throws, or something nested without end.
    throw invalid('request', 'it cannot be read', thrown)
  }
}

/** @returns Whether a stored job is this intent, perhaps with numbers written in another way. */
export function isSameIntent(job: JobIntent, intent: JobIntent): boolean {
  if (job.intentHash === intent.intentHash) return true
  const isSameWhat =
    job.cadence === intent.cadence &&
    job.computeLimit === intent.computeLimit &&
    job.batch === intent.batch &&
    job.arguments.length === intent.arguments.length
  return (
    isSameWhat &&
    job.arguments.every((text, index) => sameArgument(text, intent.arguments[index] ?? ''))
  )
}

function fieldsOf(request: SubmitRequest): Fields {
  assertKnownKeys(request, options)
  const given: Fields = request
  const named = options.map((option) => [option, given[option]] as const)
  return Object.fromEntries(named.filter(([, value]) => value !== undefined))
}

async function readIntent(fields: Fields, rules: IntentRules): Promise<JobIntent> {
  const { id, args = [] } = fields
  if (typeof id !== 'string' || !isName(id)) throw invalid('id', NO_NAME)
  const batchGroup = groupOf(fields)
  const batch = fields.batch === undefined ? null : batchOf(fields, rules.names())
  const own = batch === null ? ofTransaction(fields) : { cadence: '', computeLimit: 0 }
  // What needs no waiting does not wait: jobs are stored in the order in which they came.
  const list =
    typeof args === 'function' ? await callArguments(args as ArgumentsFunction, 'args') : args
  const texts = argumentTexts(list)
  const source = batch === null ? rules.resolve(own.cadence) : rules.sourceOf(batch)
  const resolved = typeof source === 'string' ? source : await source
  assertCount(texts.length, resolved)
  const { computeLimit } = own
  const cadence = batch === null ? resolved : ''
  const bytes = [cadence, ...texts].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  if (bytes > MAX_INTENT_BYTES)
    throw invalid('args', `with the Cadence source they have more than ${MAX_INTENT_BYTES} bytes`)
  const intent = { cadence, arguments: texts, computeLimit, batch }
  return { id, ...intent, batchGroup, intentHash: hashIntent(intent) }
}

function groupOf({ group, batch }: Fields): string | null {
  if (group === undefined) return null
  if (batch === undefined) throw invalid('group', 'only jobs of a batch have one')
  if (typeof group === 'string' && isName(group)) return group
  throw invalid('group', NO_NAME)
}

function ofTransaction({ cadence, limit }: Fields) {
  if (typeof cadence !== 'string' || cadence.trim() === '') throw invalid('cadence', 'it is empty')
  if (typeof limit !== 'number' || !Number.isInteger(limit))
    throw invalid('limit', `it is not a whole number from 1 to ${MAX_COMPUTE_LIMIT}`)
  if (limit < 1 || limit > MAX_COMPUTE_LIMIT)
    throw invalid('limit', `it is not a whole number from 1 to ${MAX_COMPUTE_LIMIT}`)
  return { cadence, computeLimit: limit }
}

function batchOf({ batch, cadence, limit }: Fields, names: readonly string[]): string {
  if (cadence !== undefined || limit !== undefined)
    throw invalid('batch', 'the template has its own cadence and limit')
  if (typeof batch === 'string' && names.includes(batch)) return batch
  throw invalid('batch', `the relay has no such template; it has ${names.join(', ')}`)
}

function argumentTexts(args: unknown): readonly string[] {
  if (!Array.isArray(args)) throw invalid('args', 'it is not a list')
  return args.map((one: unknown, index) =>
    argumentText(
      isFclArgument(one) ? encodeFclArgument(one, 'args') : one,
      `argument ${index + 1}`,
    ),
  )
}

/** The network would refuse it, and in a batch all others with it. */
function assertCount(given: number, cadence: string): void {
  const taken = countParameters(cadence)
  if (taken !== undefined && taken !== given)
    throw invalid('args', `there are ${given}, and the transaction takes ${taken}`)
}

function hashIntent(intent: Omit<JobIntent, 'id' | 'intentHash' | 'batchGroup'>): string {
  const { cadence, arguments: args, computeLimit, batch } = intent
  const text = JSON.stringify([cadence, args, computeLimit, batch])
  return createHash('sha256').update(text).digest('hex')
}

const NO_NAME = 'it is not 1 to 128 printable ASCII characters without spaces'
const isName = (text: string) => /^[\x21-\x7e]{1,128}$/.test(text)

const invalid = (option: string, reason: string, cause?: unknown) =>
  new SignerError('INVALID_OPTION', { option, reason }, cause === undefined ? {} : { cause })
