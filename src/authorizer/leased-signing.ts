/** Signing a transaction whose proposal key is leased: all of our signatures, or none leaves. @module */

import { bytesToHex } from '../crypto/hex.ts'
import { payloadMessage, type Transaction, transactionId } from '../crypto/transaction.ts'
import { SignerError } from '../errors.ts'
import type { BoundAccount, BoundKey } from './bound-account.ts'
import type { ProposalKeyLease } from './proposal-key-source.ts'
import type { TransactionContext } from './transaction-context.ts'
import type { CheckedMessage } from './voucher.ts'

type Sign = (key: BoundKey) => Promise<Uint8Array>

/**
 * @param sign - Signs the message with one key; a second call with the same key costs nothing.
 * @returns The signature of the key asked for.
 * @throws {SignerError} `LEASE_LOST`; `MESSAGE_MISMATCH` for a second transaction; the codes of the signers, and then the lease is given back:
 * without one of its signatures the transaction can never execute.
 */
export async function signLeased(
  context: TransactionContext,
  account: BoundAccount,
  key: BoundKey,
  checked: CheckedMessage,
  sign: Sign,
): Promise<Uint8Array> {
  const { transaction, part } = checked
  const lease = await leaseOf(context, transaction)
  if (lease === undefined) return sign(key)
  if (!context.isOnlyPayload(payloadMessage(transaction)))
    throw new SignerError('MESSAGE_MISMATCH', {
      address: key.address,
      keyIndex: key.keyIndex,
      reason: 'the lease of its proposal key has signed another transaction',
    })
  await context.once(`sign ${account.address} ${part}`, () =>
    signAll(context, lease, account, checked, sign),
  )
  return sign(key)
}

/** The lease that the transaction uses; one that it does not use is given back. */
async function leaseOf(context: TransactionContext, { proposalKey }: Transaction) {
  let used: ProposalKeyLease | undefined
  for (const [source, leasing] of context.leases) {
    const lease = await leasing
    const isUsed = source.address === proposalKey.address && lease.keyIndex === proposalKey.keyIndex
    if (isUsed) used = lease
    else await lease.release()
  }
  return used
}

async function signAll(
  context: TransactionContext,
  lease: ProposalKeyLease,
  account: BoundAccount,
  { transaction, part, slots }: CheckedMessage,
  sign: Sign,
): Promise<void> {
  try {
    lease.assertHeld()
    const signatures = await Promise.all(
      slots.map(async ({ address, keyIndex }) => {
        const held = address === account.address ? account.held.get(keyIndex) : undefined
        return held === undefined ? [] : [{ address, keyIndex, signature: await sign(held) }]
      }),
    )
    const envelopeSignatures = signatures.flat()
    const complete = part === 'envelope' && envelopeSignatures.length === slots.length
    const id = complete ? transactionId({ ...transaction, envelopeSignatures }) : undefined
    const referenceBlockId = bytesToHex(transaction.referenceBlockId)
    // An earlier part may have committed it, when a proposer signs the payload and another pays.
    await context.once('commit', () => lease.commit({ transactionId: id, referenceBlockId }))
    if (id !== undefined) lease.identify(id)
  } catch (thrown) {
    await lease.release()
    throw thrown
  }
}
