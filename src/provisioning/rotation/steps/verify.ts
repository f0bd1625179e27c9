/** Nothing is taken for done that the chain does not show. @module */

import { SignerError } from '../../../errors.ts'
import { accountWith } from '../settle.ts'
import { assertPlanned } from '../standing.ts'
import { withIndexes } from './new-key.ts'
import { signOfLife } from './sign-of-life.ts'
import type { Step } from './step.ts'

export const verify: Step = async (world) => {
  const { progress, vault, retirement, signal } = world
  const { plan, address, step } = progress.current()
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
  const facts = {
    chainId: plan.chainId,
    address,
    newReference: newKey.reference,
    newKeys: newKey.keyIndexes.map((keyIndex) => ({
      keyIndex,
      weight: keyIndex === newKey.weightedIndex ? plan.weight : 0,
    })),
    ...(signal === undefined ? {} : { signal }),
  }
  const tagged = await vault?.tagAccount?.(facts)
  const newKeyTagged = tagged !== undefined
  const untagged = await retirement?.tagAccount?.({ ...facts, newKeyTagged })
  return {
    kind: 'done',
    text: ['The chain has the keys of the plan.', signature, tagged?.text, untagged?.text]
      .filter(Boolean)
      .join(' '),
    changes: { newKey },
  }
}
