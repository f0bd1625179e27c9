/** New keys among sealed keys, one for each rotation. @module */

import type { SignatureAlgorithm } from '../../../crypto/algorithms.ts'
import { curveOf } from '../../../crypto/arguments.ts'
import { isSignerError, SignerError } from '../../../errors.ts'
import { assertKnownKeys, assertSignal, invalid } from '../../../options.ts'
import type { SealedKeys } from '../../../signers/sealed-key/sealed-keys.ts'
import type { RotationVault } from '../types.ts'
import { assertRotationId } from './rotation-id.ts'

/** Options of `sealedKeyVault`. */
export type SealedKeyVaultOptions = {
  readonly algorithm: SignatureAlgorithm
  /** What the id of the new wallet begins with; `.` and the id of the rotation follow. Default `rotation`. */
  readonly walletId?: string
  /** As of `SealedKeys.create`. Default `here`. */
  readonly generatedBy?: 'here' | 'kms'
}

/**
 * A vault of sealed keys. The wallet's id is made of the rotation's, so that `create` gives the same
 * wallet when it is called again; each time it opens it once, which proves it. Makes no call itself.
 *
 * @returns `create` rejects with the codes of `SealedKeys.create`, and with `SEALED_KEY_EXISTS` for a
 * wallet of that id and another algorithm.
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function sealedKeyVault(keys: SealedKeys, options: SealedKeyVaultOptions): RotationVault {
  assertSealedKeys(keys)
  assertKnownKeys(options, ['algorithm', 'walletId', 'generatedBy'])
  const { algorithm, walletId = 'rotation', generatedBy = 'here' } = options
  curveOf(algorithm)
  if (typeof walletId !== 'string' || !/^[A-Za-z0-9._:@+=-]{1,63}$/.test(walletId))
    throw invalid('walletId', 'it is not 1 to 63 letters, digits and . _ : @ + = -')
  if (generatedBy !== 'here' && generatedBy !== 'kms')
    throw invalid('generatedBy', 'it is neither here nor kms')

  return Object.freeze({
    kind: 'sealed-key',
    async create(rotation) {
      assertKnownKeys(rotation, ['id', 'signal'])
      assertRotationId(rotation.id)
      assertSignal(rotation.signal)
      const reference = `${walletId}.${rotation.id}`
      const asked = rotation.signal === undefined ? {} : { signal: rotation.signal }
      try {
        await keys.create(reference, { algorithm, generatedBy, ...asked })
      } catch (thrown) {
        // Its own, by its name: from before a kill.
        if (!isSignerError(thrown, 'SEALED_KEY_EXISTS')) throw thrown
      }
      const made = await keys.signer(reference).publicKey(asked)
      if (made.algorithm !== algorithm)
        throw new SignerError('SEALED_KEY_EXISTS', { id: reference })
      return { reference }
    },
    open: (reference) => keys.signer(reference),
  } satisfies RotationVault)
}

/** @throws {SignerError} `INVALID_OPTION` for anything but what `createSealedKeys` gives. */
export function assertSealedKeys(keys: SealedKeys): void {
  const isObject = typeof keys === 'object' && keys !== null
  const names = ['create', 'describe', 'forget', 'list', 'rewrap', 'signer'] as const
  if (!isObject || names.some((name) => typeof keys[name] !== 'function'))
    throw invalid('keys', 'it is not what createSealedKeys gives')
}
