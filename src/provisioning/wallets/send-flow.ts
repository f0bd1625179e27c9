/** FLOW from a wallet to another account, sent once. @module */

import type { KmsAuthorizer } from '../../authorizer/kms-authorizer.ts'
import { parseSelection } from '../../authorizer/selection.ts'
import { normalizeAddress } from '../../crypto/address.ts'
import { type Transaction, transactionId } from '../../crypto/transaction.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import {
  type AccessNodeOptions,
  connectAccessNode,
  readChainId,
  readLatestBlock,
} from '../../flow/access-node.ts'
import { readAccount } from '../../flow/accounts.ts'
import type { NodeConnection } from '../../flow/http.ts'
import { settleTransaction } from '../../flow/transactions.ts'
import { assertKnownKeys, assertSignal, assertTimeout, invalid } from '../../options.ts'
import { checkPayer, type Payer } from '../accounts/payer.ts'
import { flowText } from '../accounts/show-account.ts'
import { assertAuthorizer } from '../options.ts'
import { flowTransfer } from './flow-transfer.ts'

/** Options of `sendFlow`. */
export type SendFlowOptions = {
  readonly accessNode: string | AccessNodeOptions
  /** Its signers reach weight 1,000 on the account that sends. */
  readonly authorizer: KmsAuthorizer
  /** The account that sends. */
  readonly address: string
  readonly to: string
  /** FLOW, as text, for example `12.5`: above 0, with at most 8 decimals. */
  readonly amount: string
  /** Pays the fee. Default the account that sends. */
  readonly payer?: Payer
  /** For example `flow-testnet`: nothing is signed for another chain. */
  readonly chainId?: string
  /** Milliseconds to wait for the seal. Default 120,000. */
  readonly timeoutMs?: number
  /**
   * Called with the signed bytes before they are sent, and waited for. Keep them: sent again by
   * `sendTransaction` of `fcl-kms/transactions` they can never send twice. What it throws ends it all.
   */
  readonly onSigned?: (signed: SignedTransfer) => unknown
  readonly signal?: AbortSignal
}

/** A transfer that is about to be sent. */
export type SignedTransfer = { readonly transaction: Transaction; readonly transactionId: string }

/** A transfer that is sealed. */
export type SentFlow = {
  readonly transactionId: string
  readonly chainId: string
  readonly from: string
  readonly to: string
  /** With exactly 8 decimals. */
  readonly amount: string
}

/**
 * Signs one transaction, and sends that one only. Called again it sends another: when it is not known what
 * became of the first, look its id up, or send the same bytes again.
 *
 * @throws {SignerError} Before anything is sent: `INVALID_OPTION`, `INVALID_ADDRESS`, `CHAIN_MISMATCH`,
 * `ACCOUNT_NOT_FOUND` for an account that is not there, the codes of the signers. After:
 * `TRANSACTION_FAILED`, `TRANSACTION_EXPIRED`, `ACCESS_NODE_REFUSED` when nothing was sent;
 * `TRANSACTION_UNSETTLED` with the id when that is not known, also when the caller aborts.
 */
export async function sendFlow(options: SendFlowOptions): Promise<SentFlow> {
  assertKnownKeys(options, optionNames)
  const { authorizer, chainId: expected, timeoutMs = 120_000, onSigned, signal } = options
  assertAuthorizer('authorizer', authorizer)
  const from = normalizeAddress(options.address)
  const to = normalizeAddress(options.to)
  if (from === to) throw invalid('to', 'it is the account that sends')
  const amount = amountOf(options.amount)
  const payer = options.payer === undefined ? undefined : checkPayer(options.payer)
  const node = connectAccessNode(options.accessNode)
  assertTimeout('timeoutMs', timeoutMs)
  if (onSigned !== undefined && typeof onSigned !== 'function')
    throw invalid('onSigned', 'it is not a function')
  assertSignal(signal)

  const chainId = await readChainId(node, { signal })
  if (expected !== undefined && expected !== chainId)
    throw new SignerError('CHAIN_MISMATCH', { expected, actual: chainId })
  await readAccount(node, to, { signal }) // a typing error must cost nothing
  const transfer = { from, to, amount, chainId }
  const transaction = await sign(node, { authorizer, payer, signal }, transfer)
  const id = transactionId(transaction)
  await onSigned?.({ transaction, transactionId: id })
  const started = performance.now()
  const settled = await settleTransaction(node, transaction, { timeoutMs, signal })
  if (settled.kind === 'sealed') return Object.freeze({ transactionId: id, ...transfer })
  const { error } = settled
  const isTold = isSignerError(error, 'TRANSACTION_FAILED') || settled.kind === 'nothing'
  if (isTold || isSignerError(error, 'TRANSACTION_UNSETTLED')) throw error
  const waitedMs = Math.round(performance.now() - started)
  throw new SignerError('TRANSACTION_UNSETTLED', { transactionId: id, waitedMs }, { cause: error })
}

const optionNames: readonly (keyof SendFlowOptions)[] = [
  'accessNode',
  'authorizer',
  'address',
  'to',
  'amount',
  'payer',
  'chainId',
  'timeoutMs',
  'onSigned',
  'signal',
]

/** The most that UFix64 holds, in units of 10⁻⁸. */
const MAX_UNITS = 2n ** 64n - 1n

/** As text from end to end: a number would round. */
function amountOf(amount: string): string {
  const text = typeof amount === 'string' ? amount : ''
  const [, whole = '', decimals = ''] = /^(\d{1,12})(?:\.(\d{1,8}))?$/.exec(text) ?? []
  const units = BigInt(`${whole}${decimals.padEnd(8, '0')}`)
  if (whole === '' || units === 0n || units > MAX_UNITS)
    throw invalid('amount', 'it is not an amount above 0 with at most 8 decimals, such as 12.5')
  return flowText(units)
}

async function sign(
  node: NodeConnection,
  parties: {
    readonly authorizer: KmsAuthorizer
    readonly payer: Payer | undefined
    readonly signal: AbortSignal | undefined
  },
  transfer: Omit<SentFlow, 'transactionId'>,
): Promise<Transaction> {
  const { authorizer, payer, signal } = parties
  const { from, to, amount, chainId } = transfer
  const choice = signal === undefined ? {} : { signal }
  const [{ id: referenceBlockId }, proposalKey] = await Promise.all([
    readLatestBlock(node, { signal }),
    authorizer.proposalKey(from, choice),
  ])
  const payload = flowTransfer({
    ...{ chainId, to, amount, referenceBlockId, proposalKey },
    payer: payer?.address ?? from,
  })
  if (payload === undefined)
    throw new SignerError('CHAIN_MISMATCH', {
      expected: 'flow-mainnet, flow-testnet or flow-emulator',
      actual: chainId,
    })
  const unsigned = { ...payload, payloadSignatures: [], envelopeSignatures: [] }
  const signed = await authorizer.signTransaction(from, unsigned, choice)
  if (payer === undefined || payer.address === from) return signed
  const { keyIndexes } = parseSelection(payer.selection)
  const selection = keyIndexes === undefined ? choice : { keyIndexes, ...choice }
  return payer.authorizer.signTransaction(payer.address, signed, selection)
}
