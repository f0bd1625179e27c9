/** A transaction to be signed by parties that never share a process. @module */

import {
  type ArgumentsFunction,
  callArguments,
  encodeFclArgument,
  type FclArgument,
  isFclArgument,
} from '../authorizer/fcl-arguments.ts'
import { normalizeAddress } from '../crypto/address.ts'
import { encodeTransaction, type Transaction } from '../crypto/transaction.ts'
import { MAX_TRANSACTION_BYTES } from '../crypto/transaction-decoding.ts'
import { SignerError } from '../errors.ts'
import { readLatestBlock } from '../flow/access-node.ts'
import { readAccountKey } from '../flow/accounts.ts'
import { assertKnownKeys, assertSignal } from '../options.ts'
import { assertResolved, countParameters } from '../policy/cadence-source.ts'
import { parseStrictJson } from '../policy/strict-json.ts'
import { expiryOf } from './expiry.ts'
import { canonical } from './merge.ts'
import { type ChainOptions, invalid, openChain } from './options.ts'
import { type Review, readAccounts, reviewOf } from './review.ts'

/** Options of `prepareTransaction`. */
export type PrepareOptions = ChainOptions & {
  /** The source as it is executed: every import names an address. */
  readonly cadence: string
  /**
   * JSON-Cadence, each as a value or as the text that is to be sent; or what `fcl.mutate` takes, a
   * function, which needs `@onflow/types`. Default none.
   */
  readonly arguments?: readonly (string | object | FclArgument)[] | ArgumentsFunction
  /** Whose key and sequence number the transaction uses. `keyIndex`: default 0. */
  readonly proposer: { readonly address: string; readonly keyIndex?: number }
  readonly payer: string
  /** In the order of the parameters of `prepare`. Default none. */
  readonly authorizers?: readonly string[]
  /** 1 to 9,999. */
  readonly computeLimit: number
}

const MAX_COMPUTE_LIMIT = 9_999

/** In bytes: a hundred of them and more. */
const ROOM_FOR_SIGNATURES = 10_000

/**
 * Reads the keys of all accounts, the sequence number and a reference block, once each. Nothing is signed
 * and nothing sent.
 *
 * @returns The transaction, and who has to sign it. It expires with its reference block: see `expiry`.
 * @throws {SignerError} `CADENCE_IMPORT_UNRESOLVED`, `INVALID_OPTION`, `INVALID_ADDRESS`, `INVALID_KEY_INDEX`, `CHAIN_MISMATCH`,
 * `TRANSACTION_TOO_LARGE`, `ACCOUNT_NOT_FOUND`, `KEY_INDEX_UNKNOWN`, `KEY_REVOKED`; `WEIGHT_TOO_LOW`
 * when all keys of a party together do not reach 1,000; the `ACCESS_NODE_…` codes.
 */
export async function prepareTransaction(options: PrepareOptions): Promise<Review> {
  assertKnownKeys(options, optionNames)
  assertSignal(options.signal)
  const body = await bodyOf(options)
  const { signal } = options
  const proposer = proposerOf(options)
  const node = await openChain(options)
  const draft: Transaction = {
    ...body,
    referenceBlockId: new Uint8Array(32),
    proposalKey: { ...proposer, sequenceNumber: 0n },
    payloadSignatures: [],
    envelopeSignatures: [],
  }
  assertFits(draft)
  const [block, key, accounts] = await Promise.all([
    readLatestBlock(node, { signal }),
    readAccountKey(node, proposer.address, proposer.keyIndex, { signal }),
    readAccounts(node, draft, { signal }),
  ])
  if (key.revoked) throw new SignerError('KEY_REVOKED', proposer)
  const { sequenceNumber } = key
  const transaction = canonical({
    ...draft,
    referenceBlockId: block.id,
    proposalKey: { ...proposer, sequenceNumber },
  })
  const review = reviewOf(transaction, accounts, { sequenceNumber, expiry: expiryOf(block, block) })
  for (const { address, required, unsigned } of review.parties) {
    const weight = unsigned.reduce((sum, one) => sum + one.weight, 0)
    if (weight < required) throw new SignerError('WEIGHT_TOO_LOW', { address, weight, required })
  }
  return review
}

const optionNames: readonly (keyof PrepareOptions)[] = [
  'accessNode',
  'chainId',
  'signal',
  'cadence',
  'arguments',
  'proposer',
  'payer',
  'authorizers',
  'computeLimit',
]

async function bodyOf(options: PrepareOptions) {
  const { cadence, computeLimit, authorizers = [] } = options
  if (typeof cadence !== 'string' || cadence.trim() === '')
    throw invalid('cadence', 'it is empty, or not a text')
  if (hasHalfPair(cadence)) throw invalid('cadence', 'it holds half a surrogate pair')
  assertResolved(cadence)
  if (!Number.isInteger(computeLimit) || computeLimit < 1 || computeLimit > MAX_COMPUTE_LIMIT)
    throw invalid('computeLimit', `it is not a whole number from 1 to ${MAX_COMPUTE_LIMIT}`)
  if (!Array.isArray(authorizers)) throw invalid('authorizers', 'it is not a list')
  const addresses = authorizers.map(normalizeAddress)
  if (new Set(addresses).size !== addresses.length)
    throw invalid('authorizers', 'an account is named twice')
  const args = argumentsOf(await valuesOf(options.arguments ?? []))
  const taken = countParameters(cadence)
  if (taken !== undefined && taken !== args.length)
    throw invalid('arguments', `there are ${args.length}, and the transaction takes ${taken}`)
  return {
    cadence,
    computeLimit,
    arguments: args,
    payer: normalizeAddress(options.payer),
    authorizers: addresses,
  }
}

/** UTF-8 has no place for one, so something else would be signed. */
const hasHalfPair = (text: string) => /\p{Cs}/u.test(text)

const valuesOf = async (given: NonNullable<PrepareOptions['arguments']>): Promise<unknown> =>
  typeof given === 'function' ? callArguments(given, 'arguments') : given

/** As texts; whether they are of the types that the source wants, a policy says, or the chain. */
function argumentsOf(values: unknown): readonly string[] {
  if (!Array.isArray(values)) throw invalid('arguments', 'it is not a list')
  return values.map((given: unknown, index) => {
    const option = `arguments[${index}]`
    const value = isFclArgument(given) ? encodeFclArgument(given, option) : given
    const text = typeof value === 'string' ? value : textOf(value, option)
    const parsed = parseStrictJson(text)
    if (parsed.reason !== undefined) throw invalid(option, parsed.reason)
    const found = parsed.value
    const isCadence =
      typeof found === 'object' &&
      found !== null &&
      'type' in found &&
      typeof found.type === 'string'
    if (!isCadence) throw invalid(option, 'it is not JSON-Cadence: {"type": …, "value": …}')
    if (hasHalfPair(text)) throw invalid(option, 'it holds half a surrogate pair')
    return text
  })
}

function textOf(value: unknown, option: string): string {
  try {
    const text: unknown = JSON.stringify(value)
    if (typeof text === 'string') return text
  } catch {
    // A circle or a bigint: told as what it is not.
  }
  throw invalid(option, 'it is not JSON-Cadence: {"type": …, "value": …}')
}

function proposerOf({ proposer }: PrepareOptions) {
  if (typeof proposer !== 'object' || proposer === null)
    throw invalid('proposer', 'it is not an object')
  assertKnownKeys(proposer, ['address', 'keyIndex'])
  const { keyIndex = 0 } = proposer
  if (!Number.isInteger(keyIndex) || keyIndex < 0 || keyIndex > 0xffff_ffff)
    throw new SignerError('INVALID_KEY_INDEX', { value: String(keyIndex).slice(0, 40) })
  return { address: normalizeAddress(proposer.address), keyIndex }
}

/** With room for what is signed later. */
function assertFits(draft: Transaction): void {
  const byteLength = encodeTransaction(draft).length
  const limit = MAX_TRANSACTION_BYTES - ROOM_FOR_SIGNATURES
  if (byteLength > limit) throw new SignerError('TRANSACTION_TOO_LARGE', { byteLength, limit })
}
