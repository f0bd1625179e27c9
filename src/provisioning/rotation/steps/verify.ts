/** Nothing is taken for done that the chain does not show. @module */

import { SignerError } from '../../../errors.ts'
import { accountWith } from '../settle.ts'
import { assertPlanned } from '../standing.ts'
import { accountFacts, withIndexes } from './new-key.ts'
import { signOfLife } from './sign-of-life.ts'
import type { Step } from './step.ts'

export const verify: Step = async (world) => {
  const { progress, vault } = world
  const { address, step } = progress.current()
  const account = await accountWith(
    world,
    ({ oldRevoked, weighted }) => oldRevoked && weighted !== undefined,
  )
  const { oldRevoked, oldCopies, weighted } = assertPlanned(account, progress.current())
  if (!oldRevoked || oldCopies.length > 0 || weighted === undefined)
    throw new SignerError('ROTATION_WEIGHTS_CHANGED', {
      address,
      step,
      expected: 'the new key at its weight, and no key of the old one',
      found: weighted === undefined ? 'no new key' : `${oldCopies.length} copies of the old key`,
    })
  const signature = await signOfLife(world)
  const newKey = withIndexes(world, account)
  const tagged = await vault?.tagAccount?.(accountFacts(world, newKey))
  return {
    kind: 'done',
    text: ['The chain has the keys of the plan.', signature, tagged?.text]
      .filter(Boolean)
      .join(' '),
    changes: { newKey },
  }
}
