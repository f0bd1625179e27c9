/** Asks what a decision depends on: two nodes where two are given, and the contract. @module */

import { isSignerError } from '../errors.ts'
import { readAccountKey } from '../flow/accounts.ts'
import type { NodeConnection } from '../flow/http.ts'
import type { TransactionOutcome } from '../flow/transaction-outcome.ts'
import type { AttemptRow } from '../stores/store.ts'
import { classify } from './classify.ts'
import { confirms } from './confirmation.ts'
import type { RelayCore } from './core.ts'
import { type FoundUse, findUse, namesItsJobs, readFulfilled, sameUse } from './fate.ts'
import { type Facts, missingFact, type OutcomeFact, type UseFact } from './rule.ts'
import { type TestimonyRequest, testify, type Weighed, weigh } from './testimony.ts'
import { createWitnesses } from './witnesses.ts'

/** What two nodes say, or that they differ: one of them may only lag. */
type Word<Value> = { readonly value: Value } | { readonly differ: string }

/** Asks for one relay. All throw `NODES_CANNOT_TELL` when too few nodes can, and what a store throws. */
export type Inquiry = {
  /** @returns Whether another node says the same of what a sealed block made of it. */
  readonly confirm: (toldBy: NodeConnection, outcome: TransactionOutcome) => Promise<boolean>
  /** What became of a transaction that no block is known to have. */
  readonly unseen: (request: Omit<TestimonyRequest, 'signal'>) => Promise<Weighed>
  /**
   * Adds whatever the decision depends on.
   *
   * @param to - A sealed height: the use of a sequence number is looked for up to it.
   * @returns What two nodes differ about in place of the facts.
   */
  readonly complete: (attempt: AttemptRow, facts: Facts, to: number) => Promise<Word<Facts>>
}

export function createInquiry(
  core: Pick<RelayCore, 'address' | 'requestScript' | 'follower' | 'nodes' | 'signal'>,
): Inquiry {
  const { address, requestScript, signal } = core
  const witnesses = createWitnesses(core)

  async function readKey(
    { keyIndex, transactionId }: AttemptRow,
    height: number,
  ): Promise<Word<NonNullable<Facts['key']> | null>> {
    const told = await witnesses.both(async (node) => {
      try {
        const key = await readAccountKey(node, address, keyIndex, { height, signal })
        return { key: { sequenceNumber: key.sequenceNumber, revoked: key.revoked } }
      } catch (thrown) {
        if (isSignerError(thrown, 'KEY_INDEX_UNKNOWN')) return { key: null }
        throw thrown
      }
    })
    const [{ key }, ...others] = told
    const isSame = others.every(
      (other) =>
        other.key?.sequenceNumber === key?.sequenceNumber && other.key?.revoked === key?.revoked,
    )
    return isSame ? { value: key } : { differ: `about the key of transaction ${transactionId}` }
  }

  async function readContract(attempt: AttemptRow): Promise<Word<ReadonlySet<string> | null>> {
    if (requestScript === undefined || !namesItsJobs(attempt)) return { value: null }
    const { jobIds, transactionId } = attempt
    const [first, ...others] = await witnesses.both((node) =>
      readFulfilled(node, requestScript, jobIds, { signal }),
    )
    const isSame = others.every((other) => jobIds.every((id) => other.has(id) === first.has(id)))
    return isSame
      ? { value: first }
      : { differ: `about what the contract fulfilled of transaction ${transactionId}` }
  }

  async function readUse(attempt: AttemptRow, to: number): Promise<Word<UseFact>> {
    const { referenceHeight, sequenceNumber, transactionId } = attempt
    const before = await readKey(attempt, referenceHeight)
    if ('differ' in before) return before
    if (before.value !== null && before.value.sequenceNumber > sequenceNumber)
      return { value: { kind: 'foreign', transactionId: null } }
    const range = { from: referenceHeight + 1, to }
    const told = await witnesses.both((node) => findUse(node, attempt, range, { signal }))
    const found = told.filter((one): one is FoundUse => typeof one !== 'string')
    const [first, ...others] = found
    if (first === undefined) return { value: { kind: 'unknown' } }
    const isSame = others.every(({ use }) => sameUse(use, first.use)) && !told.includes('none')
    if (!isSame) return { differ: `about what used the number of transaction ${transactionId}` }
    // Where the other does not list blocks, nobody confirms it: an operator looks.
    return { value: found.length === told.length ? first.use : { kind: 'unknown' } }
  }

  async function ask(
    attempt: AttemptRow,
    facts: Facts,
    fact: 'key' | 'fulfilled' | 'use',
    to: number,
  ): Promise<Word<Facts>> {
    const word =
      fact === 'key'
        ? await readKey(attempt, facts.outcome?.height ?? to)
        : fact === 'fulfilled'
          ? await readContract(attempt)
          : await readUse(attempt, to)
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

/** An outcome as the rule knows it. */
export function outcomeFact(outcome: TransactionOutcome, address: string): OutcomeFact {
  const { transactionId, height, errorCodes, reason } = outcome
  return { verdict: classify(outcome, address), transactionId, height, errorCodes, reason }
}
