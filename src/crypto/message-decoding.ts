/** A message back to what it says, strictly: for whoever wants to know before it is signed. @module */

import { SignerError } from '../errors.ts'
import { equalBytes } from './bytes.ts'
import { hasDomainTag } from './domain-tags.ts'
import { bytesToHex } from './hex.ts'
import { type AccountProof, accountProofMessage } from './messages.ts'
import { decodeRlp, type RlpItem, rlpItems } from './rlp.ts'
import {
  envelopeMessage,
  payloadMessage,
  type TransactionPayload,
  type TransactionSignature,
} from './transaction.ts'
import {
  decodePayload,
  decodeSignatures,
  fields,
  MAX_TRANSACTION_BYTES,
} from './transaction-decoding.ts'
import { malformedTransaction } from './transaction-fields.ts'

/** What an account is asked to sign. */
export type DecodedMessage =
  | {
      /** What proposer and authorizers sign. */
      readonly kind: 'payload'
      readonly payload: TransactionPayload
    }
  | {
      /** What the payer signs. */
      readonly kind: 'envelope'
      readonly payload: TransactionPayload
      readonly payloadSignatures: readonly TransactionSignature[]
    }
  | {
      readonly kind: 'userMessage'
      /** What stands after the domain tag. A copy. */
      readonly content: Uint8Array
    }
  | {
      readonly kind: 'accountProof'
      /** `0x` and 16 lower-case digits. */
      readonly address: string
      readonly proof: AccountProof
    }

/**
 * Reads a message by its domain tag. Strict: encoding the result again gives the same bytes, so no
 * two readers can take it for different things. A digest is no message.
 *
 * @param message - With its tag. Borrowed.
 * @throws {SignerError} `MALFORMED_MESSAGE` for what begins with no tag of Flow, is too short or too
 * long, or is no account proof in its one form; `MALFORMED_TRANSACTION` for what has the tag of a
 * transaction and is neither payload nor envelope in its one form.
 */
export function decodeMessage(message: Uint8Array): DecodedMessage {
  if (!(message instanceof Uint8Array)) throw malformed('it is not a Uint8Array')
  if (message.length <= TAG_BYTES)
    throw malformed(`it has ${message.length} bytes, which is a digest or less`)
  if (message.length > TAG_BYTES + MAX_TRANSACTION_BYTES)
    throw malformed('it is larger than 1,500,000 bytes and a tag')
  const content = message.subarray(TAG_BYTES)
  if (hasDomainTag('transaction', message)) return decodeOfTransaction(message, content)
  if (hasDomainTag('user', message)) return { kind: 'userMessage', content: content.slice() }
  if (hasDomainTag('accountProof', message)) return decodeOfProof(message, content)
  throw malformed('it begins with no domain tag of Flow')
}

const TAG_BYTES = 32

function decodeOfTransaction(message: Uint8Array, content: Uint8Array): DecodedMessage {
  const outer = decodeRlp(content)
  // A payload begins with its script, which is no list; an envelope with its payload, which is one.
  const isEnvelope = outer.isList && rlpItems(outer, 2)?.[0]?.isList === true
  if (!isEnvelope) {
    const payload = decodePayload(outer)
    assertSame(payloadMessage(payload), message)
    return { kind: 'payload', payload }
  }
  const [first, signatures] = fields(outer, 2, 'envelope')
  const payload = decodePayload(first)
  const payloadSignatures = decodeSignatures(payload, signatures)
  const envelope = { ...payload, payloadSignatures, envelopeSignatures: [] }
  assertSame(envelopeMessage(envelope), message)
  return { kind: 'envelope', payload, payloadSignatures }
}

function assertSame(encoded: Uint8Array, message: Uint8Array): void {
  if (!equalBytes(encoded, message)) throw malformedTransaction('it is not canonical')
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeOfProof(message: Uint8Array, content: Uint8Array): DecodedMessage {
  try {
    const [app, account, nonce] = fields(decodeRlp(content), 3, 'account proof').map(bytesOf)
    const address = `0x${bytesToHex(account ?? new Uint8Array())}`
    const proof = { appIdentifier: utf8.decode(app), nonce: bytesToHex(nonce ?? new Uint8Array()) }
    if (equalBytes(accountProofMessage(address, proof), message))
      return { kind: 'accountProof', address, proof }
  } catch (cause) {
    throw malformed('it is no account proof', cause)
  }
  throw malformed('it is an account proof that is not canonical')
}

/** Of a list there is nothing: an empty field is none of an account proof. */
const bytesOf = ({ isList, content }: RlpItem) => (isList ? new Uint8Array() : content)

const malformed = (reason: string, cause?: unknown) =>
  new SignerError('MALFORMED_MESSAGE', { reason }, { cause })
