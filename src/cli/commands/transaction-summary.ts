/** What a transaction says, and how far it is signed, for people. @module */

import { hashMessage } from '../../crypto/hash.ts'
import { bytesToHex } from '../../crypto/hex.ts'
import type { Transaction } from '../../crypto/transaction.ts'
import { messageToSign, type Party, type Review } from '../../transactions/index.ts'
import { facts, table } from '../text.ts'

/** Characters of an argument that are shown; of a longer one the beginning, and its hash. */
const MAX_SHOWN = 1_000
const BEGINNING = 200

/** What is about to be signed, so that a person can compare it. */
export function transactionLines(transaction: Transaction): readonly string[] {
  const { proposalKey, payer, authorizers, computeLimit, referenceBlockId } = transaction
  return facts([
    ['payer', payer],
    [
      'proposer',
      `${proposalKey.address} index ${proposalKey.keyIndex} sequence number ${proposalKey.sequenceNumber}`,
    ],
    ['authorizers', authorizers.join(', ') || 'none'],
    ['compute limit', `${computeLimit}`],
    ['reference block', bytesToHex(referenceBlockId)],
    ['Cadence SHA3-256', sha3(transaction.cadence)],
    ...(transaction.arguments.length === 0 ? [['arguments', 'none'] as const] : []),
    ...transaction.arguments.map((text, index) => [`argument ${index}`, shown(text)] as const),
  ])
}

const sha3 = (text: string) => bytesToHex(hashMessage(new TextEncoder().encode(text), 'SHA3_256'))

/** Nobody shall take the beginning for the whole. */
const shown = (text: string) =>
  text.length <= MAX_SHOWN
    ? text
    : `${text.slice(0, BEGINNING)} … only ${BEGINNING} of ${text.length} characters are shown; SHA3-256 ${sha3(text)}`

/** Who has signed, who is missing, and how long it can still be sent. */
export function reviewLines(review: Review): readonly string[] {
  const { parties, expiry, ready, sequenceNumber, transaction } = review
  const { proposalKey } = transaction
  const isDue = sequenceNumber === proposalKey.sequenceNumber
  return [
    ...table(parties.map(partyCells)),
    ...facts([
      ['ready', ready ? 'yes' : 'no'],
      [
        'expires',
        expiry.blocksLeft === 0
          ? 'now, or has expired: prepare it again'
          : `in ${expiry.blocksLeft} blocks`,
      ],
      [
        'warning',
        isDue
          ? undefined
          : `the sequence number is ${proposalKey.sequenceNumber}, and the proposal key has ${sequenceNumber} now`,
      ],
    ]),
  ]
}

function partyCells(party: Party): readonly string[] {
  const { address, roles, part, weight, required, proposalKey, signed, unsigned } = party
  const keys = (entries: Party['signed']) =>
    entries.map((key) => `${key.keyIndex} (${key.weight})`).join(', ') || 'none'
  return [
    address,
    roles.join(', '),
    `signs the ${part}`,
    required === 0
      ? `proposal key ${proposalKey?.keyIndex} ${proposalKey?.signed ? 'has signed' : 'is missing'}`
      : `weight ${weight} of ${required}`,
    `signed: ${keys(signed)}`,
    party.complete ? 'complete' : `can sign: ${keys(unsigned)}`,
  ]
}

/** For --json, with the messages of those whose turn it is. */
export function reviewValue(review: Review): object {
  const { transaction, transactionId, ready, parties, next, expiry, sequenceNumber } = review
  const toSign = next.map((address) => {
    const { part, message } = messageToSign(transaction, address)
    return { address, part, message: bytesToHex(message) }
  })
  return { transactionId, ready, parties, expiry, sequenceNumber, toSign }
}
