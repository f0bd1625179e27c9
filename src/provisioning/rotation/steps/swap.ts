/** The one transaction that gives the weight of the old key to the new one. @module */

import { isSignerError } from '../../../errors.ts'
import { MAX_REVOKES } from '../copies.ts'
import { swapTransaction } from '../key-changes.ts'
import { bringAbout, type Task } from '../pending.ts'
import { standingOf } from '../standing.ts'
import { newKeyOf, openNewSigner, type World } from '../world.ts'
import { holdForGood, letGo } from './hold.ts'
import { proposesNew, withIndexes } from './new-key.ts'
import { signOfLife } from './sign-of-life.ts'
import { type Step, waitingForSignatures } from './step.ts'

async function swapTask(world: World): Promise<Task> {
  const { plan } = world.progress.current()
  return {
    purpose: 'swap',
    left(account) {
      const { oldRevoked, weighted } = standingOf(account, world.progress.current())
      return oldRevoked && weighted !== undefined ? 0 : 1
    },
    ...proposesNew(world, await openNewSigner(world)),
    build({ account, ...base }) {
      const { oldCopies } = standingOf(account, world.progress.current())
      return swapTransaction({
        ...base,
        old: plan.old,
        newKey: newKeyOf(world),
        firstIndex: account.keys.length,
        copies: oldCopies.slice(0, MAX_REVOKES - 1),
      })
    },
  }
}

/** All sign before anybody is made to wait: people may take minutes. */
export const sign: Step = async (world) => {
  const outcome = await bringAbout(world, { ...(await swapTask(world)), only: 'sign' })
  if (outcome.kind === 'waiting') return waitingForSignatures
  return { kind: 'done', text: 'All have signed the transaction that changes the keys.' }
}

/** From here on the account needs the new key. */
async function lastLook(world: World): Promise<boolean> {
  await signOfLife(world)
  return holdForGood(world)
}

export const swap: Step = async (world) => {
  const { progress } = world
  const task: Task = { ...(await swapTask(world)), beforeSending: () => lastLook(world) }
  try {
    const outcome = await bringAbout(world, task)
    if (outcome.kind === 'there') {
      const { account, transactionId } = outcome
      return {
        kind: 'done',
        text: 'The new key has the weight, and the old one is revoked.',
        ...(transactionId === undefined ? {} : { transactionId }),
        changes: {
          pending: undefined,
          newKey: withIndexes(world, account),
          revokedAt: progress.current().revokedAt ?? Date.now(),
        },
      }
    }
    // What was signed is of no use any more, and nobody is to wait for people.
    await letGo(world)
    await progress.save(
      { step: 'sign' },
      { text: 'The keys were given back: others have to sign.' },
    )
    return waitingForSignatures
  } catch (thrown) {
    const isCertain = progress.current().pending?.state !== 'sent'
    if (isCertain && !isSignerError(thrown, 'ROTATION_TAKEN'))
      await letGo(world).catch(() => undefined) // the record says that rows may be held
    throw thrown
  }
}
