/** Which key a rotation replaces, as the command line names it. @module */

import { bytesToHex, hexToBytes } from '../../crypto/hex.ts'
import { describeKey, type RotationRecord } from '../../provisioning/index.ts'
import type { Context } from '../command.ts'
import { kmsSettings } from '../settings.ts'
import { usage } from '../values.ts'

/** The old key. */
export type OldKey = {
  /** 128 lower-case hexadecimal digits. */
  readonly publicKey: string
  /** Where it is in KMS; absent for `--public-key`. */
  readonly keyArn?: string
  readonly spec?: string
}

/**
 * An alias may name the new key by now, since a rotation moves it: what the account says is old is
 * compared before anything is done to a key.
 *
 * @param open - The rotation that is stored, if there is one.
 * @throws {SignerError} `INVALID_OPTION`, `MALFORMED_HEX`, `KEY_NOT_FOUND`, the `KMS_…` codes.
 */
export async function readOldKey(
  context: Context,
  open: RotationRecord | undefined,
): Promise<OldKey> {
  const { values } = context
  const keyId = values.optional('old-key')
  const hex = values.optional('public-key')
  const given = hex === undefined ? undefined : bytesToHex(hexToBytes(hex, '--public-key'))
  const stored = open?.state === 'open' ? open.plan.old.publicKey : undefined
  if (keyId === undefined) {
    const publicKey = given ?? stored
    if (publicKey === undefined) throw usage('--old-key', 'give it, or --public-key')
    return { publicKey }
  }
  const { keyArn, keySpec: spec, publicKey } = await describeKey({ ...kmsSettings(context), keyId })
  if (publicKey !== undefined && given !== undefined && publicKey !== given)
    throw usage('--public-key', 'it is not that of --old-key')
  // KMS does not tell the public key of one that is disabled: then only others know it.
  const known = publicKey ?? (/^alias\/|:alias\//.test(keyId) ? undefined : (given ?? stored))
  if (known === undefined)
    throw usage('--old-key', 'KMS does not tell its public key: give its ARN, and --public-key')
  if (stored !== undefined && stored !== known)
    throw usage('--old-key', 'it is not the key of the open rotation: give the ARN of the old key')
  return { publicKey: known, keyArn, spec }
}
