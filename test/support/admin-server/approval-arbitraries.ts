/** Any keys and any approvals, near the edges where a mistake would show. @module */

import fc from 'fast-check'
import type {
  QuorumQuestion,
  StandingApproval,
  WeightedKey,
} from '../../../examples/admin-server/src/approvals/quorum.ts'
import { seed } from '../../unit/crypto/seed.ts'

/** Few, so that they meet. Two differ in case alone: they are two principals. */
export const names = ['alice', 'bob', 'carol', 'dave', 'Alice'] as const
export const digests = ['a'.repeat(64), 'b'.repeat(64)] as const
const [digest] = digests

/** `FCL_KMS_APPROVAL_RUNS` changes how many worlds the pure model sees. */
export const runs = {
  seed,
  numRuns: Number(process.env['FCL_KMS_APPROVAL_RUNS'] ?? 10_000),
}

const weights = fc.oneof(
  fc.constantFrom(0, 1, 300, 333, 334, 400, 499, 500, 501, 999, 1_000),
  fc.nat(1_000),
)
const rules: fc.Arbitrary<WeightedKey['rule']> = fc.oneof(
  fc.constant('automatic' as const),
  fc.record({ approvers: fc.subarray([...names]) }),
)

/** Entries of a configuration: keys of one holder have its rule. */
const holderRules = fc.array(rules, { minLength: 5, maxLength: 5 })

/** Up to seven, with different indexes in any order; some holders are in the middle of a rotation. */
export const keyLists: fc.Arbitrary<readonly WeightedKey[]> = holderRules.chain((ofHolders) =>
  fc
    .uniqueArray(
      fc.record({
        keyIndex: fc.nat(20),
        weight: weights,
        revoked: fc.constantFrom(false, false, false, true),
        holder: fc.nat(4),
        successor: fc.constantFrom(false, false, true),
      }),
      { maxLength: 7, selector: ({ keyIndex }) => keyIndex },
    )
    .map((keys) =>
      Object.freeze(keys.map((key) => ({ ...key, rule: ofHolders[key.holder] ?? 'automatic' }))),
    ),
)

const now = 1_000_000
const approval: fc.Arbitrary<StandingApproval> = fc.record({
  approver: fc.constantFrom(...names),
  digest: fc.constantFrom(digest, digest, digest, digests[1]),
  expiresAt: fc.constantFrom(now + 1, now + 1, now + 3_600_000, now, now - 1, 0),
  withdrawn: fc.constantFrom(false, false, false, true),
})

/** What may be asked of the quorum. */
export const questions: fc.Arbitrary<QuorumQuestion> = fc.record({
  keys: keyLists,
  approvals: fc.array(approval, { maxLength: 6 }),
  requester: fc.constantFrom(...names),
  digest: fc.constant(digest),
  now: fc.constant(now),
})

/** By the definition, written another way than the code: which keys may sign. */
export function mayCount({ keys, approvals, requester, ...asked }: QuorumQuestion): Set<number> {
  const granted = new Set<number>()
  for (const { keyIndex, weight, revoked, holder, successor, rule } of keys) {
    if (revoked || weight === 0) continue
    // The heavier of the two signs for their holder; of two alike the one that is not the successor.
    const both = [false, true].map((isSuccessor) => {
      const own = keys.filter((key) => key.holder === holder && key.successor === isSuccessor)
      return own.reduce((sum, key) => (key.revoked ? sum : sum + key.weight), 0)
    })
    if (successor !== (both[1] ?? 0) > (both[0] ?? 0)) continue
    if (rule === 'automatic') granted.add(keyIndex)
    else
      for (const one of approvals) {
        if (one.withdrawn) continue
        if (one.approver === requester) continue
        if (one.digest !== asked.digest) continue
        if (one.expiresAt <= asked.now) continue
        if (rule.approvers.includes(one.approver)) granted.add(keyIndex)
      }
  }
  return granted
}

export const weightOf = (keys: readonly WeightedKey[], indexes: Iterable<number>): number => {
  const chosen = new Set(indexes)
  return keys.reduce((sum, { keyIndex, weight }) => sum + (chosen.has(keyIndex) ? weight : 0), 0)
}

/** The fewest of these keys that reach 1,000, found by trying every choice; Infinity when none does. */
export function fewestOf(keys: readonly WeightedKey[], granted: ReadonlySet<number>): number {
  const weighing = keys.flatMap((key) => (granted.has(key.keyIndex) ? [key.weight] : []))
  let fewest = Number.POSITIVE_INFINITY
  for (let choice = 0; choice < 2 ** weighing.length; choice += 1) {
    const chosen = weighing.filter((_, index) => (choice >> index) % 2 === 1)
    const sum = chosen.reduce((total, weight) => total + weight, 0)
    if (sum >= 1_000) fewest = Math.min(fewest, chosen.length)
  }
  return fewest
}
