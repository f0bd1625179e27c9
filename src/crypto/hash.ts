/** The two hashes of Flow account keys. @module */

import { createHash } from 'node:crypto'
import type { HashAlgorithm } from './algorithms.ts'

/** The digests as OpenSSL names them. SHA3 is FIPS 202, not Ethereum's Keccak. */
export const opensslDigests: Readonly<Record<HashAlgorithm, string>> = {
  SHA2_256: 'sha256',
  SHA3_256: 'sha3-256',
}

/**
 * @param message - Any length. Borrowed.
 * @returns A new array of 32 bytes.
 */
export function hashMessage(message: Uint8Array, algorithm: HashAlgorithm): Uint8Array {
  return new Uint8Array(createHash(opensslDigests[algorithm]).update(message).digest())
}
