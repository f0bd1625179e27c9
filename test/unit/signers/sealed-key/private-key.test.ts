import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import {
  generateScalar,
  publicKeyOf,
  scalarOfPkcs8,
  signByScalar,
} from '../../../../src/signers/sealed-key/private-key.ts'
import {
  algorithms,
  bytes32,
  hashes,
  hexOf,
  orderOf,
  softKey,
  verifyByElliptic,
} from '../../crypto/independent.ts'

const openssl = { ECDSA_P256: 'prime256v1', ECDSA_secp256k1: 'secp256k1' }
const message = new TextEncoder().encode('a message')

/** A SEQUENCE or another tag, by hand. */
const tlv = (tag: number, ...content: Uint8Array[]): Uint8Array => {
  const body = Buffer.concat(content)
  const length = body.length < 128 ? [body.length] : [0x81, body.length]
  return new Uint8Array(Buffer.concat([Buffer.of(tag, ...length), body]))
}
const oids = {
  ECDSA_P256: Buffer.from('06082a8648ce3d030107', 'hex'),
  ECDSA_secp256k1: Buffer.from('06052b8104000a', 'hex'),
}

describe.each(algorithms)('a private key of %s', (algorithm) => {
  const { privateKey: scalar, publicKey } = softKey(algorithm)
  const order = orderOf(algorithm)

  it('has the public key that others compute', () => {
    for (const { privateKey, publicKey: expected } of [softKey(algorithm), softKey(algorithm)])
      expect(hexOf(publicKeyOf(privateKey, algorithm) ?? new Uint8Array())).toBe(hexOf(expected))
  })

  it('is one of 1 to n - 1', () => {
    expect(publicKeyOf(bytes32(1n), algorithm)).toHaveLength(64)
    expect(publicKeyOf(bytes32(order - 1n), algorithm)).toHaveLength(64)
    for (const wrong of [
      bytes32(0n),
      bytes32(order),
      bytes32(order + 1n),
      bytes32(2n ** 256n - 1n),
    ])
      expect(publicKeyOf(wrong, algorithm)).toBeUndefined()
    for (const length of [0, 31, 33])
      expect(publicKeyOf(new Uint8Array(length).fill(1), algorithm)).toBeUndefined()
  })

  it('is made anew each time', () => {
    const made = [1, 2, 3].map(() => generateScalar(algorithm))
    expect(new Set(made.map((pair) => hexOf(pair.scalar))).size).toBe(3)
    for (const pair of made)
      expect(hexOf(publicKeyOf(pair.scalar, algorithm) ?? new Uint8Array())).toBe(
        hexOf(pair.publicKey),
      )
  })

  it.each(hashes)('signs with %s what others verify', (hash) => {
    const signature = signByScalar({ scalar, publicKey }, algorithm, message, hash)
    expect(signature).toHaveLength(64)
    expect(verifyByElliptic({ publicKey, algorithm }, message, hash, signature)).toBe(true)
    const other = message.map((byte, at) => (at === 0 ? byte ^ 1 : byte))
    expect(verifyByElliptic({ publicKey, algorithm }, other, hash, signature)).toBe(false)
  })

  it('leaves the scalar as it was', () => {
    const given = scalar.slice()
    signByScalar({ scalar: given, publicKey }, algorithm, message, 'SHA3_256')
    expect(hexOf(given)).toBe(hexOf(scalar))
  })

  const inner = (withCurve: boolean, withPublicKey: boolean, d = scalar) =>
    tlv(
      0x30,
      Buffer.of(2, 1, 1),
      tlv(4, d),
      ...(withCurve ? [tlv(0xa0, oids[algorithm])] : []),
      ...(withPublicKey ? [tlv(0xa1, tlv(3, Buffer.of(0, 4), publicKey))] : []),
    )
  const pkcs8 = (key: Uint8Array, oid = oids[algorithm], version = 0) =>
    tlv(
      0x30,
      Buffer.of(2, 1, version),
      tlv(0x30, Buffer.from('06072a8648ce3d0201', 'hex'), oid),
      tlv(4, key),
    )
  const found = (bytes: Uint8Array) => {
    const taken = scalarOfPkcs8(bytes, algorithm, publicKey)
    return taken === undefined ? undefined : hexOf(taken)
  }

  it.each([
    [false, true],
    [true, true],
    [false, false],
    [true, false],
  ])('is read from PKCS#8 with curve %s and public key %s', (withCurve, withPublicKey) => {
    const bytes = pkcs8(inner(withCurve, withPublicKey))
    const known = createPrivateKey({ key: Buffer.from(bytes), format: 'der', type: 'pkcs8' })
    expect(hexOf(createPublicKey(known).export({ format: 'der', type: 'spki' })).slice(-128)).toBe(
      hexOf(publicKey),
    )
    expect(found(bytes)).toBe(hexOf(scalar))
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))
      expect(found(flipped)).toBeUndefined()
      expect(found(bytes.subarray(0, at))).toBeUndefined()
    }
    expect(found(new Uint8Array([...bytes, 0]))).toBeUndefined()
  })

  it('is read from what OpenSSL exports', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: openssl[algorithm] })
    const key = new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-64))
    const bytes = new Uint8Array(pair.privateKey.export({ format: 'der', type: 'pkcs8' }))
    expect(scalarOfPkcs8(bytes, algorithm, key)).toHaveLength(32)
    expect(scalarOfPkcs8(bytes, algorithm, publicKey)).toBeUndefined()
  })

  it('is not read from PKCS#8 of another key, curve or version', () => {
    const [otherCurve] = algorithms.filter((name) => name !== algorithm)
    expect(found(pkcs8(inner(true, true, softKey(algorithm).privateKey)))).toBeUndefined()
    expect(found(pkcs8(inner(false, true), oids[otherCurve ?? algorithm]))).toBeUndefined()
    expect(found(pkcs8(inner(false, true), oids[algorithm], 1))).toBeUndefined()
    expect(found(new Uint8Array())).toBeUndefined()
  })
})
