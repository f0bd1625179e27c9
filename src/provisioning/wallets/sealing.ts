/** The sealed keys of new wallets: made, or found where a run before this had made them. @module */

import type { HashAlgorithm, SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { bytesToHex } from '../../crypto/hex.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import type { SealedKeys } from '../../signers/sealed-key/sealed-keys.ts'
import type { WalletKey } from './book.ts'

/** What each key shall be. */
export type KeyChoice = {
  readonly algorithm: SignatureAlgorithm
  readonly hashAlgorithm: HashAlgorithm
}

/**
 * A key that lies there is opened before its public key is believed: whoever may write to the store could
 * have put it there.
 *
 * @throws {SignerError} `SEALED_KEY_INVALID`, also for a key on another curve than asked for; the codes of
 * KMS and of stores.
 */
export async function keyOfWallet(
  keys: SealedKeys,
  id: string,
  { algorithm, hashAlgorithm }: KeyChoice,
  signal: AbortSignal | undefined,
): Promise<WalletKey> {
  const options = signal === undefined ? {} : { signal }
  try {
    const { publicKey } = await keys.create(id, { algorithm, ...options })
    return { id, publicKey, signatureAlgorithm: algorithm, hashAlgorithm }
  } catch (thrown) {
    const mayLieThere =
      isSignerError(thrown, 'SEALED_KEY_EXISTS') || isSignerError(thrown, 'SEALED_KEY_UNCERTAIN')
    if (!mayLieThere) throw thrown
  }
  const found = await keys.signer(id).publicKey(options)
  if (found.algorithm !== algorithm) throw new SignerError('SEALED_KEY_INVALID', { id })
  return { id, publicKey: bytesToHex(found.bytes), signatureAlgorithm: algorithm, hashAlgorithm }
}
