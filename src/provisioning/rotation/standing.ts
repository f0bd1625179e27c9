/** How far a rotation has come, by the keys that the account has. @module */

import { SignerError } from '../../errors.ts'
import type { Account, AccountKey } from '../../flow/accounts.ts'
import { copyIndexesOf } from './copies.ts'
import { holderChanges, holdersOf, isSameHolder, plannedHolders } from './holders.ts'
import type { RotationRecord } from './types.ts'

/** The keys that a rotation is about, as the chain has them. */
export type Standing = {
  /** Whether the old key is revoked. */
  readonly oldRevoked: boolean
  /** Unrevoked keys of weight 0 with the old public key. */
  readonly oldCopies: readonly number[]
  /** Unrevoked keys of weight 0 with the new public key, by index. */
  readonly newCopies: readonly AccountKey[]
  /** The new key at its weight. */
  readonly weighted: AccountKey | undefined
}

export function standingOf(
  account: Pick<Account, 'keys'>,
  { plan, newKey }: Pick<RotationRecord, 'plan' | 'newKey'>,
): Standing {
  const old = account.keys.find(({ index }) => index === plan.old.keyIndex)
  const ours =
    newKey === undefined
      ? []
      : account.keys.filter(
          (key) =>
            isSameHolder(key, newKey) && key.hashAlgorithm === newKey.hashAlgorithm && !key.revoked,
        )
  return {
    // A node that does not have the key is behind: nothing is revoked there.
    oldRevoked: old?.revoked === true,
    oldCopies: copyIndexesOf(account, plan.old),
    newCopies: ours.filter(({ weight }) => weight === 0),
    weighted: ours.find(({ weight }) => weight > 0),
  }
}

/**
 * Compares who holds what with what the plan says for this moment.
 *
 * @returns The standing.
 * @throws {SignerError} `ROTATION_WEIGHTS_CHANGED` for anything else.
 */
export function assertPlanned(account: Account, record: RotationRecord): Standing {
  const standing = standingOf(account, record)
  const { plan, newKey, step, address } = record
  const expected = expectedHolders(standing, record)
  const [change] = holderChanges(expected, holdersOf(account))
  const old = account.keys.find(({ index }) => index === plan.old.keyIndex)
  const isOther = old !== undefined && !isSameHolder(old, plan.old)
  if (change === undefined && !isOther) return standing
  const nameOf = (publicKey: string) =>
    publicKey === plan.old.publicKey
      ? 'the old key'
      : publicKey === newKey?.publicKey
        ? 'the new key'
        : `the key ${publicKey.slice(0, 16)}…`
  const name = change === undefined ? `key ${plan.old.keyIndex}` : nameOf(change.publicKey)
  throw new SignerError('ROTATION_WEIGHTS_CHANGED', {
    address,
    step,
    expected: `${name} with ${change?.expected ?? plan.weight}`,
    found: change === undefined ? 'another public key' : `${change.found}`,
  })
}

function expectedHolders({ oldRevoked, weighted }: Standing, { plan, newKey }: RotationRecord) {
  if (!oldRevoked) return plannedHolders(plan, 'before')
  if (weighted !== undefined && newKey !== undefined) return plannedHolders(plan, 'after', newKey)
  // With a swap there is no such moment: whoever revoked the key, it was not this rotation.
  return plannedHolders(plan, plan.mode === 'cut' ? 'cut' : 'before')
}
