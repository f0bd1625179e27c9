/** Signatures in FCL's form. @module */

import type { BoundKey } from './bound-account.ts'
import type { CompositeSignature } from './fcl-types.ts'

/** @param signature - 128 hexadecimal digits. */
export function compositeSignature(key: BoundKey, signature: string): CompositeSignature {
  return {
    f_type: 'CompositeSignature',
    f_vsn: '1.0.0',
    addr: key.address,
    keyId: key.keyIndex,
    signature,
  }
}
