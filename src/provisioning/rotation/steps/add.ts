/** The new key comes onto the account at weight 0, and proves that it signs. @module */

import type { Account } from '../../../flow/accounts.ts'
import { addKeysTransaction } from '../key-changes.ts'
import { bringAbout, type Task, type TaskOutcome } from '../pending.ts'
import { heaviestOf } from '../signing.ts'
import { standingOf } from '../standing.ts'
import { newKeyOf, openNewSigner, type World } from '../world.ts'
import { proposesNew, withIndexes } from './new-key.ts'
import { type Step, type StepResult, waitingForSignatures } from './step.ts'

/** Keys in one transaction: the events of 250 are 94,000 bytes of 256,000. */
const MAX_ADDS = 250

/** One key of weight 0, proposed by a key that the account has. */
export const add: Step = async (world) => {
  const left = (account: Pick<Account, 'keys'>) => {
    const { newCopies, weighted } = standingOf(account, world.progress.current())
    return weighted === undefined && newCopies.length === 0 ? 1 : 0
  }
  const task: Task = {
    purpose: 'add',
    left,
    proposer: (hands) => heaviestOf(hands).keyIndex,
    build: ({ account, ...base }) =>
      addKeysTransaction({
        ...base,
        key: newKeyOf(world),
        count: 1,
        firstIndex: account.keys.length,
      }),
  }
  return resultOf(world, await bringAbout(world, task), 'The account has the new key at weight 0.')
}

/** The other copies, proposed by the new key: that such a transaction is executed is the proof. */
export const prove: Step = async (world) => {
  const { plan } = world.progress.current()
  const missing = (account: Pick<Account, 'keys'>) => {
    const { newCopies } = standingOf(account, world.progress.current())
    return Math.max(0, plan.copies - newCopies.length)
  }
  const task: Task = {
    purpose: 'prove',
    left(account) {
      const { newCopies, weighted } = standingOf(account, world.progress.current())
      const isProven = newCopies.some(({ sequenceNumber }) => sequenceNumber > 0n)
      return weighted === undefined ? missing(account) + (isProven ? 0 : 1) : 0
    },
    ...proposesNew(world, await openNewSigner(world)),
    build: ({ account, ...base }) =>
      addKeysTransaction({
        ...base,
        key: newKeyOf(world),
        count: Math.min(missing(account), MAX_ADDS),
        firstIndex: account.keys.length,
      }),
  }
  const text = 'The new key has proposed a transaction: the chain has verified its signature.'
  return resultOf(world, await bringAbout(world, task), text)
}

function resultOf(world: World, outcome: TaskOutcome, text: string): StepResult {
  if (outcome.kind !== 'there') return waitingForSignatures
  const { account, transactionId } = outcome
  return {
    kind: 'done',
    text,
    ...(transactionId === undefined ? {} : { transactionId }),
    changes: { pending: undefined, newKey: withIndexes(world, account) },
  }
}
