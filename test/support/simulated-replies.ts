/** The JSON of the REST API, written and read by a simulated node. @module */

import { bytesToHex, hexToBytes } from '../../src/crypto/hex.ts'
import type { Transaction } from '../../src/crypto/transaction.ts'
import type { Included, SimulatedBlock } from './simulated-chain.ts'

type RestSignature = {
  readonly address: string
  readonly key_index: string
  readonly signature: string
}

/** What a client posts. */
type RestTransaction = {
  readonly script: string
  readonly arguments: readonly string[]
  readonly reference_block_id: string
  readonly gas_limit: string
  readonly payer: string
  readonly proposal_key: {
    readonly address: string
    readonly key_index: string
    readonly sequence_number: string
  }
  readonly authorizers: readonly string[]
  readonly payload_signatures: readonly RestSignature[]
  readonly envelope_signatures: readonly RestSignature[]
}

const text = (base64: string) => Buffer.from(base64, 'base64').toString()
const base64 = (plain: string) => Buffer.from(plain).toString('base64')

/** @param body - Ours, so its shape is known. */
export function readTransaction(body: string): Transaction {
  const rest: RestTransaction = JSON.parse(body)
  const { proposal_key: key } = rest
  const signatures = (entries: readonly RestSignature[]) =>
    entries.map(({ address, key_index, signature }) => ({
      address: `0x${address}`,
      keyIndex: Number(key_index),
      signature: new Uint8Array(Buffer.from(signature, 'base64')),
    }))
  return {
    cadence: text(rest.script),
    arguments: rest.arguments.map(text),
    referenceBlockId: hexToBytes(rest.reference_block_id, 'reference_block_id'),
    computeLimit: Number(rest.gas_limit),
    proposalKey: {
      address: `0x${key.address}`,
      keyIndex: Number(key.key_index),
      sequenceNumber: BigInt(key.sequence_number),
    },
    payer: `0x${rest.payer}`,
    authorizers: rest.authorizers.map((address) => `0x${address}`),
    payloadSignatures: signatures(rest.payload_signatures),
    envelopeSignatures: signatures(rest.envelope_signatures),
  }
}

export const transactionBody = ({ id, transaction }: Included): object => ({
  id,
  script: base64(transaction.cadence),
  arguments: transaction.arguments.map(base64),
  reference_block_id: bytesToHex(transaction.referenceBlockId),
  gas_limit: String(transaction.computeLimit),
  payer: transaction.payer.slice(2),
  proposal_key: {
    address: transaction.proposalKey.address.slice(2),
    key_index: String(transaction.proposalKey.keyIndex),
    sequence_number: String(transaction.proposalKey.sequenceNumber),
  },
  authorizers: transaction.authorizers.map((address) => address.slice(2)),
})

export const resultBody = (one: Included, blockId: string, sealed: boolean): object => ({
  block_id: blockId,
  status: sealed ? 'Sealed' : 'Executed',
  status_code: one.errorMessage === '' ? 0 : 1,
  error_message: one.errorMessage,
  computation_used: '0',
  events: [],
  _links: { _self: `/v1/transaction_results/${one.id}` },
})

export const blockBody = ({ id, parentId, height, timestamp }: SimulatedBlock): object => ({
  header: {
    id,
    parent_id: parentId,
    height: String(height),
    timestamp: timestamp.toISOString(),
  },
})
