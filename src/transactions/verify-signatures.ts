/** Each signature of a transaction against the keys that the chain has. @module */

import type { SignedPart } from '../authorizer/voucher.ts'
import { normalizeAddress } from '../crypto/address.ts'
import { type HashAlgorithm, isHashAlgorithm, isSignatureAlgorithm } from '../crypto/algorithms.ts'
import { hexToBytes } from '../crypto/hex.ts'
import { normalizeRaw } from '../crypto/raw-signature.ts'
import type { Transaction, TransactionSignature } from '../crypto/transaction.ts'
import { importPublicKey, verifySignature } from '../crypto/verify.ts'
import { isSignerError, SignerError } from '../errors.ts'
import type { Account, AccountKey } from '../flow/accounts.ts'
import { messageOf } from './signed-part.ts'

/**
 * One bad signature makes the whole transaction fail, so none is passed over.
 *
 * @param accounts - All that sign it.
 * @throws {SignerError} `KEY_INDEX_UNKNOWN`, `KEY_REVOKED`, `SIGNATURE_REFUSED`.
 */
export function verifySignatures(
  transaction: Transaction,
  accounts: ReadonlyMap<string, Account>,
): void {
  const messages = {
    payload: messageOf(transaction, 'payload'),
    envelope: messageOf(transaction, 'envelope'),
  }
  const seen = new Set<string>()
  for (const part of ['payload', 'envelope'] as const)
    for (const entry of part === 'payload'
      ? transaction.payloadSignatures
      : transaction.envelopeSignatures) {
      const slot = { address: normalizeAddress(entry.address), keyIndex: entry.keyIndex, part }
      const name = `${slot.address} ${slot.keyIndex}`
      if (seen.has(name)) throw refused(slot, 'the key signs twice, which no node takes')
      seen.add(name)
      const account = accounts.get(slot.address)
      verifyOne(slot, entry, keyOf(slot, account), messages)
    }
}

type Slot = { readonly address: string; readonly keyIndex: number; readonly part: SignedPart }
type Messages = Readonly<Record<SignedPart, Uint8Array>>

/** @throws {SignerError} `SIGNATURE_REFUSED`. */
export const refused = (slot: Slot, reason: string, cause?: unknown): SignerError =>
  new SignerError('SIGNATURE_REFUSED', { ...slot, reason }, { cause })

function keyOf({ address, keyIndex }: Slot, account: Account | undefined): AccountKey {
  const key = account?.keys.find(({ index }) => index === keyIndex)
  if (key === undefined) throw new SignerError('KEY_INDEX_UNKNOWN', { address, keyIndex })
  if (key.revoked) throw new SignerError('KEY_REVOKED', { address, keyIndex })
  return key
}

function verifyOne(
  slot: Slot,
  { signature, extensionData }: TransactionSignature,
  { publicKey, signatureAlgorithm, hashAlgorithm }: AccountKey,
  messages: Messages,
): void {
  if (!isSignatureAlgorithm(signatureAlgorithm) || !isHashAlgorithm(hashAlgorithm))
    throw refused(slot, 'the account key has an algorithm that cannot authorize')
  if (extensionData !== undefined)
    throw refused(slot, 'it has extension data: only plain ECDSA is verified here')
  try {
    normalizeRaw(signature, signatureAlgorithm)
  } catch (thrown) {
    if (!isSignerError(thrown, 'MALFORMED_SIGNATURE')) throw thrown
    throw refused(slot, `it is no signature: ${thrown.context.reason}`, thrown)
  }
  const key = importPublicKey(hexToBytes(publicKey, 'public key'), signatureAlgorithm)
  const holds = (part: SignedPart, hash: HashAlgorithm) =>
    verifySignature(key, messages[part], hash, signature)
  if (holds(slot.part, hashAlgorithm)) return
  const otherHash = hashAlgorithm === 'SHA3_256' ? 'SHA2_256' : 'SHA3_256'
  const otherPart = slot.part === 'payload' ? 'envelope' : 'payload'
  if (holds(slot.part, otherHash))
    throw refused(slot, `it was made with ${otherHash}, and the account key has ${hashAlgorithm}`)
  if (holds(otherPart, hashAlgorithm))
    throw refused(slot, `it signs the ${otherPart}, and this account signs the ${slot.part}`)
  throw refused(slot, `the key on the chain does not verify it over this ${slot.part}`)
}
