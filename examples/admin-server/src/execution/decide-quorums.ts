/** Which keys sign a transaction for several requests, each with approvals of its own. @module */

import type { Quorum } from '../approvals/quorum.ts'

/** See `decideQuorums`. */
export type QuorumChoice = {
  readonly keyIndexes: readonly number[]
  /** Jobs of requests that these keys may not sign for. */
  readonly postponed: readonly string[]
  /** Requests whose rules are not met any more. */
  readonly unmet: readonly string[]
}

/**
 * A key signs for a request only when its rule is met for that request: so the keys are those of the
 * first request that has enough, and requests that do not grant all of them go apart.
 */
export function decideQuorums(
  jobIds: readonly string[],
  requestOf: (jobId: string) => string,
  quorums: ReadonlyMap<string, Quorum>,
): QuorumChoice {
  const requests = [...new Set(jobIds.map(requestOf))]
  const isMet = (id: string) => quorums.get(id)?.met === true
  const first = requests.find(isMet)
  const keyIndexes = first === undefined ? [] : (quorums.get(first)?.signing ?? [])
  const grants = (id: string) => {
    const granted = new Set(
      quorums
        .get(id)
        ?.keys.filter(({ met }) => met)
        .map(({ keyIndex }) => keyIndex),
    )
    return isMet(id) && keyIndexes.every((index) => granted.has(index))
  }
  const granting = new Set(requests.filter(grants))
  return {
    keyIndexes,
    postponed: jobIds.filter((id) => !granting.has(requestOf(id))),
    unmet: requests.filter((id) => !isMet(id)),
  }
}
