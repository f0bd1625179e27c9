/** Who holds how much weight of an account, and what of it a rotation may change. @module */

import { REQUIRED_WEIGHT } from '../../crypto/account-key-rlp.ts'
import { isHashAlgorithm, isSignatureAlgorithm } from '../../crypto/algorithms.ts'
import type { Account } from '../../flow/accounts.ts'
import { invalid } from '../../options.ts'
import type { HolderWeight, RotationKey, RotationPlan } from './types.ts'

/** One private key: the same digits on the other curve are another. */
export type Holder = Pick<HolderWeight, 'publicKey' | 'signatureAlgorithm'>

/** A holder that weighs something else than it should. */
export type HolderChange = Holder & { readonly expected: number; readonly found: number }

/** A key that carries weight and can sign. */
export type WeightedKey = RotationKey & { readonly index: number; readonly weight: number }

/** Takes keys as a node spells them too. */
export const isSameHolder = (
  one: { readonly publicKey: string; readonly signatureAlgorithm: string },
  other: Holder,
): boolean =>
  one.publicKey === other.publicKey && one.signatureAlgorithm === other.signatureAlgorithm

/**
 * The keys that count: a key that is revoked, or of a curve or hash that no transaction is signed with,
 * weighs nothing.
 */
export function weightedKeysOf({ keys }: Pick<Account, 'keys'>): readonly WeightedKey[] {
  return keys.flatMap(({ index, publicKey, signatureAlgorithm, hashAlgorithm, weight, revoked }) =>
    !revoked &&
    weight > 0 &&
    isSignatureAlgorithm(signatureAlgorithm) &&
    isHashAlgorithm(hashAlgorithm)
      ? [{ index, publicKey, signatureAlgorithm, hashAlgorithm, weight }]
      : [],
  )
}

/** @returns What each public key weighs, in the order of the first index; none of weight 0. */
export function holdersOf(account: Pick<Account, 'keys'>): readonly HolderWeight[] {
  const holders = new Map<string, HolderWeight>()
  for (const { publicKey, signatureAlgorithm, weight } of weightedKeysOf(account)) {
    const name = `${signatureAlgorithm}:${publicKey}`
    const before = holders.get(name)?.weight ?? 0
    holders.set(name, { publicKey, signatureAlgorithm, weight: before + weight })
  }
  return [...holders.values()]
}

/** @returns What they weigh together. */
export function weightOfHolders(holders: readonly HolderWeight[]): number {
  return holders.reduce((sum, { weight }) => sum + weight, 0)
}

/** @returns All but one. */
export function holdersWithout<One extends Holder>(
  holders: readonly One[],
  gone: Holder,
): readonly One[] {
  return holders.filter((holder) => !isSameHolder(holder, gone))
}

/** Whether they can sign for the account together. */
export function canReach1000(holders: readonly HolderWeight[]): boolean {
  return weightOfHolders(holders) >= REQUIRED_WEIGHT
}

/**
 * The fewest that reach 1,000, the heaviest first.
 *
 * @param candidates - Keys of different holders, or holders.
 * @returns `isOnlyChoice: false` when as many others would do as well; `undefined` when all together
 * are too few.
 */
export function fewestSigners<Candidate extends { readonly weight: number }>(
  candidates: readonly Candidate[],
): { readonly signers: readonly Candidate[]; readonly isOnlyChoice: boolean } | undefined {
  const heaviestFirst = [...candidates].sort((a, b) => b.weight - a.weight)
  const reaches = (some: readonly Candidate[]) =>
    some.reduce((sum, { weight }) => sum + weight, 0) >= REQUIRED_WEIGHT
  const last = heaviestFirst.findIndex((_, index) => reaches(heaviestFirst.slice(0, index + 1)))
  if (last < 0) return undefined
  const signers = heaviestFirst.slice(0, last + 1)
  // The second best choice of as many has the heaviest that is left for the lightest of the best;
  // where none is left it has one less, and one less was too few.
  const second = heaviestFirst.filter((_, index) => index < last || index === last + 1)
  return { signers, isOnlyChoice: !reaches(second) }
}

/**
 * What the holders weigh at a moment of a rotation.
 *
 * @param moment - `before` the swap or the cut; `cut`: the old key is revoked and its weight not yet
 * restored; `after` the swap, or the restoring.
 * @param newKey - Needed for `after`.
 */
export function plannedHolders(
  { holders, old }: Pick<RotationPlan, 'holders' | 'old'>,
  ...[moment, newKey]: ['before' | 'cut'] | ['after', Holder]
): readonly HolderWeight[] {
  if (moment === 'before') return holders
  const others = holdersWithout(holders, old)
  if (newKey === undefined) return others
  const { publicKey, signatureAlgorithm } = newKey
  return [...others, { publicKey, signatureAlgorithm, weight: old.weight }]
}

/** @returns Who gained or lost, in no order that matters; empty when the holders are as expected. */
export function holderChanges(
  expected: readonly HolderWeight[],
  found: readonly HolderWeight[],
): readonly HolderChange[] {
  const weightIn = (holders: readonly HolderWeight[], one: Holder) =>
    weightOfHolders(holders.filter((holder) => isSameHolder(holder, one)))
  const newcomers = found.filter((one) => !expected.some((holder) => isSameHolder(holder, one)))
  return [...expected, ...newcomers]
    .map(({ publicKey, signatureAlgorithm }) => {
      const holder = { publicKey, signatureAlgorithm }
      return { ...holder, expected: weightIn(expected, holder), found: weightIn(found, holder) }
    })
    .filter((change) => change.expected !== change.found)
}

/**
 * A key that carries weight already would carry more after the rotation: whoever holds 500 of 1,000
 * could then sign alone. No transaction can look at all keys of an account, but each names the index
 * of the first key that it adds: what is checked here of the account that it is made for still holds
 * when it is executed.
 *
 * @throws {SignerError} `INVALID_OPTION` for the option `vault`.
 */
export function assertNewHolder(
  account: Pick<Account, 'keys'>,
  { old }: Pick<RotationPlan, 'old'>,
  newKey: Pick<RotationKey, 'publicKey' | 'signatureAlgorithm'>,
): void {
  if (newKey.publicKey === old.publicKey) throw invalid('vault', 'its key is the one to rotate')
  const { keys } = account
  const { index } =
    keys.find((key) => key.publicKey === newKey.publicKey && key.weight > 0 && !key.revoked) ?? {}
  if (index !== undefined)
    throw invalid('vault', `its key is key ${index} of the account, and would gain weight`)
}
