/** Which rotations there are to be tried: all, and so few that each pair of choices is among them. @module */

import type { Algorithms, Combination, RotationPath } from './rotation-world.ts'

const weights: readonly (readonly number[])[] = [[500, 500], [400, 300, 300], [1_000]]
const paths: readonly RotationPath[] = ['KMS to KMS', 'KMS to PKCS#11', 'sealed to KMS']
const algorithms: readonly Algorithms[] = (['ECDSA_P256', 'ECDSA_secp256k1'] as const).flatMap(
  (signatureAlgorithm) =>
    (['SHA2_256', 'SHA3_256'] as const).map((hashAlgorithm) => ({
      signatureAlgorithm,
      hashAlgorithm,
    })),
)

/** Every combination there is. */
export const allCombinations: readonly Combination[] = weights.flatMap((shape) =>
  paths.flatMap((path) =>
    algorithms.flatMap((old) => algorithms.map((next) => ({ weights: shape, path, old, next }))),
  ),
)

/** In words, for the name of a test. */
export function nameOf({ weights: shape, path, old, next }: Combination): string {
  const short = ({ signatureAlgorithm, hashAlgorithm }: Algorithms) =>
    `${signatureAlgorithm.replace('ECDSA_', '')} with ${hashAlgorithm}`
  return `${shape.join('+')}, ${path}, ${short(old)} to ${short(next)}`
}

/** What is chosen in a combination, in pairs. */
function pairsOf({ weights: shape, path, old, next }: Combination): readonly string[] {
  const choices = [
    shape.join('+'),
    path,
    `old ${old.signatureAlgorithm}`,
    `old ${old.hashAlgorithm}`,
    `new ${next.signatureAlgorithm}`,
    `new ${next.hashAlgorithm}`,
  ]
  return choices.flatMap((one, index) =>
    choices.slice(index + 1).map((other) => `${one}, ${other}`),
  )
}

/** Takes again and again the combination that has most pairs that are not covered yet. */
function coverPairs(all: readonly Combination[]): readonly Combination[] {
  const open = new Set(all.flatMap(pairsOf))
  const chosen: Combination[] = []
  while (open.size > 0) {
    const newPairs = (one: Combination) => pairsOf(one).filter((pair) => open.has(pair)).length
    const best = all.reduce((found, one) => (newPairs(one) > newPairs(found) ? one : found))
    chosen.push(best)
    for (const pair of pairsOf(best)) open.delete(pair)
  }
  return chosen
}

/** Each choice beside each other one, at least once. */
export const pairwiseCombinations: readonly Combination[] = coverPairs(allCombinations)
