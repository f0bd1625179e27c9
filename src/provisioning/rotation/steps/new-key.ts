/** What several steps ask of the new key. @module */

import { SignerError } from '../../../errors.ts'
import type { Account } from '../../../flow/accounts.ts'
import type { Signer } from '../../../signers/signer.ts'
import type { Task } from '../pending.ts'
import { standingOf } from '../standing.ts'
import type { AccountFacts, RotatedKey } from '../types.ts'
import { newKeyOf, type World } from '../world.ts'

/** Its first key of weight 0 proposes. */
export const proposesNew = (
  world: World,
  newSigner: Signer,
): Pick<Task, 'proposer' | 'newSigner'> => ({
  newSigner,
  proposer({ account }) {
    const { newCopies, weighted } = standingOf(account, world.progress.current())
    const index = (newCopies[0] ?? weighted)?.index
    if (index !== undefined) return index
    const { address, step } = world.progress.current()
    throw new SignerError('ROTATION_WEIGHTS_CHANGED', {
      address,
      step,
      expected: 'a key of weight 0 of the new signer',
      found: 'none',
    })
  },
})

/** @returns The new key with the indexes that the account has. */
export function withIndexes(world: World, account: Pick<Account, 'keys'>): RotatedKey {
  const { newCopies, weighted } = standingOf(account, world.progress.current())
  const { weightedIndex: _, ...key } = newKeyOf(world)
  return {
    ...key,
    keyIndexes: [...newCopies.map(({ index }) => index), ...(weighted ? [weighted.index] : [])],
    ...(weighted === undefined ? {} : { weightedIndex: weighted.index }),
  }
}

/** What tags say of an account and its new key. */
export function accountFacts({ progress, signal }: World, newKey: RotatedKey): AccountFacts {
  const { plan, address, chainId } = progress.current()
  const { reference: newReference, keyIndexes, weightedIndex } = newKey
  const newKeys = keyIndexes.map((keyIndex) => ({
    keyIndex,
    weight: keyIndex === weightedIndex ? plan.weight : 0,
  }))
  const facts = { chainId, address, newReference, newKeys }
  return signal === undefined ? facts : { ...facts, signal }
}
