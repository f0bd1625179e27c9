/** A signature of the new key, for nothing but to see that it signs. @module */

import { hexToBytes } from '../../../crypto/hex.ts'
import { userMessage } from '../../../crypto/messages.ts'
import { importPublicKey, verifySignature } from '../../../crypto/verify.ts'
import { isSignerError, SignerError } from '../../../errors.ts'
import { newKeyOf, openNewSigner, type World } from '../world.ts'

/**
 * Whether the new key signs at this moment: people may have signed for it minutes ago, and it may have
 * been disabled since. The chain has verified a signature of it before, so a signer that signs
 * transactions alone is not wrong.
 *
 * @returns A sentence. Rejects with what the signer rejects with.
 * @throws {SignerError} `SIGNATURE_INVALID`.
 */
export async function signOfLife(world: World): Promise<string> {
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
