/** The two hashes of Flow account keys. @module */

import { createHash } from 'node:crypto'
import type { HashAlgorithm } from './algorithms.ts'
import { checkedBytesOf, checkedHash } from './arguments.ts'

/** The digests as OpenSSL names them. SHA3 is FIPS 202, not Ethereum's Keccak. */
export const opensslDigests: Readonly<Record<HashAlgorithm, string>> = {
  SHA2_256: 'sha256',
  SHA3_256: 'sha3-256',
}

/**
 * @param message - Any length. Borrowed.
 * @returns A new array of 32 bytes.
 * @throws {SignerError} `INVALID_OPTION` for a wrong type or algorithm.
 */
export function hashMessage(message: Uint8Array, algorithm: HashAlgorithm): Uint8Array {
  const hash = createHash(opensslDigests[checkedHash(algorithm)])
  return new Uint8Array(hash.update(checkedBytesOf('message', message)).digest())
}
