import fc from 'fast-check'
import { derToRaw } from '../../../src/crypto/der.ts'
import { normalizeRaw } from '../../../src/crypto/raw-signature.ts'
import { importPublicKey, verifySignature } from '../../../src/crypto/verify.ts'
import { isSignerError } from '../../../src/errors.ts'
import {
  algorithms,
  bytes32,
  bytesOf,
  derOf,
  digestOf,
  hexOf,
  orderOf,
  softKey,
  verifyByElliptic,
} from './independent.ts'
import { seed, seededBytes } from './seed.ts'
import { derVectors, rawVectors } from './vectors.ts'

const refusal = expect.objectContaining({ code: 'MALFORMED_SIGNATURE', disposition: 'refuse' })

describe('derToRaw', () => {
  it.each(derVectors.valid)('reads $id', ({ der, algorithm, raw }) => {
    expect(hexOf(derToRaw(bytesOf(der), algorithm))).toBe(raw)
  })

  it.each(derVectors.valid)('$id is $class for elliptic and OpenSSL', (row) => {
    const { algorithm, hashAlgorithm, publicKey, message } = row
    const raw = derToRaw(bytesOf(row.der), algorithm)
    const key = { publicKey: bytesOf(publicKey), algorithm }
    const verifies = row.class === 'OK_VERIFIES'
    expect(verifyByElliptic(key, bytesOf(message), hashAlgorithm, raw)).toBe(verifies)
    const imported = importPublicKey(key.publicKey, algorithm)
    expect(verifySignature(imported, bytesOf(message), hashAlgorithm, raw)).toBe(verifies)
  })

  it.each(derVectors.refused)('refuses $id ($class)', ({ der, algorithm }) => {
    expect(() => derToRaw(bytesOf(der), algorithm)).toThrow(refusal)
  })

  it('covers every class with its vectors', () => {
    const rows = [...derVectors.valid, ...derVectors.refused]
    const classes = new Set(rows.map((row) => `${row.algorithm} ${row.class}`))
    expect(classes.size).toBe(10)
  })

  it('gives a new array, and leaves its input as it was', () => {
    const given = softKey('ECDSA_P256').sign(digestOf(new Uint8Array(), 'SHA3_256')).der
    const before = hexOf(given)
    const raw = derToRaw(given, 'ECDSA_P256')
    expect(raw.buffer.byteLength).toBe(64)
    raw.fill(0)
    expect(hexOf(given)).toBe(before)
  })

  it('reads a Buffer and a window into a larger array', () => {
    const { der, r, s } = softKey('ECDSA_secp256k1').sign(seededBytes('window'))
    const low = s > orderOf('ECDSA_secp256k1') / 2n ? orderOf('ECDSA_secp256k1') - s : s
    const expected = hexOf(bytes32(r)) + hexOf(bytes32(low))
    const larger = Buffer.concat([Buffer.alloc(9, 1), der, Buffer.alloc(9, 2)])
    expect(hexOf(derToRaw(Buffer.from(der), 'ECDSA_secp256k1'))).toBe(expected)
    const window = larger.subarray(9, 9 + der.length)
    expect(hexOf(derToRaw(window, 'ECDSA_secp256k1'))).toBe(expected)
  })

  it.each(algorithms)('reads 1,000 live signatures of %s as elliptic made them', (algorithm) => {
    const order = orderOf(algorithm)
    const key = softKey(algorithm)
    for (let round = 0; round < 1_000; round++) {
      const { r, s, der } = key.sign(seededBytes(`digest ${round}`))
      const low = s > order / 2n ? order - s : s
      const expected = hexOf(bytes32(r)) + hexOf(bytes32(low))
      if (hexOf(derToRaw(der, algorithm)) !== expected) throw new Error(hexOf(der))
    }
  })

  it.each(algorithms)('reads scalars of 1 to 32 bytes of %s (any length, E18)', (algorithm) => {
    const order = orderOf(algorithm)
    const scalar = fc
      .bigInt({ min: 1n, max: (1n << 256n) - 1n })
      .chain((value) => fc.nat(255).map((shift) => value >> BigInt(shift)))
      .filter((value) => value > 0n && value < order)
    fc.assert(
      fc.property(scalar, scalar, (r, s) => {
        const low = s > order / 2n ? order - s : s
        expect(hexOf(derToRaw(derOf(r, s), algorithm))).toBe(
          hexOf(bytes32(r)) + hexOf(bytes32(low)),
        )
      }),
      { seed, numRuns: 1_000 },
    )
  })

  it('answers any bytes with 64 bytes or MALFORMED_SIGNATURE', () => {
    const shaped = fc
      .tuple(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }))
      .map(([r, s]) => [0x02, r.length, ...r, 0x02, s.length, ...s])
      .map((body) => new Uint8Array([0x30, body.length, ...body]))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), shaped), (bytes) => {
        const { raw, error } = attempt(() => derToRaw(bytes, 'ECDSA_secp256k1'))
        if (error === undefined) expect(raw).toHaveLength(64)
        else expect(error).toEqual(refusal)
      }),
      { seed, numRuns: 3_000 },
    )
  })

  it.each([
    ['10 MB of zeros', new Uint8Array(10_000_000)],
    ['10 MB of nested sequences', new Uint8Array(10_000_000).fill(0x30)],
    ['indefinite lengths, nested', bytesOf('3080'.repeat(30))],
  ])('refuses %s in no time', (_, bytes) => {
    const started = performance.now()
    expect(() => derToRaw(bytes, 'ECDSA_P256')).toThrow(refusal)
    expect(performance.now() - started).toBeLessThan(200)
  })

  it('shows the length, and nothing of the bytes', () => {
    const bytes = bytesOf('3006abcdef012345')
    const { error } = attempt(() => derToRaw(bytes, 'ECDSA_P256'))
    expect(error).toMatchObject({ context: { byteLength: 8 } })
    expect(String(error)).not.toMatch(/abcdef/)
  })
})

const perCurve = Number(process.env['FCL_KMS_MUTANTS'] ?? 1)

describe(`mutants of ${perCurve} live signatures per curve (FCL_KMS_MUTANTS; FCL_KMS_SEED=${seed})`, () => {
  // Nobody reads the stacks of the 37,000 errors that each signature makes.
  const { stackTraceLimit } = Error
  beforeAll(() => {
    Error.stackTraceLimit = 0
  })
  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit
  })

  it.each(algorithms)('of %s are refused, or read as what they encode', (algorithm) => {
    let count = 0
    for (let round = 0; round < perCurve; round++) {
      const key = softKey(algorithm, seededBytes(`key ${round}`))
      const { der } = key.sign(seededBytes(`digest ${round}`), seededBytes(`nonce ${round}`))
      for (const mutant of mutantsOf(der)) {
        count += 1
        const fault = faultOf(mutant, algorithm)
        if (fault !== undefined) throw new Error(`${fault}: ${hexOf(mutant)}`)
      }
    }
    expect(count).toBeGreaterThan(perCurve * 36_000)
  })
})

/** Every byte changed to every other value, every value inserted everywhere, every truncation. */
function* mutantsOf(der: Uint8Array): Generator<Uint8Array> {
  const { length } = der
  for (let at = 0; at <= length; at++) {
    const inserted = new Uint8Array(length + 1)
    inserted.set(der.subarray(0, at))
    inserted.set(der.subarray(at), at + 1)
    for (let value = 0; value < 256; value++) {
      inserted[at] = value
      yield inserted
    }
    if (at === length) return
    yield der.slice(0, at)
    yield new Uint8Array(Buffer.concat([der.subarray(0, at), der.subarray(at + 1)]))
    const changed = der.slice()
    for (let value = 0; value < 256; value++) {
      changed[at] = value
      if (value !== der[at]) yield changed
    }
  }
}

/** What is accepted must be the one encoding of the scalars in range that it is read as. */
function faultOf(mutant: Uint8Array, algorithm: (typeof algorithms)[number]): string | undefined {
  const { raw, error } = attempt(() => derToRaw(mutant, algorithm))
  if (raw === undefined)
    return isSignerError(error, 'MALFORMED_SIGNATURE') ? undefined : `threw ${String(error)}`
  const order = orderOf(algorithm)
  const [r, s] = [BigInt(`0x${hexOf(raw).slice(0, 64)}`), BigInt(`0x${hexOf(raw).slice(64)}`)]
  const same = [s, order - s].some((either) => hexOf(derOf(r, either)) === hexOf(mutant))
  const inRange = r > 0n && r < order && s > 0n && s <= order / 2n
  return same && inRange ? undefined : 'accepted'
}

function attempt(run: () => Uint8Array): { raw?: Uint8Array; error?: unknown } {
  try {
    return { raw: run() }
  } catch (error) {
    return { error }
  }
}

describe('normalizeRaw', () => {
  it.each(rawVectors)('$id', ({ algorithm, given, raw }) => {
    if (raw === null) expect(() => normalizeRaw(bytesOf(given), algorithm)).toThrow(refusal)
    else expect(hexOf(normalizeRaw(bytesOf(given), algorithm))).toBe(raw)
  })

  it('gives a new array even when nothing changes', () => {
    const [live] = rawVectors
    const given = bytesOf(live?.given ?? '')
    const raw = normalizeRaw(given, 'ECDSA_P256')
    raw.fill(0)
    expect(hexOf(given)).toBe(live?.given)
  })
})
