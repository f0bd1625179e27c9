/** A transaction in the form in which it is posted, read back. @module */

import { hexToBytes } from '../crypto/hex.ts'
import type { Transaction, TransactionSignature } from '../crypto/transaction.ts'
import { replyReader } from './reply.ts'

/**
 * @param body - JSON as FCL and `prepareTransaction` make it: bytes in base64, numbers as text,
 * addresses without 0x.
 * @throws {SignerError} `ACCESS_NODE_REPLY_INVALID`, `MALFORMED_HEX`; `SyntaxError` for no JSON.
 */
export function readRestTransaction(body: string): Transaction {
  const read = replyReader('a request')
  const bytes = (value: unknown, name: string) =>
    new Uint8Array(Buffer.from(read.text(value, name), 'base64'))
  const plain = (value: unknown, name: string) => Buffer.from(bytes(value, name)).toString()
  const address = (value: unknown) => `0x${read.text(value, 'address')}`
  const signature = (value: unknown): TransactionSignature => {
    const fields = read.object(value, 'signature')
    const extension = fields['extension_data']
    const signed = {
      address: address(fields['address']),
      keyIndex: read.number(fields['key_index'], 'key_index'),
      signature: bytes(fields['signature'], 'signature'),
    }
    if (extension === undefined || extension === null) return signed
    return { ...signed, extensionData: bytes(extension, 'extension_data') }
  }
  const fields = read.object(JSON.parse(body), 'transaction')
  const key = read.object(fields['proposal_key'], 'proposal_key')
  const list = (name: string) => read.list(fields[name], name)
  return {
    cadence: plain(fields['script'], 'script'),
    arguments: list('arguments').map((one) => plain(one, 'argument')),
    referenceBlockId: hexToBytes(
      read.text(fields['reference_block_id'], 'reference_block_id'),
      'reference_block_id',
    ),
    computeLimit: read.number(fields['gas_limit'], 'gas_limit'),
    proposalKey: {
      address: address(key['address']),
      keyIndex: read.number(key['key_index'], 'key_index'),
      sequenceNumber: read.bigint(key['sequence_number'], 'sequence_number'),
    },
    payer: address(fields['payer']),
    authorizers: list('authorizers').map(address),
    payloadSignatures: list('payload_signatures').map(signature),
    envelopeSignatures: list('envelope_signatures').map(signature),
  }
}
