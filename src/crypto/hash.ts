/** The two hashes of Flow account keys. @module */

import { sha256 } from '@noble/hashes/sha2.js'
import { sha3_256 } from '@noble/hashes/sha3.js'
import type { HashAlgorithm } from './algorithms.ts'
import { checkedBytesOf, checkedHash } from './arguments.ts'
import { nodeCrypto } from './node-crypto.ts'

type Hash = (message: Uint8Array) => Uint8Array

/** The digests as OpenSSL names them. SHA3 is FIPS 202, not Ethereum's Keccak. */
export const opensslDigests: Readonly<Record<HashAlgorithm, string>> = {
  SHA2_256: 'sha256',
  SHA3_256: 'sha3-256',
}

/**
 * OpenSSL is asked where it has the digest: it hashes SHA-3 at 17 times the speed, and a message of
 * 1.5 MB would hold the event loop for 50 ms. Edge runtimes have no OpenSSL, some builds no SHA-3.
 */
const hashes: Readonly<Record<HashAlgorithm, Hash>> = {
  SHA2_256: opensslHash('sha256') ?? sha256,
  SHA3_256: opensslHash('sha3-256') ?? sha3_256,
}

function opensslHash(name: string): Hash | undefined {
  const createHash = nodeCrypto?.createHash
  if (createHash === undefined) return undefined
  try {
    createHash(name)
    return (message) => new Uint8Array(createHash(name).update(message).digest())
  } catch {
    return undefined // an OpenSSL without it
  }
}

/**
 * @param message - Any length. Borrowed.
 * @returns A new array of 32 bytes.
 * @throws {SignerError} `INVALID_OPTION` for a wrong type or algorithm.
 */
export function hashMessage(message: Uint8Array, algorithm: HashAlgorithm): Uint8Array {
  return hashes[checkedHash(algorithm)](checkedBytesOf('message', message))
}
