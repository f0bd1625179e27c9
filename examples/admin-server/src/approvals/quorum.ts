/** Which keys may sign, and whether they are enough: the one place where approvals become weight. @module */

import type { KeyRule } from '../config/config.ts'

/** One key of the account that signs, as the chain has it now. Copies of weight 0 are none. */
export type WeightedKey = {
  readonly keyIndex: number
  /** 1 to 1,000. */
  readonly weight: number
  readonly revoked: boolean
  readonly rule: KeyRule
  /** Whose it is: the place of its entry in the configuration. Two keys may be of one holder. */
  readonly holder: number
  /** Whether it is the one that takes the place of the other, when that is rotated. */
  readonly successor: boolean
}

/** One approval that stands in the database. */
export type StandingApproval = {
  readonly approver: string
  /** Of the intent that was approved. */
  readonly digest: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly withdrawn: boolean
}

/** What is asked. */
export type QuorumQuestion = {
  readonly keys: readonly WeightedKey[]
  readonly approvals: readonly StandingApproval[]
  readonly requester: string
  /** Of the intent that would be signed. */
  readonly digest: string
  /** Milliseconds since 1970, by the database's clock. */
  readonly now: number
}

/** The answer. */
export type Quorum = {
  /** Of the keys whose rule is met. */
  readonly weight: number
  readonly met: boolean
  /** Every key with whether its rule is met, in the order given. */
  readonly keys: readonly (WeightedKey & { readonly met: boolean })[]
  /** The keys to sign with: the fewest whose rule is met that reach 1,000. Empty while it is not met. */
  readonly signing: readonly number[]
}

/** What Flow demands of the signatures of an account. */
export const NEEDED_WEIGHT = 1_000

/**
 * An approval counts while it is not withdrawn, has not expired, names the very intent, and is not of
 * whoever asked for it. It meets the rule of the key that names its approver.
 */
export const counts = (
  approval: StandingApproval,
  { requester, digest, now }: Pick<QuorumQuestion, 'requester' | 'digest' | 'now'>,
): boolean =>
  !approval.withdrawn &&
  approval.expiresAt > now &&
  approval.digest === digest &&
  approval.approver !== requester

/** Pure: the same question has the same answer. */
export function findQuorum(question: QuorumQuestion): Quorum {
  const approvers = new Set(
    question.approvals
      .filter((approval) => counts(approval, question))
      .map(({ approver }) => approver),
  )
  const standing = new Set(standingKeys(question.keys))
  const keys = question.keys.map((key) => ({
    ...key,
    met: standing.has(key) && isMet(key, approvers),
  }))
  const meeting = keys.filter(({ met }) => met)
  const weight = meeting.reduce((sum, key) => sum + key.weight, 0)
  const met = weight >= NEEDED_WEIGHT
  return { weight, met, keys, signing: met ? fewest(meeting) : [] }
}

/**
 * The keys that carry the weight of their holders: of each holder the key or its successor, whichever
 * weighs more on chain now, and the key itself while they are alike. Never both, or one approval would
 * count twice while a rotation is under way. All that are revoked stand, since none of them counts.
 */
export function standingKeys<
  Key extends Pick<WeightedKey, 'holder' | 'successor' | 'weight' | 'revoked'>,
>(keys: readonly Key[]): readonly Key[] {
  const weights = new Map<string, number>()
  const nameOf = (holder: number, successor: boolean) => `${holder} ${successor}`
  for (const { holder, successor, weight, revoked } of keys) {
    const name = nameOf(holder, successor)
    weights.set(name, (weights.get(name) ?? 0) + (revoked ? 0 : weight))
  }
  const weightOf = (holder: number, successor: boolean) =>
    weights.get(nameOf(holder, successor)) ?? 0
  return keys.filter(({ holder, successor }) => {
    const [own, other] = [weightOf(holder, successor), weightOf(holder, !successor)]
    return successor ? own > other || own + other === 0 : own >= other
  })
}

function isMet({ revoked, weight, rule }: WeightedKey, approvers: ReadonlySet<string>): boolean {
  if (revoked || weight <= 0) return false
  return rule === 'automatic' || rule.approvers.some((name) => approvers.has(name))
}

/** The heaviest first reach a sum with the fewest; of equal ones the lower index. */
function fewest(keys: readonly WeightedKey[]): readonly number[] {
  const heaviest = [...keys].sort((a, b) => b.weight - a.weight || a.keyIndex - b.keyIndex)
  const chosen: number[] = []
  let weight = 0
  for (const key of heaviest) {
    if (weight >= NEEDED_WEIGHT) break
    chosen.push(key.keyIndex)
    weight += key.weight
  }
  return chosen.sort((a, b) => a - b)
}
