import { generateKeyPairSync } from 'node:crypto'
import { spkiToPublicKey } from '../../../src/crypto/spki.ts'
import { algorithms, bytesOf, hexOf, softKey, spkiOf } from './independent.ts'
import { seed, seededBytes } from './seed.ts'

const refusal = expect.objectContaining({ code: 'MALFORMED_PUBLIC_KEY', disposition: 'refuse' })
const opensslNames = { ECDSA_P256: 'prime256v1', ECDSA_secp256k1: 'secp256k1' }

/** DER by hand. Hexadecimal. */
const tlv = (tag: string, ...content: readonly string[]) => {
  const body = content.join('')
  return `${tag}${(body.length / 2).toString(16).padStart(2, '0')}${body}`
}
const EC = '06072a8648ce3d0201'
const P256 = '06082a8648ce3d030107'
const K1 = '06052b8104000a'
const key = softKey('ECDSA_P256', seededBytes('spki'))
const X = hexOf(key.publicKey.subarray(0, 32))
const Y = hexOf(key.publicKey.subarray(32))
const bits = (point: string, unused = '00') => tlv('03', unused, point)
const live = hexOf(key.spki)

function nodeKey(type: string, options: object): string {
  // One call for many types: the overloads of generateKeyPairSync know each by its literal.
  const generate = generateKeyPairSync as unknown as (
    type: string,
    options: object,
  ) => { readonly publicKey: Uint8Array }
  const { publicKey } = generate(type, {
    ...options,
    publicKeyEncoding: { format: 'der', type: 'spki' },
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
  })
  return hexOf(publicKey)
}

const refused: readonly (readonly [string, string])[] = [
  ['P-384', nodeKey('ec', { namedCurve: 'secp384r1' })],
  ['P-521', nodeKey('ec', { namedCurve: 'secp521r1' })],
  ['P-224', nodeKey('ec', { namedCurve: 'secp224r1' })],
  ['brainpoolP256r1, of the same size', nodeKey('ec', { namedCurve: 'brainpoolP256r1' })],
  ['Ed25519', nodeKey('ed25519', {})],
  ['X25519', nodeKey('x25519', {})],
  ['RSA', nodeKey('rsa', { modulusLength: 2048 })],
  ['RSA of 512 bits, a short one', nodeKey('rsa', { modulusLength: 512 })],
  ['explicit parameters', nodeKey('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' })],
  ['a compressed point (02)', tlv('30', tlv('30', EC, P256), bits(`02${X}`))],
  ['a compressed point (03)', tlv('30', tlv('30', EC, P256), bits(`03${X}`))],
  ['a hybrid point (06)', tlv('30', tlv('30', EC, P256), bits(`06${X}${Y}`))],
  ['a point without its 04', tlv('30', tlv('30', EC, P256), bits(`${X}${Y}`))],
  ['the point at infinity', tlv('30', tlv('30', EC, P256), bits('00'))],
  ['the point (0, 0)', tlv('30', tlv('30', EC, P256), bits(`04${'00'.repeat(64)}`))],
  ['a point with X and Y exchanged', tlv('30', tlv('30', EC, P256), bits(`04${Y}${X}`))],
  ['a point of the other curve', tlv('30', tlv('30', EC, K1), bits(`04${X}${Y}`))],
  ['a point of 63 bytes', tlv('30', tlv('30', EC, P256), bits(`04${X}${Y.slice(2)}`))],
  ['a point of 65 bytes', tlv('30', tlv('30', EC, P256), bits(`04${X}${Y}00`))],
  ['X not below p', tlv('30', tlv('30', EC, P256), bits(`04${'ff'.repeat(32)}${Y}`))],
  ['no point', tlv('30', tlv('30', EC, P256), bits(''))],
  ['unused bits', tlv('30', tlv('30', EC, P256), bits(`04${X}${Y}`, '01'))],
  ['no curve', tlv('30', tlv('30', EC), bits(`04${X}${Y}`))],
  ['NULL as the curve', tlv('30', tlv('30', EC, '0500'), bits(`04${X}${Y}`))],
  [
    'the algorithm of RSA',
    tlv('30', tlv('30', '06092a864886f70d010101', P256), bits(`04${X}${Y}`)),
  ],
  ['the algorithm of ECDH', tlv('30', tlv('30', '06052b8104010c', P256), bits(`04${X}${Y}`))],
  ['algorithm and curve exchanged', tlv('30', tlv('30', P256, EC), bits(`04${X}${Y}`))],
  ['a third parameter', tlv('30', tlv('30', EC, P256, '0500'), bits(`04${X}${Y}`))],
  ['a third field', tlv('30', tlv('30', EC, P256), bits(`04${X}${Y}`), '0500')],
  ['an OCTET STRING as the key', tlv('30', tlv('30', EC, P256), tlv('04', `0004${X}${Y}`))],
  ['a SET', tlv('31', tlv('30', EC, P256), bits(`04${X}${Y}`))],
  ['a trailing byte', `${live}00`],
  ['a trailing byte inside', tlv('30', live.slice(4), '00')],
  ['a key behind a key', live + live],
  ['a byte in front', `00${live}`],
  ['the last byte missing', live.slice(0, -2)],
  ['a long-form length', `3081${live.slice(2)}`],
  ['a long-form length inside', tlv('30', `3081${tlv('30', EC, P256).slice(2)}`, live.slice(50))],
  ['an indefinite length', `3080${live.slice(4)}0000`],
  ['a constructed bit string', tlv('30', tlv('30', EC, P256), tlv('23', bits(`04${X}${Y}`)))],
  ['nothing', ''],
  ['one byte', '30'],
  ['an empty sequence', '3000'],
  ['64 raw bytes', X + Y],
  ['65 raw bytes', `04${X}${Y}`],
  ['10 kB of zeros', '00'.repeat(10_000)],
  ['10 kB of 30', '30'.repeat(10_000)],
  ['a PEM text', Buffer.from('-----BEGIN PUBLIC KEY-----').toString('hex')],
]

/** Private keys found by a search of up to 43,000 tries: an 04 removed twice would be 62 bytes. */
const rareKeys = [
  ['ECDSA_P256', '0404', '884722424584ac26671561cd27e888d1a1e9b4528fac54c93e7422c1000010b4'],
  ['ECDSA_P256', '0000', '8704f79e9f73feac284fdb2d20b97ca3f21f4990a05843ab459757390000024d'],
  ['ECDSA_secp256k1', '0404', 'fb4bb7fef981fbff07c8d08329529bf42ae5cee981e8fbbb63fef9580000a7a3'],
  ['ECDSA_secp256k1', '0000', '2fd12e985b4fd62713539764734de45b52da867ddf1b503a465ede360000300f'],
] as const

const perCurve = Number(process.env['FCL_KMS_KEYS'] ?? 1_000)

describe('spkiToPublicKey', () => {
  it.each(refused)('refuses %s', (_, hex) => {
    expect(() => spkiToPublicKey(bytesOf(hex))).toThrow(refusal)
  })

  it('reads the live key that the refused ones are made of', () => {
    expect(spkiToPublicKey(bytesOf(tlv('30', tlv('30', EC, P256), bits(`04${X}${Y}`))))).toEqual({
      bytes: key.publicKey,
      algorithm: 'ECDSA_P256',
    })
  })

  it.each(algorithms)(
    `reads ${perCurve} keys of %s that OpenSSL made to 64 bytes (FCL_KMS_KEYS)`,
    (algorithm) => {
      for (let count = 0; count < perCurve; count++) {
        const { publicKey } = generateKeyPairSync('ec', { namedCurve: opensslNames[algorithm] })
        const spki = publicKey.export({ format: 'der', type: 'spki' })
        const read = spkiToPublicKey(spki)
        if (hexOf(read.bytes) !== hexOf(spki.subarray(-64)) || read.algorithm !== algorithm)
          throw new Error(`${spki.toString('hex')} was read as ${hexOf(read.bytes)}`)
      }
    },
  )

  it.each(
    algorithms.flatMap((algorithm) => ['00', '04'].map((prefix) => [algorithm, prefix] as const)),
  )(`reads a key of %s whose X starts with %s (E1; FCL_KMS_SEED=${seed})`, (algorithm, prefix) => {
    const found = keyWithPrefix(algorithm, prefix)
    expect(hexOf(spkiToPublicKey(found.spki).bytes)).toBe(hexOf(found.publicKey))
  })

  it.each(rareKeys)('reads a key of %s whose X starts with %s', (algorithm, prefix, scalar) => {
    const { spki, publicKey } = softKey(algorithm, bytesOf(scalar))
    expect(hexOf(publicKey).slice(0, 4)).toBe(prefix)
    expect(hexOf(spkiToPublicKey(spki).bytes)).toBe(hexOf(publicKey))
  })

  it.each(algorithms)(
    'refuses, or reads as what it is, every byte changed in a key of %s',
    (name) => {
      const { spki, publicKey } = softKey(name, seededBytes(`spki of ${name}`))
      const faults: string[] = []
      for (let at = 0; at < spki.length; at++)
        for (let mask = 1; mask < 256; mask = mask * 2 + (at % 2)) {
          const mutant = spki.map((byte, index) => (index === at ? byte ^ mask : byte))
          const fault = faultOf(mutant, publicKey)
          if (fault !== undefined) faults.push(`${at}: ${fault}`)
        }
      expect(faults).toEqual([])
    },
  )

  it('gives a new array, and leaves its input as it was', () => {
    const given = key.spki.slice()
    spkiToPublicKey(given).bytes.fill(0)
    expect(hexOf(given)).toBe(live)
  })

  it('reads a Buffer and a window into a larger array', () => {
    const larger = Buffer.concat([Buffer.alloc(5, 9), key.spki, Buffer.alloc(5, 9)])
    const window = larger.subarray(5, 5 + key.spki.length)
    expect(hexOf(spkiToPublicKey(window).bytes)).toBe(X + Y)
  })
})

/** What a changed key is read as must be another key, and the one that its bytes spell. */
function faultOf(mutant: Uint8Array, original: Uint8Array): string | undefined {
  try {
    const { bytes, algorithm } = spkiToPublicKey(mutant)
    if (hexOf(spkiOf(algorithm, bytes)) !== hexOf(mutant)) return 'not what it encodes'
    return hexOf(bytes) === hexOf(original) ? 'read as the original' : undefined
  } catch (error) {
    return refusal.asymmetricMatch(error) ? undefined : `threw ${String(error)}`
  }
}

/** A search from the seed: 256 tries in the mean. */
function keyWithPrefix(algorithm: (typeof algorithms)[number], prefix: string) {
  for (let count = 0; ; count++) {
    const found = softKey(algorithm, seededBytes(`search ${algorithm} ${prefix} ${count}`))
    if (hexOf(found.publicKey).startsWith(prefix)) return found
  }
}
