/** A key that exists already, by its signer: of a token, a remote signer, a key of one's own. @module */

import { assertKnownKeys, assertSignal, invalid } from '../../../options.ts'
import type { Signer } from '../../../signers/signer.ts'
import type { RotationVault } from '../types.ts'
import { assertRotationId } from './rotation-id.ts'

/**
 * Makes no key: the new one is made beforehand, where its vault makes keys. `create` only reads its
 * public key, so that a rotation does not begin with a signer that cannot be reached.
 *
 * @returns `create` rejects with what the signer rejects with; `open` throws `INVALID_OPTION` for the
 * reference of another signer than this one.
 * @throws {SignerError} `INVALID_OPTION` for anything but a signer.
 */
export function signerVault(signer: Signer): RotationVault {
  const isSigner =
    typeof signer === 'object' &&
    signer !== null &&
    typeof signer.id === 'string' &&
    typeof signer.publicKey === 'function' &&
    typeof signer.sign === 'function'
  if (!isSigner) throw invalid('signer', 'it is not a Signer')
  if (/^alias\/|:alias\//.test(signer.id))
    throw invalid('signer', 'an alias may name another key tomorrow: use kmsVault with the ARN')

  return Object.freeze({
    kind: 'signer',
    async create(rotation) {
      assertKnownKeys(rotation, ['id', 'signal'])
      assertRotationId(rotation.id)
      assertSignal(rotation.signal)
      await signer.publicKey(rotation.signal === undefined ? {} : { signal: rotation.signal })
      return { reference: signer.id }
    },
    open(reference) {
      if (reference === signer.id) return signer
      throw invalid('vault', 'the rotation was begun with another signer: give it that one')
    },
  } satisfies RotationVault)
}
