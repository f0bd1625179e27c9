/** What others sign of the transaction that waits for them. @module */

import { bytesToHex, hexToBytes } from '../../crypto/hex.ts'
import { encodeTransaction, type Transaction, transactionId } from '../../crypto/transaction.ts'
import { decodeTransaction } from '../../crypto/transaction-decoding.ts'
import { invalid } from '../../options.ts'
import { mergeTransactions } from '../../transactions/merge.ts'
import { missingOf } from '../../transactions/parties.ts'
import { readReview } from '../../transactions/review.ts'
import { blocksLeftOf } from './settle.ts'
import type { RotationPending } from './types.ts'
import type { World } from './world.ts'

/** A transaction that all have signed. */
type Signed = {
  readonly transaction: Transaction
  readonly pending: RotationPending
  readonly blocksLeft: number
}

export const transactionOf = ({ transaction }: RotationPending): Transaction =>
  decodeTransaction(hexToBytes(transaction, 'transaction'))

/** @returns It with all signatures; `undefined` while some are missing. */
export async function takeSigned(
  world: World,
  pending: RotationPending,
  transaction: Transaction,
): Promise<Signed | undefined> {
  const { node, progress, signal } = world
  await setAside(world, (id) => id !== idOfPayload(transaction))
  const given = world.signed
  world.signed = []
  const merged = mergeTransactions(transaction, given)
  const review = await readReview(node, merged, { signal })
  const missing = missingOf(review.parties)
  const { missing: _, ...rest } = pending
  const next: RotationPending = {
    ...rest,
    transaction: bytesToHex(encodeTransaction(merged)),
    transactionId: review.transactionId,
    state: review.ready ? 'signed' : 'signing',
    ...(review.ready ? {} : { missing }),
  }
  if (given.length > 0)
    await progress.save(
      { pending: next },
      {
        text: review.ready ? 'All have signed.' : `Signatures came in; missing: ${missing}.`,
      },
    )
  if (!review.ready) return undefined
  const blocksLeft = await blocksLeftOf(world, next, world.transactionExpiry)
  return { transaction: merged, pending: next, blocksLeft }
}

/**
 * What comes back too late is of no use, and whoever signed it did nothing wrong.
 *
 * @param isLate - Whether a transaction, by its `idOfPayload`, is not the one that is waited for.
 */
async function setAside(world: World, isLate: (id: string) => boolean): Promise<void> {
  const awaited = world.signed.filter((one) => !isLate(idOfPayload(one)))
  if (awaited.length === world.signed.length) return
  world.signed = awaited
  await world.progress.save(
    {},
    { text: 'What came back signed is of a transaction that was given up before: it is not used.' },
  )
}

/** Takes out what is known to be late, and looks at the rest. @throws As `assertAwaited`. */
export async function receiveSigned(world: World): Promise<void> {
  const { givenUp = [] } = world.progress.current()
  await setAside(world, (id) => givenUp.includes(id))
  assertAwaited(world)
}

/** @returns 64 hexadecimal digits, the same whoever has signed. */
export const idOfPayload = (transaction: Transaction): string =>
  transactionId(unsigned(transaction))

/**
 * Signatures that come a second time, after a kill, are of no harm and no use.
 *
 * @throws {SignerError} `INVALID_OPTION` for signatures that nothing waits for, `PAYLOAD_MISMATCH` for those
 * of another transaction.
 */
function assertAwaited({ signed, progress }: World): void {
  const { pending } = progress.current()
  if (signed.length === 0) return
  if (pending === undefined) throw invalid('signed', 'no transaction of the rotation waits for it')
  mergeTransactions({ ...transactionOf(pending), envelopeSignatures: [] }, signed.map(unsigned))
}

const unsigned = (transaction: Transaction): Transaction => ({
  ...transaction,
  payloadSignatures: [],
  envelopeSignatures: [],
})
