/** The new key, in its vault. @module */

import { bytesToHex } from '../../../crypto/hex.ts'
import { invalid } from '../../../options.ts'
import { assertNewHolder } from '../holders.ts'
import { accountNow } from '../world.ts'
import type { Step } from './step.ts'

/** That it is to be made is stored: after a kill the vault finds it by the id of the rotation. */
export const create: Step = async (world) => {
  const { vault, progress, signal } = world
  const { id, plan, newKey: found } = progress.current()
  if (found !== undefined) return { kind: 'done', text: `The new key is ${found.reference}.` }
  if (vault === undefined) throw invalid('vault', 'it is needed: a key is to be made')
  // Whoever goes on with the rotation at the same time makes no second key after this.
  await progress.save({})
  const abort = signal === undefined ? {} : { signal }
  const { reference } = await vault.create({ id, ...abort })
  const { bytes, algorithm } = await vault.open(reference).publicKey(abort)
  const key = {
    publicKey: bytesToHex(bytes),
    signatureAlgorithm: algorithm,
    hashAlgorithm: plan.hashAlgorithm,
  }
  assertNewHolder(await accountNow(world), plan, key)
  return {
    kind: 'done',
    text: `The new key is ${reference}, ${algorithm}, in the vault ${vault.kind}.`,
    changes: { newKey: { ...key, kind: vault.kind, reference, keyIndexes: [] } },
  }
}
