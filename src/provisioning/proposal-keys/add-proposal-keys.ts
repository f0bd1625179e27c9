/** More proposal keys for an account that exists: copies of a key of its own, at weight 0. Needs no FCL. @module */

import type { KmsAuthorizer } from '../../authorizer/kms-authorizer.ts'
import { normalizeAddress } from '../../crypto/address.ts'
import type { HashAlgorithm, SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { bytesToHex, hexToBytes } from '../../crypto/hex.ts'
import { type AccessNodeOptions, assertChain, connectAccessNode } from '../../flow/access-node.ts'
import { readAccount } from '../../flow/accounts.ts'
import { assertKnownKeys, assertTimeout, invalid } from '../../options.ts'
import { MAX_COMPUTE_LIMIT } from '../accounts/transaction.ts'
import { assertAuthorizer } from '../options.ts'
import { type BatchReport, growPool } from './batches.ts'
import { assertWeightedOnce, isCopyOf, originalKey } from './copies.ts'

/** Options of `addProposalKeys`. Either `count` or `total`. */
export type AddProposalKeysOptions = {
  readonly accessNode: string | AccessNodeOptions
  /** The account that grows. It proposes, pays and authorizes. */
  readonly address: string
  /** Its signers reach weight 1,000 on the account. */
  readonly authorizer: KmsAuthorizer
  /** How many copies the account shall gain: 1 to 10,000. */
  readonly count?: number
  /** How many copies the account shall have: 1 to 10,000. Running it again then adds nothing. */
  readonly total?: number
  /** 128 hexadecimal digits of the key to copy. Default the first key that signs. */
  readonly publicKey?: string
  /** For example `flow-testnet`: nothing is signed for another chain. */
  readonly chainId?: string
  /** 1 to 9,999, of each transaction. Default 100 and 20 for each key in it. */
  readonly computeLimit?: number
  /** Milliseconds to wait for the seal of each transaction. Default 120,000. */
  readonly timeoutMs?: number
  /** Called after each transaction. What it throws becomes a process warning, no more. */
  readonly onBatch?: (report: BatchReport) => void
  readonly signal?: AbortSignal
}

/** An account that has grown. */
export type AddedProposalKeys = {
  /** `0x` and 16 lower-case digits. */
  readonly address: string
  /** The key that was copied: 128 lower-case hexadecimal digits, X‖Y. */
  readonly publicKey: string
  /** Its index. */
  readonly keyIndex: number
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly hashAlgorithm: HashAlgorithm
  /** The new keys, all of weight 0. Empty when there were as many as `total` before. */
  readonly keyIndexes: readonly number[]
  /** One for each 250 keys, all sealed. */
  readonly transactionIds: readonly string[]
  /** Copies that the account has now: not revoked, of weight 0, and signed for by the same signature. */
  readonly total: number
}

/** More would make the account's keys a reply of megabytes. */
const MAX_COUNT = 10_000

/**
 * Adds copies of a key at weight 0: keys with sequence numbers of their own, which sign by the
 * signature of the key itself and authorize nothing. One transaction for each 250, one after the
 * other; each is sealed and the account read back before the next is signed.
 *
 * @throws {SignerError} Before anything is signed: `INVALID_OPTION`, `INVALID_ADDRESS`,
 * `MALFORMED_HEX`, `CHAIN_MISMATCH`, `ACCOUNT_NOT_FOUND`, `NO_KEY_HELD`, `KEY_NOT_HELD`,
 * `KEY_REVOKED`, `WEIGHT_TOO_LOW`, the codes of access node and signers; `INVALID_WEIGHT` when two
 * keys with one public key carry weight. After: `ACCESS_NODE_REFUSED`, `TRANSACTION_FAILED`,
 * `TRANSACTION_EXPIRED` when there is no new key; `PROPOSAL_KEYS_INCOMPLETE` when there are some or
 * may be, also when the caller aborts. Run it again with `total`.
 */
export async function addProposalKeys(options: AddProposalKeysOptions): Promise<AddedProposalKeys> {
  assertKnownKeys(options, optionNames)
  const { authorizer, chainId, computeLimit, onBatch, timeoutMs = 120_000, signal } = options
  const address = normalizeAddress(options.address)
  const node = connectAccessNode(options.accessNode)
  assertAuthorizer('authorizer', authorizer)
  assertNumbers(options)
  assertTimeout('timeoutMs', timeoutMs)
  const publicKey = readPublicKey(options.publicKey)
  if (onBatch !== undefined && typeof onBatch !== 'function')
    throw invalid('onBatch', 'it is not a function')

  if (chainId !== undefined) await assertChain(node, chainId, { signal })
  authorizer.forgetKeys(address) // what it read earlier may no longer be so
  const choice = signal === undefined ? {} : { signal }
  const [account, publicKeys, proposal] = await Promise.all([
    readAccount(node, address, { signal }),
    authorizer.publicKeys(choice),
    authorizer.proposalKey(address, choice),
  ])
  assertWeightedOnce(account)
  const key = originalKey(account, publicKeys, publicKey ?? proposal.keyIndex)
  const before = account.keys.filter((one) => isCopyOf(key, one)).length
  const asked = options.count ?? Math.max(0, (options.total ?? 0) - before)
  const grown = await growPool({
    node,
    authorizer,
    account,
    key,
    asked,
    computeLimit,
    onBatch,
    timeoutMs,
    signal,
  })
  authorizer.forgetKeys(address) // so that the next transaction can use the new ones
  const { index: keyIndex, ...facts } = key
  const total = before + grown.keyIndexes.length
  return Object.freeze({ address, keyIndex, ...facts, ...grown, total })
}

const optionNames: readonly (keyof AddProposalKeysOptions)[] = [
  'accessNode',
  'address',
  'authorizer',
  'count',
  'total',
  'publicKey',
  'chainId',
  'computeLimit',
  'timeoutMs',
  'onBatch',
  'signal',
]

function readPublicKey(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const bytes = hexToBytes(text, 'publicKey')
  if (bytes.length !== 64) throw invalid('publicKey', 'it has not 128 digits')
  return bytesToHex(bytes)
}

function assertNumbers({ count, total, computeLimit }: AddProposalKeysOptions): void {
  const isWhole = (value: number, most: number) =>
    Number.isInteger(value) && value >= 1 && value <= most
  if ((count === undefined) === (total === undefined))
    throw invalid('count', 'give either count or total')
  for (const [option, value] of Object.entries({ count, total }))
    if (value !== undefined && !isWhole(value, MAX_COUNT))
      throw invalid(option, `it is not a whole number from 1 to ${MAX_COUNT}`)
  if (computeLimit !== undefined && !isWhole(computeLimit, MAX_COMPUTE_LIMIT))
    throw invalid('computeLimit', `it is not a whole number from 1 to ${MAX_COMPUTE_LIMIT}`)
}
