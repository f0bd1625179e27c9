/** The id of a rotation, and how a KMS key carries it. @module */

import { invalid } from '../../../options.ts'

/** A tag with this key has the id of the rotation that the key was made for. */
export const ROTATION_TAG = 'fcl-kms:rotation'

/** @throws {SignerError} `INVALID_OPTION` for anything but 16 lower-case hexadecimal digits. */
export function assertRotationId(id: string): void {
  if (typeof id !== 'string' || !/^[0-9a-f]{16}$/.test(id))
    throw invalid('id', 'it is not the 16 hexadecimal digits of a rotation')
}
