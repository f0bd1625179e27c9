/** Which transaction used a sequence number: searched in the blocks. @module */

import { equalBytes } from '../crypto/bytes.ts'
import { payloadMessage, type TransactionPayload } from '../crypto/transaction.ts'
import { type NodeConnection, requestNode } from './http.ts'
import { type ReplyReader, replyReader, successBody } from './reply.ts'

/** A transaction in a block, as far as it tells what was asked for. */
export type IncludedTransaction = {
  /** 64 digits, as the node tells it. */
  readonly transactionId: string
  readonly height: number
  readonly payload: TransactionPayload
}

type Use = TransactionPayload['proposalKey']

/** Blocks that are asked for at a time. */
const AT_ONCE = 8

/**
 * All transactions of these blocks that name this proposal key and sequence number; the one that
 * used it is the one whose result is no 1007. One request for each block.
 *
 * @throws {SignerError} The `ACCESS_NODE_…` codes.
 */
export async function findUses(
  node: NodeConnection,
  use: Use,
  range: { readonly from: number; readonly to: number },
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly IncludedTransaction[]> {
  const found: IncludedTransaction[] = []
  for (let start = range.from; start <= range.to; start += AT_ONCE) {
    const end = Math.min(start + AT_ONCE - 1, range.to)
    const heights = Array.from({ length: end - start + 1 }, (_, index) => start + index)
    const blocks = await Promise.all(
      heights.map((height) => readTransactions(node, height, use, signal)),
    )
    found.push(...blocks.flat())
  }
  return found
}

async function readTransactions(
  node: NodeConnection,
  height: number,
  use: Use,
  signal: AbortSignal | undefined,
): Promise<readonly IncludedTransaction[]> {
  const reply = await requestNode(node, { path: `transactions?block_height=${height}`, signal })
  const read = replyReader(node.url)
  return read.list(successBody(reply, node.url), 'transactions').flatMap((value) => {
    const body = read.object(value, 'transaction')
    const key = read.object(body['proposal_key'], 'proposal_key')
    const proposalKey = {
      address: `0x${read.text(key['address'], 'address').replace(/^0x/, '')}`,
      keyIndex: read.number(key['key_index'], 'key_index'),
      sequenceNumber: read.bigint(key['sequence_number'], 'sequence_number'),
    }
    const asked =
      proposalKey.address === use.address &&
      proposalKey.keyIndex === use.keyIndex &&
      proposalKey.sequenceNumber === use.sequenceNumber
    if (!asked) return []
    const transactionId = read.text(body['id'], 'id')
    return [{ transactionId, height, payload: payloadOf(body, proposalKey, read) }]
  })
}

function payloadOf(
  body: Readonly<Record<string, unknown>>,
  proposalKey: Use,
  read: ReplyReader,
): TransactionPayload {
  const decode = (value: unknown, name: string) =>
    Buffer.from(read.text(value, name), 'base64').toString()
  const address = (value: unknown) => `0x${read.text(value, 'address').replace(/^0x/, '')}`
  return {
    cadence: decode(body['script'], 'script'),
    arguments: read.list(body['arguments'], 'arguments').map((value) => decode(value, 'argument')),
    referenceBlockId: new Uint8Array(
      Buffer.from(read.text(body['reference_block_id'], 'reference_block_id'), 'hex'),
    ),
    computeLimit: read.number(body['gas_limit'], 'gas_limit'),
    proposalKey,
    payer: address(body['payer']),
    authorizers: read.list(body['authorizers'], 'authorizers').map(address),
  }
}

/**
 * Whether two payloads are signed by the same bytes.
 *
 * @throws {SignerError} `MALFORMED_TRANSACTION` for one that no node could have taken.
 */
export const samePayload = (one: TransactionPayload, other: TransactionPayload): boolean =>
  equalBytes(payloadMessage(one), payloadMessage(other))
