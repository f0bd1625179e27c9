/**
 * Writes the vectors of this folder and prints their SHA-256 for the README: `node make.mjs`.
 * Keys, nonces and messages come from fixed labels, so every run writes the same bytes. Nothing of
 * src takes part. @module
 */
import { createECDH, createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'

/** @typedef {'ECDSA_P256' | 'ECDSA_secp256k1'} Algorithm */
const curves = {
  ECDSA_P256: {
    name: 'prime256v1',
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  ECDSA_secp256k1: {
    name: 'secp256k1',
    order: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  },
}
const digests = { SHA2_256: 'sha256', SHA3_256: 'sha3-256' }

const fixed = (/** @type {string} */ label) => createHash('sha256').update(label).digest()
const big = (/** @type {Buffer} */ bytes) => BigInt(`0x${bytes.toString('hex')}`)
const hex32 = (/** @type {bigint} */ value) => value.toString(16).padStart(64, '0')

/** The point scalar·G as 64 bytes. @param {string} curve @param {Buffer} scalar */
function multiplyBase(curve, scalar) {
  const ecdh = createECDH(curve)
  ecdh.setPrivateKey(scalar)
  return ecdh.getPublicKey().subarray(1)
}

/** @param {bigint} base @param {bigint} exponent @param {bigint} modulus */
function power(base, exponent, modulus) {
  let result = 1n
  for (let square = base % modulus, rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

/** Content octets of a DER INTEGER. @param {bigint} value */
function integerOctets(value) {
  let byteLength = 1
  while (BigInt.asIntN(byteLength * 8, value) !== value) byteLength += 1
  return BigInt.asUintN(byteLength * 8, value)
    .toString(16)
    .padStart(byteLength * 2, '0')
}

const byte = (/** @type {number} */ value) => value.toString(16).padStart(2, '0')
/** @param {string} tag @param {string} content hexadecimal */
const tlv = (tag, content) => `${tag}${byte(content.length / 2)}${content}`
const integer = (/** @type {bigint} */ value) => tlv('02', integerOctets(value))
/** @param {bigint} r @param {bigint} s */
const der = (r, s) => tlv('30', integer(r) + integer(s))

/** @param {Algorithm} algorithm @param {'SHA2_256' | 'SHA3_256'} hash @param {'low' | 'high'} half */
function liveSignature(algorithm, hash, half) {
  const { name, order } = curves[algorithm]
  const key = fixed(`key of ${algorithm}`)
  const message = Buffer.from(`a message for ${algorithm} and ${hash}`)
  const digest = createHash(digests[hash]).update(message).digest()
  const nonce = fixed(`nonce of ${algorithm} ${hash}`)
  const r = big(multiplyBase(name, nonce).subarray(0, 32)) % order
  const z = big(digest) + r * big(key)
  const anyS = (power(big(nonce), order - 2n, order) * z) % order
  const lowS = anyS > order / 2n ? order - anyS : anyS
  return {
    publicKey: multiplyBase(name, key).toString('hex'),
    message: message.toString('hex'),
    r,
    lowS,
    s: half === 'low' ? lowS : order - lowS,
  }
}

const source = 'fcl-kms make.mjs'
const valid = []
const refused = []
const raw = []

for (const algorithm of /** @type {const} */ (['ECDSA_P256', 'ECDSA_secp256k1'])) {
  const { order: n } = curves[algorithm]
  const short = algorithm === 'ECDSA_P256' ? 'p256' : 'k1'
  for (const hashAlgorithm of /** @type {const} */ (['SHA2_256', 'SHA3_256']))
    for (const half of /** @type {const} */ (['low', 'high'])) {
      const { publicKey, message, r, s, lowS } = liveSignature(algorithm, hashAlgorithm, half)
      const row = { source, algorithm, hashAlgorithm, publicKey, der: der(r, s) }
      const answer = hex32(r) + hex32(lowS)
      const id = `${short}-${hashAlgorithm.toLowerCase()}-${half}-s`
      valid.push({ id, class: 'OK_VERIFIES', ...row, message, raw: answer })
      const other = `${message}00`
      valid.push({
        id: `${id}-other-message`,
        class: 'VERIFY_FAILS',
        ...row,
        message: other,
        raw: answer,
      })
    }

  const { publicKey, message, r, s } = liveSignature(algorithm, 'SHA3_256', 'low')
  /** @type {[string, bigint, bigint, bigint][]} id, r, s, s of the answer */
  const wellFormed = [
    ['one-one', 1n, 1n, 1n],
    ['last-r', n - 1n, 1n, 1n],
    ['last-s', 1n, n - 1n, 1n],
    ['half-s', r, n / 2n, n / 2n],
    ['just-over-half-s', r, n / 2n + 1n, n / 2n],
    ['r-of-31-bytes', 0x7fn << 240n, s, s],
    ['r-of-30-bytes', 0x80n << 232n, s, s],
    ['s-of-1-byte', r, 0x80n, 0x80n],
  ]
  for (const [id, anR, anS, answer] of wellFormed)
    valid.push({
      id: `${short}-${id}`,
      class: 'VERIFY_FAILS',
      source,
      algorithm,
      hashAlgorithm: 'SHA3_256',
      publicKey,
      der: der(anR, anS),
      message,
      raw: hex32(anR) + hex32(answer),
    })

  const [R, S] = [integer(r), integer(s)]
  const live = tlv('30', R + S)
  /** @type {[string, string][]} */
  const encodings = [
    ['empty', ''],
    ['one-byte', '30'],
    ['no-content', '3000'],
    ['null', '0500'],
    ['raw-instead', hex32(r) + hex32(s)],
    ['set', tlv('31', R + S)],
    ['primitive-sequence', tlv('10', R + S)],
    ['context-tag', tlv('a0', R + S)],
    ['octet-string-r', tlv('30', `04${R.slice(2)}${S}`)],
    ['enumerated-s', tlv('30', `${R}0a${S.slice(2)}`)],
    ['one-integer', tlv('30', R)],
    ['three-integers', tlv('30', R + S + S)],
    ['null-after-s', tlv('30', `${R}${S}0500`)],
    ['nested', tlv('30', live)],
    ['r-in-a-sequence', tlv('30', tlv('30', R) + S)],
    ['trailing-byte', `${live}00`],
    ['trailing-inside', tlv('30', `${R}${S}00`)],
    ['two-signatures', live + live],
    ['truncated', live.slice(0, -2)],
    ['length-too-long', `30${byte(live.length / 2 - 1)}${live.slice(4)}`],
    ['length-too-short', `30${byte(live.length / 2 - 3)}${live.slice(4)}`],
    ['long-form-length', `3081${live.slice(2)}`],
    ['long-form-of-two', `308200${live.slice(2)}`],
    ['long-form-of-eight', `308800000000000000${live.slice(2)}`],
    ['long-form-r', tlv('30', `0281${R.slice(2)}${S}`)],
    ['indefinite-length', `3080${R}${S}0000`],
    ['reserved-length', `30ff${live.slice(4)}`],
    ['r-without-content', tlv('30', `0200${S}`)],
    ['s-without-content', tlv('30', `${R}0200`)],
    ['both-without-content', tlv('30', '02000200')],
    ['r-padded', tlv('30', tlv('02', `00${integerOctets(r).padStart(66, '0')}`) + S)],
    ['s-padded', tlv('30', R + tlv('02', `0000${hex32(s)}`))],
    ['small-padded', tlv('30', `02020001${S}`)],
    ['zero-padded', tlv('30', `02020000${S}`)],
    ['minus-one-padded', tlv('30', `0202ffff${S}`)],
    ['high-tag-number', tlv('3f10', R + S)],
  ]
  /** @type {[string, bigint, bigint][]} */
  const negatives = [
    ['r-minus-one', -1n, s],
    ['s-minus-one', r, -1n],
    ['r-negated', -r, s],
    ['s-negated', r, -s],
    ['r-minus-order', r - n, s],
    ['s-minus-order', r, s - n],
    ['r-minus-2-256', r - (1n << 256n), s],
    ['minus-128', -128n, s],
  ]
  /** @type {[string, bigint, bigint][]} */
  const ranges = [
    ['r-zero', 0n, s],
    ['s-zero', r, 0n],
    ['both-zero', 0n, 0n],
    ['r-order', n, s],
    ['s-order', r, n],
    ['both-order', n, n],
    ['r-order-plus-one', n + 1n, s],
    ['s-order-plus-one', r, n + 1n],
    ['r-plus-order', r + n, s],
    ['s-plus-order', r, s + n],
    ['r-2-256-minus-one', (1n << 256n) - 1n, s],
    ['s-2-256', r, 1n << 256n],
    ['r-plus-2-256', r + (1n << 256n), s],
    ['r-plus-2-256-of-34-bytes', r + (1n << 264n), s],
    ['r-of-40-bytes', (1n << 312n) + r, s],
  ]
  const refuse = (
    /** @type {string} */ kind,
    /** @type {string} */ id,
    /** @type {string} */ hex,
  ) => refused.push({ id: `${short}-${id}`, class: kind, source, algorithm, der: hex })
  for (const [id, hex] of encodings) refuse('ENCODING', id, hex)
  for (const [id, anR, anS] of negatives) refuse('NEGATIVE', id, der(anR, anS))
  for (const [id, anR, anS] of ranges) refuse('RANGE', id, der(anR, anS))

  const whole = hex32(r) + hex32(s)
  /** @type {[string, string, string | null][]} */
  const raws = [
    ['live', whole, whole],
    ['high-s', hex32(r) + hex32(n - s), whole],
    ['last', hex32(n - 1n) + hex32(n - 1n), hex32(n - 1n) + hex32(1n)],
    ['empty', '', null],
    ['63-bytes', whole.slice(2), null],
    ['65-bytes-in-front', `00${whole}`, null],
    ['65-bytes-behind', `${whole}00`, null],
    ['128-bytes', whole + whole, null],
    ['der', live, null],
    ['r-zero', hex32(0n) + hex32(s), null],
    ['s-zero', hex32(r) + hex32(0n), null],
    ['r-order', hex32(n) + hex32(s), null],
    ['s-order', hex32(r) + hex32(n), null],
    ['r-all-ones', 'ff'.repeat(32) + hex32(s), null],
    ['s-all-ones', hex32(r) + 'ff'.repeat(32), null],
  ]
  for (const [id, given, answer] of raws)
    raw.push({ id: `${short}-${id}`, source, algorithm, given, raw: answer })
}

/** Published digests; Keccak-256 is what Ethereum calls SHA3. */
const hashes = [
  {
    id: 'empty',
    source: 'FIPS 202 and the Ethereum yellow paper',
    message: '',
    sha3: 'a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a',
    keccak: 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
    sha2: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  },
  {
    id: 'abc',
    source: 'NIST SHA3-256 and SHA-256 examples; the Keccak team for Keccak-256',
    message: '616263',
    sha3: '3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532',
    keccak: '4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45',
    sha2: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  },
]

for (const [name, content] of Object.entries({
  'der-signatures': { valid, refused },
  'raw-signatures': raw,
  hashes,
})) {
  const rows = JSON.stringify(content, null, 2)
  const text = `${rows}\n`
  writeFileSync(new URL(`${name}.json`, import.meta.url), text)
  console.log(`${name}.json ${createHash('sha256').update(text).digest('hex')}`)
}
