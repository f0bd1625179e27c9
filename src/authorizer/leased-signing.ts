/** Signing a transaction whose proposal key is leased. @module */

import { bytesToHex } from '../crypto/hex.ts'
import { payloadMessage, transactionId } from '../crypto/transaction.ts'
import { SignerError } from '../errors.ts'
import type { BoundKey } from './bound-account.ts'
import type { TransactionContext } from './transaction-context.ts'
import type { UsedLease } from './transaction-leases.ts'
import type { CheckedMessage } from './voucher.ts'

type Sign = (key: BoundKey) => Promise<Uint8Array>

/**
 * Signs for one of the keys that were told to FCL. The lease is held when a key of its account signs
 * and committed before the signature leaves with which the transaction could be sent; signatures of
 * other accounts are no business of it.
 *
 * @param sign - Signs the message with one key; a second call with the same key costs nothing.
 * @throws {SignerError} `LEASE_LOST`; `MESSAGE_MISMATCH` for a second transaction or another sequence
 * number; the codes of the signers.
 */
export async function signLeased(
  context: TransactionContext,
  key: BoundKey,
  checked: CheckedMessage,
  sign: Sign,
): Promise<Uint8Array> {
  const { transaction, part } = checked
  const lease = await context.leases.used(transaction.proposalKey)
  if (lease === undefined) return sign(key)
  const refuse = (reason: string) =>
    new SignerError('MESSAGE_MISMATCH', { address: key.address, keyIndex: key.keyIndex, reason })
  if (!context.isOnlyPayload(payloadMessage(transaction)))
    throw refuse('the lease of its proposal key has signed another transaction')
  if (transaction.proposalKey.sequenceNumber !== lease.sequenceNumber)
    throw refuse('the lease of its proposal key is for another sequence number')
  const decides = part === 'envelope' && isOurs(context, checked.envelope)
  if (key.address === lease.address || decides)
    await context.once(`sign ${key.address} ${part}`, () => signAll(context, lease, checked, sign))
  return sign(key)
}

/** Whether we alone sign this part: only then its signatures, and so the id, are known here. */
const isOurs = (context: TransactionContext, slots: CheckedMessage['slots']): boolean =>
  slots.length > 0 && slots.every((slot) => context.keyOf(slot) !== undefined)

/** All of our signatures of one part, or none leaves. */
async function signAll(
  context: TransactionContext,
  lease: UsedLease,
  { transaction, part, slots, envelope }: CheckedMessage,
  sign: Sign,
): Promise<void> {
  lease.assertHeld()
  const signatures = await Promise.all(
    slots.map(async ({ address, keyIndex }) => {
      const key = context.keyOf({ address, keyIndex })
      return key === undefined ? [] : [{ address, keyIndex, signature: await sign(key) }]
    }),
  )
  const knowsEnvelope = isOurs(context, envelope)
  // Nobody can send it before the envelope is signed, which happens here and commits.
  if (part === 'payload' && knowsEnvelope) return
  const whole = { ...transaction, envelopeSignatures: signatures.flat() }
  await lease.commit({
    transactionId: knowsEnvelope ? transactionId(whole) : undefined,
    referenceBlockId: bytesToHex(transaction.referenceBlockId),
  })
}
