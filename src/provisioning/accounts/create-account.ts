/** A new Flow account with keys that are held elsewhere. Needs no FCL. @module */

import { parseSelection } from '../../authorizer/selection.ts'
import { type Transaction, transactionId } from '../../crypto/transaction.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import {
  type AccessNodeOptions,
  connectAccessNode,
  readChainId,
  readLatestBlock,
} from '../../flow/access-node.ts'
import type { NodeConnection } from '../../flow/http.ts'
import { settleTransaction } from '../../flow/transactions.ts'
import { assertKnownKeys, assertTimeout, invalid } from '../../options.ts'
import { assertKms } from '../../signers/aws-kms/client.ts'
import type { KmsOptions } from '../keys/kms-session.ts'
import { codeOf } from '../options.ts'
import { type CheckedAccountKey, checkAccountKeys, type NewAccountKey } from './account-keys.ts'
import { isNumberTaken } from './number-taken.ts'
import { checkPayer, type Payer } from './payer.ts'
import { tagAccountKeys, type Warning } from './tagging.ts'
import {
  accountTransaction,
  createdAddress,
  defaultComputeLimit,
  MAX_COMPUTE_LIMIT,
} from './transaction.ts'

/** Options of `createAccount`. */
export type CreateAccountOptions = Partial<KmsOptions> & {
  readonly accessNode: string | AccessNodeOptions
  readonly payer: Payer
  /** At least one; their indexes are their places in the list. */
  readonly keys: readonly NewAccountKey[]
  /** For example `flow-testnet`: nothing is signed for another chain. */
  readonly chainId?: string
  /** Lets the weights sum to less than 1,000, to add keys later by other means. Default false. */
  readonly allowLowWeight?: boolean
  /** 1 to 9,999. Default 600 and 40 for each key. */
  readonly computeLimit?: number
  /** Milliseconds to wait for the seal. Default 120,000. */
  readonly timeoutMs?: number
  /** Whether KMS keys named by `kmsKeyId` are told by a tag. Default true when `client` is given. */
  readonly tagKeys?: boolean
}

/** An account that exists. */
export type CreatedAccount = {
  /** `0x` and 16 lower-case digits. */
  readonly address: string
  readonly chainId: string
  readonly transactionId: string
  readonly keys: readonly (CheckedAccountKey & { readonly index: number })[]
  /** What went wrong beside the account itself. */
  readonly warnings: readonly Warning[]
}

/**
 * Not idempotent: each call makes an account, for 0.001 FLOW and a fee, paid by the payer.
 *
 * @throws {SignerError} Before anything is sent: `INVALID_OPTION`, `INVALID_WEIGHT`,
 * `MALFORMED_HEX`, `MALFORMED_PUBLIC_KEY`, `CHAIN_MISMATCH`, and the codes of the payer's account
 * and signers. After: `ACCESS_NODE_REFUSED`, `TRANSACTION_FAILED`, `TRANSACTION_EXPIRED` when
 * there is no account; `ACCOUNT_CREATION_INCOMPLETE` with the transaction id when there may be
 * one, also when the caller aborts, and when the sequence number was used and the node does not
 * show by which other transaction.
 */
export async function createAccount(options: CreateAccountOptions): Promise<CreatedAccount> {
  assertKnownKeys(options, optionNames)
  const { chainId: expected, signal, timeoutMs = 120_000, computeLimit } = options
  const keys = checkAccountKeys(options.keys, options.allowLowWeight === true)
  const payer = checkPayer(options.payer)
  const node = connectAccessNode(options.accessNode)
  assertTimeout('timeoutMs', timeoutMs)
  if (options.client !== undefined) assertKms(options.client)
  const limit = computeLimit ?? defaultComputeLimit(keys.length)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_COMPUTE_LIMIT)
    throw invalid('computeLimit', `it is not a whole number from 1 to ${MAX_COMPUTE_LIMIT}`)

  const chainId = await readChainId(node, { signal })
  if (expected !== undefined && expected !== chainId)
    throw new SignerError('CHAIN_MISMATCH', { expected, actual: chainId })
  const transaction = await sign(node, payer, keys, limit, signal)
  const id = transactionId(transaction)
  const address = await submit(node, transaction, id, timeoutMs, signal)
  const created = keys.map((key, index) => ({ index, ...key }))
  const { client, limits } = options
  const warnings =
    client === undefined || options.tagKeys === false
      ? []
      : await tagAccountKeys({ client, limits, signal, chainId, address, keys: created })
  return Object.freeze({ address, chainId, transactionId: id, keys: created, warnings })
}

const optionNames: readonly (keyof CreateAccountOptions)[] = [
  'accessNode',
  'payer',
  'keys',
  'chainId',
  'allowLowWeight',
  'computeLimit',
  'timeoutMs',
  'tagKeys',
  'client',
  'limits',
  'signal',
]

async function sign(
  node: NodeConnection,
  payer: Payer,
  keys: readonly CheckedAccountKey[],
  computeLimit: number,
  signal: AbortSignal | undefined,
): Promise<Transaction> {
  const { address, authorizer, selection } = payer
  const choice = { ...parseSelection(selection), ...(signal === undefined ? {} : { signal }) }
  const [block, proposalKey] = await Promise.all([
    readLatestBlock(node, { signal }),
    authorizer.proposalKey(address, choice),
  ])
  const unsigned = accountTransaction({
    keys,
    referenceBlockId: block.id,
    computeLimit,
    proposalKey,
  })
  return authorizer.signTransaction(
    address,
    { ...unsigned, payloadSignatures: [], envelopeSignatures: [] },
    choice,
  )
}

/** From the first byte sent, every failure tells the transaction id. */
async function submit(
  node: NodeConnection,
  transaction: Transaction,
  id: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  const incomplete = (reason: string, cause?: unknown) =>
    new SignerError('ACCOUNT_CREATION_INCOMPLETE', { transactionId: id, reason }, { cause })
  const settled = await settleTransaction(node, transaction, { timeoutMs, signal })
  if (settled.kind === 'nothing') throw settled.error
  if (settled.kind === 'unclear') {
    const { error } = settled
    const hasFailed = isSignerError(error, 'TRANSACTION_FAILED')
    if (hasFailed && (await isNumberTaken(node, transaction, signal))) throw error
    throw incomplete(codeOf(error), error)
  }
  const address = createdAddress(settled.events)
  if (address !== undefined) return address
  throw incomplete('the sealed transaction does not tell exactly one new address')
}
