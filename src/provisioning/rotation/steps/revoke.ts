/** What is revoked besides the swap: copies that did not fit, and a compromised key before all else. @module */

import type { Account } from '../../../flow/accounts.ts'
import { keepersOf, MAX_REVOKES } from '../copies.ts'
import { restoreKeyTransaction, revokeKeysTransaction } from '../key-changes.ts'
import { bringAbout, type Task } from '../pending.ts'
import { heaviestOf } from '../signing.ts'
import { standingOf } from '../standing.ts'
import { accountNow, newKeyOf, openNewSigner, type World } from '../world.ts'
import { holdForGood, letGo } from './hold.ts'
import { proposesNew, withIndexes } from './new-key.ts'
import { goOnWithPools } from './resume.ts'
import { type Step, type StepResult, waitingForSignatures } from './step.ts'

/** The indexes that are still to go, the old key first. */
function goingOf(world: World, account: Pick<Account, 'keys'>): readonly number[] {
  const record = world.progress.current()
  const { oldRevoked, oldCopies } = standingOf(account, record)
  return [...(oldRevoked ? [] : [record.plan.old.keyIndex]), ...oldCopies]
}

const revoking = (world: World): Pick<Task, 'left' | 'build'> => ({
  left: (account) => goingOf(world, account).length,
  build({ account, ...base }) {
    const { old } = world.progress.current().plan
    return revokeKeysTransaction({
      ...base,
      publicKey: old.publicKey,
      indexes: goingOf(world, account).slice(0, MAX_REVOKES),
      keepers: keepersOf(account, old),
    })
  },
})

/** The others revoke the old key by themselves; what it weighed comes back later. */
export const cut: Step = async (world) => {
  const outcome = await bringAbout(world, {
    purpose: 'cut',
    ...revoking(world),
    proposer: (hands) => heaviestOf(hands).keyIndex,
    beforeSending: () => holdForGood(world),
  })
  if (outcome.kind !== 'there') return waitForOthers(world)
  // The others are enough: they need not wait for the new key.
  await goOnWithPools(world)
  const { transactionId } = outcome
  return {
    kind: 'done',
    text: 'The old key and all its copies are revoked.',
    ...(transactionId === undefined ? {} : { transactionId }),
    changes: {
      pending: undefined,
      heldStores: undefined,
      revokedAt: world.progress.current().revokedAt ?? Date.now(),
    },
  }
}

/** Copies of the old key could still propose. */
export const revoke: Step = async (world) => {
  const outcome = await bringAbout(world, {
    purpose: 'revoke',
    ...revoking(world),
    ...proposesNew(world, await openNewSigner(world)),
  })
  if (outcome.kind !== 'there') return waitForOthers(world)
  const { transactionId } = outcome
  return {
    kind: 'done',
    text: 'No copy of the old key is left.',
    ...(transactionId === undefined ? {} : { transactionId }),
    changes: { pending: undefined },
  }
}

/** People may take minutes, and no pool is to wait for them. */
async function waitForOthers(world: World): Promise<StepResult> {
  const { progress } = world
  const { oldRevoked } = standingOf(await accountNow(world), progress.current())
  if (!oldRevoked) await letGo(world)
  else if (progress.current().heldStores === true) {
    await goOnWithPools(world)
    await progress.save({ heldStores: undefined })
  }
  return waitingForSignatures
}

/** The new key gets what the old one weighed. */
export const restore: Step = async (world) => {
  const { plan } = world.progress.current()
  const outcome = await bringAbout(world, {
    purpose: 'restore',
    left: (account) => (standingOf(account, world.progress.current()).weighted ? 0 : 1),
    ...proposesNew(world, await openNewSigner(world)),
    build: ({ account, ...base }) =>
      restoreKeyTransaction({
        ...base,
        newKey: newKeyOf(world),
        revoked: plan.old,
        firstIndex: account.keys.length,
      }),
  })
  if (outcome.kind !== 'there') return waitingForSignatures
  const { account, transactionId } = outcome
  return {
    kind: 'done',
    text: 'The new key has the weight of the old one.',
    ...(transactionId === undefined ? {} : { transactionId }),
    changes: { pending: undefined, newKey: withIndexes(world, account) },
  }
}
