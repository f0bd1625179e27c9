/**
 * Keys, signatures and verification that share no code with src: points by node:crypto's ECDH,
 * scalars by bigint, verification by `elliptic`. @module
 */
import { createECDH, createHash, randomBytes } from 'node:crypto'
import elliptic from 'elliptic'

export type Algorithm = 'ECDSA_P256' | 'ECDSA_secp256k1'
export type Hash = 'SHA2_256' | 'SHA3_256'

const verifiers = {
  ECDSA_P256: new elliptic.ec('p256'),
  ECDSA_secp256k1: new elliptic.ec('secp256k1'),
}
const opensslNames = { ECDSA_P256: 'prime256v1', ECDSA_secp256k1: 'secp256k1' }
/** All of SubjectPublicKeyInfo before X‖Y, by hand from RFC 5480. */
const spkiPrefixes = {
  ECDSA_P256: '3059301306072a8648ce3d020106082a8648ce3d03010703420004',
  ECDSA_secp256k1: '3056301006072a8648ce3d020106052b8104000a03420004',
}

export const algorithms: readonly Algorithm[] = ['ECDSA_P256', 'ECDSA_secp256k1']
export const hashes: readonly Hash[] = ['SHA2_256', 'SHA3_256']

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))
const scalarOf = (bytes: Uint8Array) => BigInt(`0x${hexOf(bytes)}`)

/** @returns 32 bytes, big-endian. */
export const bytes32 = (scalar: bigint): Uint8Array =>
  bytesOf(scalar.toString(16).padStart(64, '0'))

/** The order of the curve, as `elliptic` has it. */
export const orderOf = (algorithm: Algorithm): bigint =>
  BigInt(`0x${verifiers[algorithm].n?.toString(16)}`)

/** SubjectPublicKeyInfo of any 64 bytes, on the curve or not. */
export const spkiOf = (algorithm: Algorithm, publicKey: Uint8Array): Uint8Array =>
  bytesOf(spkiPrefixes[algorithm] + hexOf(publicKey))

/** The digest that is signed. */
export const digestOf = (message: Uint8Array, hash: Hash): Uint8Array =>
  new Uint8Array(
    createHash(hash === 'SHA2_256' ? 'sha256' : 'sha3-256')
      .update(message)
      .digest(),
  )

/** A key that signs digests as they are, as a vault does and node:crypto cannot. */
export type SoftKey = {
  readonly algorithm: Algorithm
  readonly privateKey: Uint8Array
  /** 64 bytes, X‖Y. */
  readonly publicKey: Uint8Array
  readonly spki: Uint8Array
  /**
   * @param nonce - 32 bytes; random when left out. Given twice it makes the same signature twice.
   * @returns `s` as it falls, high or low.
   */
  readonly sign: (digest: Uint8Array, nonce?: Uint8Array) => SoftSignature
}
export type SoftSignature = { readonly r: bigint; readonly s: bigint; readonly der: Uint8Array }

/** @param privateKey - 32 bytes; random when left out. */
export function softKey(
  algorithm: Algorithm,
  privateKey: Uint8Array = new Uint8Array(randomBytes(32)),
): SoftKey {
  const order = orderOf(algorithm)
  const publicKey = multiplyBase(algorithm, privateKey)
  return {
    algorithm,
    privateKey,
    publicKey,
    spki: spkiOf(algorithm, publicKey),
    sign(digest, nonce = new Uint8Array(randomBytes(32))) {
      const r = scalarOf(multiplyBase(algorithm, nonce).subarray(0, 32)) % order
      const z = scalarOf(digest) + r * scalarOf(privateKey)
      const s = (power(scalarOf(nonce), order - 2n, order) * z) % order
      return { r, s, der: derOf(r, s) }
    },
  }
}

/** The point scalar·G, 64 bytes. */
function multiplyBase(algorithm: Algorithm, scalar: Uint8Array): Uint8Array {
  const ecdh = createECDH(opensslNames[algorithm])
  ecdh.setPrivateKey(scalar)
  return new Uint8Array(ecdh.getPublicKey().subarray(1))
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  for (let square = base % modulus, rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

/** Whether `elliptic` accepts r‖s. */
export function verifyByElliptic(
  key: { readonly publicKey: Uint8Array; readonly algorithm: Algorithm },
  message: Uint8Array,
  hash: Hash,
  raw: Uint8Array,
): boolean {
  const point = verifiers[key.algorithm].keyFromPublic(`04${hexOf(key.publicKey)}`, 'hex')
  const hex = hexOf(raw)
  return point.verify([...digestOf(message, hash)], { r: hex.slice(0, 64), s: hex.slice(64) })
}

/** Strict DER of any two integers, negative ones too, by X.690 8.3. */
export function derOf(r: bigint, s: bigint): Uint8Array {
  const body = [...derInteger(r), ...derInteger(s)]
  return new Uint8Array([0x30, body.length, ...body])
}

function derInteger(value: bigint): readonly number[] {
  let byteLength = 1
  while (BigInt.asIntN(byteLength * 8, value) !== value) byteLength += 1
  const digits = BigInt.asUintN(byteLength * 8, value)
    .toString(16)
    .padStart(byteLength * 2, '0')
  return [0x02, byteLength, ...bytesOf(digits)]
}
