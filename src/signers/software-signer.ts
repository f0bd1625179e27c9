/** A signer over node:crypto, for tests and emulators: its key lies in memory. @module */

import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { curves, type SignatureAlgorithm } from '../crypto/algorithms.ts'
import { opensslDigests } from '../crypto/hash.ts'
import { bytesToHex } from '../crypto/hex.ts'
import { spkiToPublicKey } from '../crypto/spki.ts'
import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import type { Signer } from './signer.ts'
import { createVerifiedSigner } from './verified-signer.ts'

/** Options of `createSoftwareSigner`. */
export type SoftwareSignerOptions = {
  readonly algorithm: SignatureAlgorithm
  /** 32 bytes, big-endian. Copied. A new random key when left out. */
  readonly privateKey?: Uint8Array
}

/**
 * Signs with a private key in this process, exportable by whoever reads its memory: for tests and
 * for the emulator's service account, never for value.
 *
 * @returns A frozen signer whose id is `software:` and the first 16 digits of its public key.
 * @throws {SignerError} `INVALID_OPTION` when the private key is not 32 bytes of 1 to n − 1.
 */
export function createSoftwareSigner(options: SoftwareSignerOptions): Signer {
  assertKnownKeys(options, ['algorithm', 'privateKey'])
  const { algorithm, privateKey } = options
  if (!Object.hasOwn(curves, algorithm))
    throw new SignerError('INVALID_OPTION', {
      option: 'algorithm',
      reason: 'it is neither ECDSA_P256 nor ECDSA_secp256k1',
    })
  const pair = privateKey === undefined ? generate(algorithm) : importPair(privateKey, algorithm)
  const { bytes } = spkiToPublicKey(pair.spki)
  return createVerifiedSigner({
    id: `software:${bytesToHex(bytes.subarray(0, 8))}`,
    publicKey: async () => ({ bytes: bytes.slice(), algorithm }),
    async sign({ message, hashAlgorithm, signal, onReport }) {
      signal?.throwIfAborted()
      const key = { key: pair.key, dsaEncoding: 'ieee-p1363' } as const
      const signature = new Uint8Array(sign(opensslDigests[hashAlgorithm], message, key))
      onReport?.({ attempts: 1 })
      return signature
    },
  })
}

type Pair = { readonly key: KeyObject; readonly spki: Uint8Array }

function generate(algorithm: SignatureAlgorithm): Pair {
  const namedCurve = curves[algorithm].opensslName
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
  return { key: privateKey, spki: publicKey.export({ format: 'der', type: 'spki' }) }
}

function importPair(privateKey: Uint8Array, algorithm: SignatureAlgorithm): Pair {
  const reason = 'it is not 32 bytes of 1 to n - 1'
  const wrong = () => new SignerError('INVALID_OPTION', { option: 'privateKey', reason })
  if (!(privateKey instanceof Uint8Array) || privateKey.length !== 32) throw wrong()
  const { opensslName, jwkName } = curves[algorithm]
  try {
    const ecdh = createECDH(opensslName)
    ecdh.setPrivateKey(privateKey)
    const point = ecdh.getPublicKey()
    const coordinate = (start: number) => point.subarray(start, start + 32).toString('base64url')
    const d = Buffer.from(privateKey).toString('base64url')
    const jwk = { kty: 'EC', crv: jwkName, d, x: coordinate(1), y: coordinate(33) }
    const key = createPrivateKey({ format: 'jwk', key: jwk })
    return { key, spki: createPublicKey(key).export({ format: 'der', type: 'spki' }) }
  } catch {
    throw wrong() // OpenSSL's own error is left out: it may quote what it was given
  }
}
