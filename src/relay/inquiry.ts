/** Asks what a decision depends on: two nodes where two are given, and the contract. @module */

import type { NodeConnection } from '../flow/http.ts'
import type { TransactionOutcome } from '../flow/transaction-outcome.ts'
import type { AttemptRow } from '../stores/store.ts'
import { confirms } from './confirmation.ts'
import type { RelayCore } from './core.ts'
import type { Facts } from './facts.ts'
import { askContract, askKey, askUse, type Word } from './questions.ts'
import { missingFact } from './rule.ts'
import { type TestimonyRequest, testify, type Weighed, weigh } from './testimony.ts'
import { createWitnesses } from './witnesses.ts'

/** Asks for one relay. All throw `NODES_CANNOT_TELL` when too few nodes can, and what a store throws. */
export type Inquiry = {
  /** @returns Whether another node says the same of what a sealed block made of it. */
  readonly confirm: (toldBy: NodeConnection, outcome: TransactionOutcome) => Promise<boolean>
  /** What became of a transaction that no block is known to have. */
  readonly unseen: (request: Omit<TestimonyRequest, 'signal'>) => Promise<Weighed>
  /**
   * Adds whatever the decision depends on.
   *
   * @param to - A sealed height, at which the contract is asked, and up to which the use of a sequence
   * number is looked for. 0: none is known.
   * @returns What two nodes differ about in place of the facts.
   */
  readonly complete: (attempt: AttemptRow, facts: Facts, to: number) => Promise<Word<Facts>>
}

export function createInquiry(
  core: Pick<RelayCore, 'address' | 'requestScript' | 'follower' | 'signal'>,
): Inquiry {
  const { address, signal } = core
  const witnesses = createWitnesses(core)

  async function ask(
    attempt: AttemptRow,
    facts: Facts,
    fact: 'key' | 'fulfilled' | 'use',
    to: number,
  ): Promise<Word<Facts>> {
    const word =
      fact === 'key'
        ? await askKey(core, witnesses, attempt, facts.outcome?.height ?? to)
        : fact === 'fulfilled'
          ? await askContract(core, witnesses, attempt, to)
          : await askUse(core, witnesses, attempt, to)
    return 'differ' in word ? word : { value: { ...facts, [fact]: word.value } }
  }

  return {
    async confirm(toldBy, outcome) {
      const word = await witnesses.another(toldBy, (node) =>
        confirms(node, outcome, address, signal),
      )
      return word ?? true
    },
    async unseen(request) {
      const told = await witnesses.both((node) => testify(node, { ...request, signal }))
      return weigh(request.attempt.transactionId, told)
    },
    async complete(attempt, facts, to) {
      let known = facts
      for (;;) {
        const fact = missingFact(attempt, known)
        if (fact === undefined) return { value: known }
        const word = await ask(attempt, known, fact, to)
        if ('differ' in word) return word
        known = word.value
      }
    },
  }
}
