/** What every store keeps to, whatever it is kept in: one suite, run by each. @module */
import type { RelayStore } from '../../src/stores/store.ts'
import { describeAttempts } from './store-attempts.ts'
import { describeHolds } from './store-holds.ts'
import { describeJobs } from './store-jobs.ts'
import { describeKeys } from './store-keys.ts'
import { describeLarge } from './store-large.ts'
import { describeModel } from './store-model.ts'
import { describeSettlements } from './store-settlements.ts'
import { describeShared } from './store-shared.ts'

/** A store under test: new and empty. */
export type StoreSubject = {
  readonly store: RelayStore
  /** Removes what it kept. Not called when the test fails, so that it can be looked at. */
  readonly remove: () => Promise<void>
}

/** A sentence about a store of its own. */
export type Sentence = (sentence: string, body: (store: RelayStore) => Promise<void>) => void

/** @param makeStore - Is given the full name of the test, different for each. */
export function describeStoreContract(
  name: string,
  makeStore: (test: string) => Promise<StoreSubject>,
): void {
  const sentence: Sentence = (text, body) => {
    it(text, async () => {
      const { store, remove } = await makeStore(expect.getState().currentTestName ?? text)
      await body(store)
      await remove()
    })
  }
  describe(`${name} keeps the store contract`, () => {
    describe('proposal keys', () => describeKeys(sentence))
    describe('jobs', () => describeJobs(sentence))
    describe('attempts that are opened', () => describeAttempts(sentence))
    describe('attempts that are open', () => describeSettlements(sentence))
    describe('holds', () => describeHolds(sentence))
    describe('what processes share', () => describeShared(sentence))
    describe('what is large', () => describeLarge(sentence))
    describe('any order of steps', () => describeModel(sentence))
  })
}
