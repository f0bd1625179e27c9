/** The copies of an old key and of a new one, and what of them fits in a transaction. @module */

import { REQUIRED_WEIGHT } from '../../crypto/account-key-rlp.ts'
import { SignerError } from '../../errors.ts'
import type { Account } from '../../flow/accounts.ts'
import { batchesOf } from '../proposal-keys/transaction.ts'
import {
  fewestSigners,
  type Holder,
  holdersWithout,
  isSameHolder,
  weightedKeysOf,
  weightOfHolders,
} from './holders.ts'
import type { RotationPlan } from './types.ts'

/** As many as `addProposalKeys` makes: more would make the account's keys a reply of megabytes. */
export const MAX_COPIES = 10_000

/**
 * Keys that one transaction revokes. 500 are sealed too, but 250 take 3,183 of the 9,999 units of
 * computation, and a payer must own the fee for twice that.
 */
export const MAX_REVOKES = 250

/**
 * @returns The indexes of the keys of weight 0 with this public key, whatever their hash algorithm:
 * each of them can propose until it is revoked.
 */
export function copyIndexesOf({ keys }: Pick<Account, 'keys'>, holder: Holder): readonly number[] {
  return keys
    .filter((key) => isSameHolder(key, holder) && key.weight === 0 && !key.revoked)
    .map(({ index }) => index)
}

/**
 * The first copy of a new key is added by the account as it is, the others by transactions that the
 * first proposes. There is at least one of these, if only to prove that the new key signs.
 *
 * @param copies - 1 to `MAX_COPIES`.
 * @returns How many keys each transaction that the new key proposes adds: 0 to 250.
 */
export function proofBatches(copies: number): readonly number[] {
  return copies > 1 ? batchesOf(copies - 1) : [0]
}

/** @returns Which keys go together: the old one and its first copies, then the copies that are left. */
export function revocationBatches({
  keyIndex,
  copies,
}: Pick<RotationPlan['old'], 'keyIndex' | 'copies'>): {
  /** At the same time as the old key. */
  readonly first: readonly number[]
  readonly rest: readonly (readonly number[])[]
} {
  const [first = [], ...rest] = inRevocations([keyIndex, ...copies])
  return { first: first.slice(1), rest }
}

/** @returns The indexes as one transaction each revokes them, up to `MAX_REVOKES`. */
function inRevocations(indexes: readonly number[]): readonly (readonly number[])[] {
  const count = Math.ceil(indexes.length / MAX_REVOKES)
  return Array.from({ length: count }, (_, batch) =>
    indexes.slice(batch * MAX_REVOKES, (batch + 1) * MAX_REVOKES),
  )
}

/**
 * The keys that a transaction names as those that stay.
 *
 * @param gone - Whose keys are revoked.
 * @returns The fewest indexes that weigh 1,000, the heaviest first.
 * @throws {SignerError} `WEIGHT_TOO_LOW` when the others do not reach it.
 */
export function keepersOf(
  account: Pick<Account, 'address' | 'keys'>,
  gone: Holder,
): readonly number[] {
  const others = holdersWithout(weightedKeysOf(account), gone)
  const { signers } = fewestSigners(others) ?? {}
  if (signers !== undefined) return signers.map(({ index }) => index)
  throw new SignerError('WEIGHT_TOO_LOW', {
    address: account.address,
    weight: weightOfHolders(others),
    required: REQUIRED_WEIGHT,
  })
}
