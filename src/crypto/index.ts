/**
 * Bytes in, bytes out: signatures, public keys, hashes, domain tags, account keys, transactions.
 * Does no I/O. Available as `fcl-kms/crypto`.
 * @module
 */

export { assertWeight, encodeAccountKey, REQUIRED_WEIGHT } from './account-key-rlp.ts'
export { addressToBytes, normalizeAddress } from './address.ts'
export type { HashAlgorithm, SignatureAlgorithm } from './algorithms.ts'
export { derToRaw } from './der.ts'
export {
  type Domain,
  domainTags,
  encodeDomainTag,
  hasDomainTag,
  withDomainTag,
} from './domain-tags.ts'
export { hashMessage } from './hash.ts'
export { bytesToHex, hexToBytes } from './hex.ts'
export { type DecodedMessage, decodeMessage } from './message-decoding.ts'
export { type AccountProof, accountProofMessage, userMessage } from './messages.ts'
export { normalizeRaw } from './raw-signature.ts'
export { spkiToPublicKey } from './spki.ts'
export {
  encodeTransaction,
  envelopeMessage,
  payloadMessage,
  signerAddresses,
  type Transaction,
  type TransactionPayload,
  type TransactionSignature,
  transactionId,
} from './transaction.ts'
export { decodeTransaction, MAX_TRANSACTION_BYTES } from './transaction-decoding.ts'
export { importPublicKey, verifySignature } from './verify.ts'
