/** Whether a key that the store gave can be lent, where its number on chain is in doubt. @module */

import { readAccountKey } from '../flow/accounts.ts'
import type { NodeConnection } from '../flow/http.ts'
import type { LeaseFact, ProposalKeyStore } from '../stores/store.ts'
import type { PoolReport } from './report.ts'

/** Keys whose number on chain is read at a time. */
const CHECKS_AT_ONCE = 16

/**
 * @returns A function for what was leased in one step: those that can be lent. The others were
 * corrected in the store. When one cannot be checked it rejects, and all were given back: nobody else
 * knows of them.
 */
export function createChecking(options: {
  readonly node: () => Promise<NodeConnection>
  readonly isCopy: (keyIndex: number) => Promise<boolean>
  /** Keys whose number on chain may not be the one in the store. */
  readonly suspects: Set<number>
  readonly settle: (
    settlement: Parameters<ProposalKeyStore['settleLeases']>[0][number],
  ) => Promise<boolean>
  readonly giveBack: (fact: LeaseFact) => Promise<void>
  readonly report: (report: PoolReport) => void
  readonly onResync: () => void
  readonly signal: AbortSignal
}): (facts: readonly LeaseFact[]) => Promise<readonly LeaseFact[]> {
  const { suspects, giveBack, signal } = options

  async function isUsable(fact: LeaseFact): Promise<boolean> {
    const { address, keyIndex, fence, sequenceNumber } = fact
    const isCopy = await options.isCopy(keyIndex)
    if (isCopy && !suspects.has(keyIndex)) return true
    options.onResync()
    const key = await readAccountKey(await options.node(), address, keyIndex, { signal })
    const usable = isCopy && !key.revoked
    const drifted = key.sequenceNumber !== sequenceNumber
    if (!usable || drifted) {
      const quarantine = usable ? {} : { quarantine: 'it is no copy of a key that signs' }
      const nextSequenceNumber = key.sequenceNumber
      await options.settle({ address, keyIndex, fence, nextSequenceNumber, ...quarantine })
      options.report({ kind: usable ? 'drifted' : 'quarantined', keyIndex })
    }
    suspects.delete(keyIndex)
    return usable && !drifted
  }

  return async (facts) => {
    const usable: LeaseFact[] = []
    for (let start = 0; start < facts.length; start += CHECKS_AT_ONCE) {
      const step = facts.slice(start, start + CHECKS_AT_ONCE)
      const answers = await Promise.allSettled(step.map(isUsable))
      const failure = answers.find((one) => one.status === 'rejected')
      // What was found unusable is settled already.
      const ours = step.filter((_, index) => {
        const answer = answers[index]
        return answer?.status === 'rejected' || answer?.value === true
      })
      if (failure !== undefined) {
        const rest = facts.slice(start + CHECKS_AT_ONCE)
        await Promise.all([...usable, ...ours, ...rest].map(giveBack))
        throw failure.reason
      }
      usable.push(...ours)
    }
    return usable
  }
}
