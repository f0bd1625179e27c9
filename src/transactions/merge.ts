/** Signatures of several files in one transaction, none of which is believed. @module */

import type { SignedPart } from '../authorizer/voucher.ts'
import { normalizeAddress } from '../crypto/address.ts'
import { equalBytes } from '../crypto/bytes.ts'
import {
  encodeTransaction,
  payloadMessage,
  type Transaction,
  type TransactionPayload,
  type TransactionSignature,
} from '../crypto/transaction.ts'
import { decodeTransaction } from '../crypto/transaction-decoding.ts'
import { checkedFields } from '../crypto/transaction-fields.ts'
import { SignerError } from '../errors.ts'
import { messageToSign } from './signed-part.ts'
import { refused } from './verify-signatures.ts'

/**
 * @param prepared - What is to be signed, as its initiator knows it.
 * @param signed - The same transaction, back from the parties.
 * @param signatures - Signatures alone, of parties that sign by other means.
 * @returns The transaction with all signatures, none verified.
 * @throws {SignerError} `PAYLOAD_MISMATCH` when one is not about the same transaction;
 * `SIGNATURE_REFUSED` when a key has two different signatures, or the envelope was signed over other
 * signatures than there are now; `MALFORMED_TRANSACTION`.
 */
export function mergeTransactions(
  prepared: Transaction,
  signed: readonly Transaction[],
  signatures: readonly TransactionSignature[] = [],
): Transaction {
  const base = canonical(prepared)
  const others = signed.map(canonical)
  for (const [index, other] of others.entries()) assertSamePayload(base, other, index)
  const alone = signatures.map((entry) => {
    checkedFields(entry, 'signature')
    return { entry, part: messageToSign(base, entry.address).part }
  })
  const all = [base, ...others]
  const aloneIn = (part: SignedPart) =>
    alone.flatMap((one) => (one.part === part ? [one.entry] : []))
  const payloadSignatures = union('payload', [
    ...all.flatMap((one) => one.payloadSignatures),
    ...aloneIn('payload'),
  ])
  const envelopeSignatures = union('envelope', [
    ...all.flatMap((one) => one.envelopeSignatures),
    ...aloneIn('envelope'),
  ])
  const merged = canonical({ ...base, payloadSignatures, envelopeSignatures })
  for (const one of all) assertEnvelopeCovers(one, merged)
  return merged
}

/** As a node reads it: signatures in their order, and nothing that could not be sent. */
export const canonical = (transaction: Transaction): Transaction =>
  decodeTransaction(encodeTransaction(transaction))

function union(
  part: SignedPart,
  entries: readonly TransactionSignature[],
): readonly TransactionSignature[] {
  const found = new Map<string, TransactionSignature>()
  for (const entry of entries) {
    const address = normalizeAddress(entry.address)
    const name = `${address} ${entry.keyIndex}`
    const before = found.get(name)
    if (before !== undefined && !sameSignature(before, entry))
      throw refused({ address, keyIndex: entry.keyIndex, part }, 'two of this key differ: pass one')
    found.set(name, before ?? entry)
  }
  return [...found.values()]
}

const sameSignature = (one: TransactionSignature, other: TransactionSignature) =>
  equalBytes(one.signature, other.signature) &&
  equalBytes(one.extensionData ?? empty, other.extensionData ?? empty) &&
  (one.extensionData === undefined) === (other.extensionData === undefined)

const empty = new Uint8Array()

/** The payer signs the signatures of the payload too: one more, and the payer has signed something else. */
function assertEnvelopeCovers(one: Transaction, merged: Transaction): void {
  const [first] = one.envelopeSignatures
  if (first === undefined || one.payloadSignatures.length === merged.payloadSignatures.length)
    return
  const { address, keyIndex } = first
  throw refused(
    { address, keyIndex, part: 'envelope' },
    'it was made before all had signed the payload: let the payer sign again, after all others',
  )
}

function assertSamePayload(base: Transaction, other: Transaction, index: number): void {
  if (equalBytes(payloadMessage(base), payloadMessage(other))) return
  throw new SignerError('PAYLOAD_MISMATCH', {
    source: `signed[${index}]`,
    field: differenceOf(base, other) ?? 'the payload',
  })
}

/** @returns The name of a field that differs; no value of it. */
function differenceOf(one: TransactionPayload, other: TransactionPayload): string | undefined {
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
  const argument = one.arguments.findIndex((text, place) => text !== other.arguments[place])
  const places: readonly (readonly [string, boolean])[] = [
    ['cadence', one.cadence === other.cadence],
    ['arguments', one.arguments.length === other.arguments.length],
    [`arguments[${argument}]`, argument === -1],
    ['referenceBlockId', equalBytes(one.referenceBlockId, other.referenceBlockId)],
    ['computeLimit', one.computeLimit === other.computeLimit],
    ['proposalKey.address', one.proposalKey.address === other.proposalKey.address],
    ['proposalKey.keyIndex', one.proposalKey.keyIndex === other.proposalKey.keyIndex],
    [
      'proposalKey.sequenceNumber',
      one.proposalKey.sequenceNumber === other.proposalKey.sequenceNumber,
    ],
    ['payer', one.payer === other.payer],
    ['authorizers', same(one.authorizers, other.authorizers)],
  ]
  return places.find(([, equal]) => !equal)?.[0]
}
