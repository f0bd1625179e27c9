/** A signed transaction as the REST API takes it. @module */
import { importFromRoot } from './own-package.mjs'

const { bytesToHex } = await importFromRoot('fcl-kms/crypto')

const base64 = (bytes) => Buffer.from(bytes).toString('base64')
const signatures = (entries) =>
  entries.map(({ address, keyIndex, signature }) => ({
    address: address.slice(2),
    key_index: String(keyIndex),
    signature: base64(signature),
  }))

/** @returns {string} JSON */
export function restBody(transaction) {
  const { proposalKey } = transaction
  return JSON.stringify({
    script: base64(transaction.cadence),
    arguments: transaction.arguments.map(base64),
    reference_block_id: bytesToHex(transaction.referenceBlockId),
    gas_limit: String(transaction.computeLimit),
    payer: transaction.payer.slice(2),
    proposal_key: {
      address: proposalKey.address.slice(2),
      key_index: String(proposalKey.keyIndex),
      sequence_number: String(proposalKey.sequenceNumber),
    },
    authorizers: transaction.authorizers.map((address) => address.slice(2)),
    payload_signatures: signatures(transaction.payloadSignatures),
    envelope_signatures: signatures(transaction.envelopeSignatures),
  })
}

/** A transaction without signatures that touches nothing. */
export const emptyTransaction = ({ address, keyIndex, sequenceNumber, referenceBlockId }) => ({
  cadence: noop,
  arguments: [],
  referenceBlockId,
  computeLimit: 100,
  proposalKey: { address, keyIndex, sequenceNumber },
  payer: address,
  authorizers: [address],
  payloadSignatures: [],
  envelopeSignatures: [],
})

/** Touches nothing and needs one authorizer. */
export const noop = 'transaction { prepare(signer: &Account) {} }'
