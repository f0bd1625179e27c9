import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { decode, encode } from 'cborg'
import fc from 'fast-check'
import {
  CERT_SIGN,
  type CertificateFacts,
  DIGITAL_SIGNATURE,
  makeCertificate,
} from '../../../examples/enclave/local/nitro/certificates.ts'
import {
  createNitroChain,
  type DocumentFields,
  fieldsOf,
  type LinkName,
  pcr,
  signDocument,
} from '../../../examples/enclave/local/nitro/documents.ts'
import { bytesToHex as hexOf } from '../../../src/crypto/hex.ts'
import { verifyAttestation } from '../../../src/enclave/index.ts'

const NOW = Date.UTC(2026, 10, 29, 12)
const chain = createNitroChain(NOW)
const root = chain[0]?.certificate ?? new Uint8Array()
const nonce = Uint8Array.of(1, 2, 3, 4)
const fields: DocumentFields = { ...fieldsOf(chain, NOW), nonce }
const expected = { pcrs: { 0: hexOf(pcr(1)), 2: hexOf(pcr(3)) }, nonce, now: NOW, root }
const document = (changes: DocumentFields = {}, of = chain) =>
  signDocument(of, { ...fieldsOf(of, NOW), nonce, ...changes })

const refusal = (code: string, reason?: string | RegExp) =>
  expect.objectContaining({
    code,
    ...(reason === undefined
      ? {}
      : {
          context: { reason: typeof reason === 'string' ? reason : expect.stringMatching(reason) },
        }),
  })

describe('an attestation', () => {
  it('tells what the hardware said', () => {
    const publicKey = Uint8Array.of(9, 9)
    const told = verifyAttestation(document({ public_key: publicKey, user_data: pcr(7) }), expected)
    expect(told).toMatchObject({
      moduleId: 'i-0123456789abcdef0-enc0123456789abcdef',
      timestamp: NOW,
      publicKey,
      userData: pcr(7),
      nonce,
    })
    expect(told.pcrs[1]).toBe('02'.repeat(48))
    expect(Object.isFrozen(told)).toBe(true)
  })

  it('is read with the tag of COSE, and without what is optional', () => {
    const { public_key: _, user_data: __, ...rest } = fields
    expect(
      verifyAttestation(signDocument(chain, rest, { tag: true }), expected),
    ).not.toHaveProperty('publicKey')
  })

  it('takes digits of either case', () => {
    const pcrs = { 0: 'AB'.repeat(48) }
    const made = document({ pcrs: new Map([[0, pcr(0xab)]]) })
    expect(verifyAttestation(made, { ...expected, pcrs }).pcrs).toEqual({ 0: 'ab'.repeat(48) })
  })

  it('is refused with any bit flipped', () => {
    const whole = document()
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(7), (at, bit) => {
        const flipped = whole.with(at, (whole[at] ?? 0) ^ (1 << bit))
        expect(() => verifyAttestation(flipped, expected)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^ATTESTATION_/) }),
        )
      }),
    )
  })

  it('is refused at each shorter length, and with a byte more', () => {
    const whole = document()
    for (let length = 0; length < whole.length; length += 97)
      expect(() => verifyAttestation(whole.subarray(0, length), expected)).toThrow(
        refusal('ATTESTATION_MALFORMED'),
      )
    expect(() => verifyAttestation(Uint8Array.of(...whole, 0), expected)).toThrow(
      refusal('ATTESTATION_MALFORMED', 'it is not CBOR in its strict form'),
    )
  })

  it('may be any bytes, without another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => verifyAttestation(bytes, expected)).toThrow(refusal('ATTESTATION_MALFORMED'))
      }),
    )
  })

  it.each<readonly [string, () => Uint8Array, string]>([
    ['of no bytes', () => 'x' as unknown as Uint8Array, 'it is not bytes'],
    ['that is larger', () => new Uint8Array(12_289), 'it has more than 12288 bytes'],
    ['that is a number', () => encode(7), 'it is not COSE_Sign1'],
    ['of deep lists', () => new Uint8Array(9_000).fill(0x81), 'it is not CBOR in its strict form'],
    [
      'of lists as deep as the parser can',
      () => Uint8Array.of(...new Uint8Array(3_000).fill(0x81), 0),
      'it is not COSE_Sign1',
    ],
    ['of five parts', () => encode([...decodeParts(), 1]), 'it is not COSE_Sign1'],
    [
      'signed by ES256',
      () => signDocument(chain, fields, { header: Uint8Array.of(0xa1, 0x01, 0x26) }),
      'it is not signed by ES384',
    ],
    [
      'with another header inside',
      () =>
        signDocument(chain, fields, {
          header: encode(
            new Map([
              [1, -35],
              [4, 1],
            ]),
          ),
        }),
      'it is not signed by ES384',
    ],
    [
      'with a header outside',
      () => signDocument(chain, fields, { open: new Map([[4, 1]]) }),
      'it has headers that nobody signed',
    ],
    [
      'of QEMU, whose module does not sign',
      () => encode([decodeParts()[0], new Map(), decodeParts()[2], new Uint8Array(64)]),
      'its signature has not 96 bytes',
    ],
    ['with a field more', () => document({ extra: 1 }), 'it has a field that is not known'],
    ['without a module', () => document({ module_id: '' }), 'module_id is not a name'],
    ['of SHA-512', () => document({ digest: 'SHA512' }), 'digest is not SHA384'],
    ['without a time', () => document({ timestamp: '1' }), 'timestamp is not a time'],
    ['of no PCR', () => document({ pcrs: new Map() }), 'pcrs are not 1 to 32'],
    ['of PCR 32', () => document({ pcrs: new Map([[32, pcr(1)]]) }), 'a PCR has no number'],
    [
      'of a short PCR',
      () => document({ pcrs: new Map([[0, new Uint8Array(32)]]) }),
      'a PCR has not 48 bytes',
    ],
    ['of no authority', () => document({ cabundle: [] }), 'cabundle has not 1 to 8 certificates'],
    [
      'of nine authorities',
      () => document({ cabundle: Array.from({ length: 9 }, () => root) }),
      'cabundle has not 1 to 8 certificates',
    ],
    ['of text', () => document({ user_data: 'x' }), 'user_data is not 1 to 1024 bytes'],
    [
      'of a long nonce',
      () => document({ nonce: new Uint8Array(1_025) }),
      'nonce is not 1 to 1024 bytes',
    ],
    [
      'whose certificate is none',
      () => document({ certificate: Uint8Array.of(0x30, 0) }),
      'a certificate cannot be read',
    ],
  ])('%s is malformed', (_, make, reason) => {
    expect(() => verifyAttestation(make(), expected)).toThrow(
      refusal('ATTESTATION_MALFORMED', reason),
    )
  })

  it.each<readonly [string, DocumentFields, (payload: Uint8Array) => Uint8Array]>([
    ['a byte order mark in a text', {}, (bytes) => replaced(bytes, 'fSHA384', 'i\u{feff}SHA384')],
    ['a byte order mark in a key', {}, (bytes) => replaced(bytes, 'enonce', 'h\u{feff}nonce')],
    [
      'a float for a time',
      { timestamp: 0.1 },
      (bytes) => {
        const at = Buffer.from(bytes).indexOf('timestamp') + 'timestamp'.length
        const float = new DataView(bytes.buffer, bytes.byteOffset + at + 1, 8)
        float.setFloat64(0, NOW)
        return bytes
      },
    ],
  ])('with %s is malformed', (_, changes, change) => {
    const made = signDocument(chain, { ...fields, ...changes }, { change })
    expect(() => verifyAttestation(made, expected)).toThrow(
      refusal('ATTESTATION_MALFORMED', 'it is not CBOR in its strict form'),
    )
  })

  it.each(Object.keys(fieldsOf(chain, NOW)).slice(0, 6))('without %s is malformed', (name) => {
    const { [name]: _, ...rest } = fields
    expect(() => verifyAttestation(signDocument(chain, rest), expected)).toThrow(
      refusal('ATTESTATION_MALFORMED', `${name} is missing`),
    )
  })
})

/** One text for another; the letter before each is the byte of CBOR that tells its length. */
const replaced = (bytes: Uint8Array, text: string, other: string): Uint8Array => {
  const whole = Buffer.from(bytes)
  const at = whole.indexOf(text)
  const parts = [whole.subarray(0, at), Buffer.from(other), whole.subarray(at + text.length)]
  return new Uint8Array(Buffer.concat(parts))
}

const decodeParts = () => decode(document(), { useMaps: true }) as unknown[]

describe('the chain of an attestation', () => {
  const changed = (changes: Partial<Record<LinkName, Partial<CertificateFacts>>>) => {
    const other = createNitroChain(NOW, changes)
    return () =>
      verifyAttestation(document({}, other), {
        ...expected,
        root: other[0]?.certificate as Uint8Array,
      })
  }

  it('of another root is refused', () => {
    const other = createNitroChain(NOW)
    expect(() => verifyAttestation(document({}, other), expected)).toThrow(
      refusal('ATTESTATION_UNTRUSTED', 'its root is not the one that was expected'),
    )
  })

  it('of a test is refused where the root of AWS is expected', () => {
    const { root: _, ...ofAws } = expected
    expect(() => verifyAttestation(document(), ofAws)).toThrow(refusal('ATTESTATION_UNTRUSTED'))
  })

  it('is refused when the document is signed by another key than that of the enclave', () => {
    const other = createNitroChain(NOW)
    expect(() => verifyAttestation(signDocument(other, fields), expected)).toThrow(
      refusal('ATTESTATION_UNTRUSTED', 'its signature is of another key'),
    )
  })

  it.each([1, 2, 3])('is refused without its certificate %i', (left) => {
    const cabundle = chain.slice(0, -1).map(({ certificate }) => certificate)
    expect(() =>
      verifyAttestation(document({ cabundle: cabundle.toSpliced(left, 1) }), expected),
    ).toThrow(refusal('ATTESTATION_UNTRUSTED', /is not of the one above it$/))
  })

  it('is refused with a certificate of the same name by another key', () => {
    const forged = makeCertificate({
      name: 'instance',
      from: NOW - 1_000,
      to: NOW + 1_000_000,
      isAuthority: true,
      pathLength: 0,
      usage: CERT_SIGN,
      issuer: {
        ...(chain[2] as (typeof chain)[0]),
        privateKey: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
      },
    })
    const cabundle = [
      ...chain.slice(0, 3).map(({ certificate }) => certificate),
      forged.certificate,
    ]
    expect(() => verifyAttestation(document({ cabundle }), expected)).toThrow(
      refusal('ATTESTATION_UNTRUSTED', 'certificate 3 is not of the one above it'),
    )
  })

  it.each<readonly [string, Partial<Record<LinkName, Partial<CertificateFacts>>>, RegExp]>([
    [
      'an authority that is none',
      { zone: { isAuthority: false, pathLength: undefined } },
      /certificate 2 may not sign/,
    ],
    [
      'one that may not sign certificates',
      { zone: { usage: DIGITAL_SIGNATURE } },
      /certificate 2 may/,
    ],
    ['a path that is too short', { region: { pathLength: 1 } }, /certificate 1 may not sign/],
    [
      'an enclave that is an authority',
      { enclave: { isAuthority: true } },
      /may not sign documents/,
    ],
    ['an enclave that may not sign', { enclave: { usage: 0x08 } }, /may not sign documents/],
    ['a key on P-256', { zone: { curve: 'P-256' } }, /is not on P-384/],
  ])('with %s is refused', (_, changes, reason) => {
    expect(changed(changes)).toThrow(refusal('ATTESTATION_UNTRUSTED', reason))
  })

  it.each<readonly [string, Partial<CertificateFacts>, string]>([
    ['without key usage', { usage: undefined }, 'a certificate does not tell its use'],
    [
      'with a critical extension of somebody',
      { critical: '1.2.3.4' },
      'a certificate has a critical extension that is not understood',
    ],
    ['with an extension twice', { repeated: true }, 'a certificate has an extension twice'],
  ])('%s is malformed', (_, change, reason) => {
    expect(changed({ instance: change })).toThrow(refusal('ATTESTATION_MALFORMED', reason))
  })

  it.each<LinkName>(['root', 'region', 'zone', 'instance', 'enclave'])(
    'is stale when the certificate of the %s is over, or has not begun',
    (name) => {
      const over = { from: NOW - 9_000_000, to: NOW - 1_000 }
      const early = { from: NOW + 1_000, to: NOW + 9_000_000 }
      for (const times of [over, early])
        expect(changed({ [name]: times })).toThrow(refusal('ATTESTATION_STALE', /is valid from/))
    },
  )
})

describe('an expectation', () => {
  it.each<readonly [string, object, string]>([
    ['another image', { pcrs: { 0: hexOf(pcr(2)) } }, 'PCR0 is another'],
    ['a PCR that is not told', { pcrs: { 16: hexOf(pcr(2)) } }, 'PCR16 is another'],
    ['another nonce', { nonce: Uint8Array.of(1, 2, 3) }, 'it was not made for this nonce'],
  ])('of %s is not met', (_, change, reason) => {
    expect(() => verifyAttestation(document(), { ...expected, ...change })).toThrow(
      refusal('ATTESTATION_MISMATCH', reason),
    )
  })

  it('of a nonce is not met by a document without one', () => {
    expect(() => verifyAttestation(document({ nonce: null }), expected)).toThrow(
      refusal('ATTESTATION_MISMATCH', 'it was not made for this nonce'),
    )
  })

  it('may leave the nonce to whoever keeps documents', () => {
    const told = verifyAttestation(document(), { ...expected, nonce: 'unchecked' })
    expect(told.nonce).toEqual(nonce)
  })

  it('is not met by an enclave in debug mode, whose PCRs are zeros', () => {
    const zeros = new Map([0, 1, 2].map((index) => [index, pcr(0)]))
    expect(() => verifyAttestation(document({ pcrs: zeros }), expected)).toThrow(
      refusal('ATTESTATION_MISMATCH', 'it runs in debug mode'),
    )
  })

  it.each([
    ['made five minutes and a second ago', 301_000, 'it was made 301 s ago'],
    ['made more than a minute ahead', -61_000, 'it was made 61 s ahead'],
  ])('of a fresh document is not met by one %s', (_, age, reason) => {
    expect(() => verifyAttestation(document({ timestamp: NOW - age }), expected)).toThrow(
      refusal('ATTESTATION_STALE', reason),
    )
  })

  it.each<readonly [string, object]>([
    ['pcrs', { pcrs: {} }],
    ['pcrs', { pcrs: undefined }],
    ['pcrs.0', { pcrs: { 0: '00'.repeat(48) } }],
    ['pcrs.0', { pcrs: { 0: 'ab'.repeat(32) } }],
    ['pcrs.32', { pcrs: { 32: 'ab'.repeat(48) } }],
    ['pcrs.PCR0', { pcrs: { PCR0: 'ab'.repeat(48) } }],
    ['nonce', { nonce: undefined }],
    ['nonce', { nonce: new Uint8Array() }],
    ['nonce', { nonce: 'abc' }],
    ['now', { now: Number.NaN }],
    ['maxAgeMs', { maxAgeMs: 0 }],
    ['nonce', { nonce: new Uint8Array(1_025) }],
    ['root', { root: new Uint8Array() }],
    ['root', { root: Uint8Array.of(...root, 0) }],
    ['root', { root: new TextEncoder().encode(new X509Certificate(root).toString()) }],
    ['roots', { roots: [] }],
  ])('with a wrong %s is refused', (option, change) => {
    expect(() => verifyAttestation(document(), { ...expected, ...change })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: { option, reason: expect.anything() },
      }),
    )
  })
})

const vectors = new URL('../../../../shared/vectors/nitro/', import.meta.url)
const isThere = existsSync(vectors)
if (!isThere)
  process.stderr.write('SKIPPED documents of Nitro hardware: there is no ../shared/vectors/nitro\n')

;(isThere ? describe : describe.skip).each([
  ['attestation-0', 1_663_263_808_848, 'ea4212ee889ba1b4'],
  ['attestation-1', 1_664_379_207_680, '0637ca1a138452c7'],
])('the document %s of real hardware', (name, made, pcr0) => {
  const read = () =>
    new Uint8Array(Buffer.from(readFileSync(new URL(`${name}.b64`, vectors), 'utf8'), 'base64'))
  // Of a public test: PCR1 is the kernel that both have.
  const pcrs = {
    1: 'bcdf05fefccaa8e55bf2c8d6dee9e79bbff31e34bf28a99aa19e6b29c37ee80b214a414b7607236edf26fcb78654e63f',
  }

  it('is valid at its own time', () => {
    const told = verifyAttestation(read(), { pcrs, nonce: 'unchecked', now: made })
    expect(told.pcrs[0]).toMatch(new RegExp(`^${pcr0}`))
    expect(told.timestamp).toBe(made)
  })

  it('is refused now', () => {
    expect(() => verifyAttestation(read(), { pcrs, nonce: 'unchecked' })).toThrow(
      refusal('ATTESTATION_STALE'),
    )
  })
})
