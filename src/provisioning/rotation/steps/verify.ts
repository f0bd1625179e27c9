/** Nothing is taken for done that the chain does not show. @module */

import { hexToBytes } from '../../../crypto/hex.ts'
import { userMessage } from '../../../crypto/messages.ts'
import { importPublicKey, verifySignature } from '../../../crypto/verify.ts'
import { isSignerError, SignerError } from '../../../errors.ts'
import { accountWith } from '../settle.ts'
import { assertPlanned } from '../standing.ts'
import { newKeyOf, openNewSigner, type World } from '../world.ts'
import { withIndexes } from './new-key.ts'
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
  const signature = await signMessage(world)
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

/** The chain has verified its signature before: a signer that signs transactions alone is not wrong. */
async function signMessage(world: World): Promise<string> {
  const { id } = world.progress.current()
  const { publicKey, signatureAlgorithm, hashAlgorithm } = newKeyOf(world)
  const signer = await openNewSigner(world)
  const message = userMessage(new TextEncoder().encode(`fcl-kms rotation ${id}`))
  try {
    const { signal } = world
    const signature = await signer.sign({
      message,
      hashAlgorithm,
      ...(signal === undefined ? {} : { signal }),
    })
    const key = importPublicKey(hexToBytes(publicKey, 'public key'), signatureAlgorithm)
    if (verifySignature(key, message, hashAlgorithm, signature))
      return 'The new key has signed a message.'
    throw new SignerError('SIGNATURE_INVALID', { signerId: signer.id })
  } catch (thrown) {
    if (
      !isSignerError(thrown) ||
      !/^(POLICY|SIGNING|REMOTE_SIGNER)_(REFUSED|DENIED)$/.test(thrown.code)
    )
      throw thrown
    return `The new key signs no messages (${thrown.code}); the chain has verified its transactions.`
  }
}
