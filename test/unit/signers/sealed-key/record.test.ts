import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { openScalar, sealScalar } from '../../../../src/signers/sealed-key/envelope.ts'
import { readRecord } from '../../../../src/signers/sealed-key/opening.ts'
import { encodeHeader, parseRecord } from '../../../../src/signers/sealed-key/record.ts'
import { bytesOf, hexOf } from '../../crypto/independent.ts'

type Vector = {
  readonly form: 'data-key' | 'key-pair'
  readonly id: string
  readonly algorithm: 'ECDSA_P256' | 'ECDSA_secp256k1'
  readonly keyArn: string
} & Readonly<Record<'publicKey' | 'wrapped' | 'scalar' | 'header' | 'record', string>> &
  Readonly<Partial<Record<'dataKey' | 'iv', string>>>
const vectors: readonly Vector[] = JSON.parse(
  readFileSync(new URL('../../../vectors/sealed-key/records.json', import.meta.url), 'utf8'),
)
const [first] = vectors
const record = bytesOf(first?.record ?? '')
const changed = (at: number, value: number) => {
  const bytes = record.slice()
  bytes[at] = value
  return bytes
}
/** Whole but for how much is wrapped. */
const wrapping = (byteLength: number) => {
  const { form = 'data-key', id = '', algorithm = 'ECDSA_P256', keyArn = '' } = first ?? {}
  const [publicKey, wrapped] = [new Uint8Array(64), new Uint8Array(byteLength)]
  const header = encodeHeader({ form, id, algorithm, publicKey, keyArn, wrapped })
  return new Uint8Array([...header, ...new Uint8Array(92)])
}
/** Where each part of the first vector begins, as docs/sealed-keys.md has it. */
const at = { version: 4, form: 5, curve: 6, idLength: 7, id: 8, publicKey: 16, arnLength: 80 }

describe('a record', () => {
  it.each(vectors)('is the vector of $id, byte for byte', (vector) => {
    const { form, id, algorithm, keyArn } = vector
    const [publicKey, wrapped] = [bytesOf(vector.publicKey), bytesOf(vector.wrapped)]
    const header = encodeHeader({ form, id, algorithm, publicKey, keyArn, wrapped })
    expect(hexOf(header)).toBe(vector.header)
    const parsed = parseRecord(bytesOf(vector.record))
    expect(parsed).toMatchObject({ form, id, algorithm, keyArn })
    expect(hexOf(parsed?.publicKey ?? new Uint8Array())).toBe(vector.publicKey)
    expect(hexOf(parsed?.wrapped ?? new Uint8Array())).toBe(vector.wrapped)
    expect(readRecord(id, bytesOf(vector.record), [keyArn]).id).toBe(id)
  })

  it.each(vectors.filter(({ form }) => form === 'data-key'))('seals and opens $id', (vector) => {
    const [dataKey, iv] = [bytesOf(vector.dataKey ?? ''), bytesOf(vector.iv ?? '')]
    const sealed = sealScalar(dataKey, bytesOf(vector.header), bytesOf(vector.scalar), { iv })
    expect(hexOf(sealed)).toBe(vector.record)
    const parsed = readRecord(vector.id, bytesOf(vector.record))
    expect(hexOf(openScalar(dataKey, parsed) ?? new Uint8Array())).toBe(vector.scalar)
  })

  it('is sealed with a new iv each time', () => {
    const [dataKey, header] = [new Uint8Array(32), bytesOf(first?.header ?? '')]
    const [one, other] = [1, 2].map(() => hexOf(sealScalar(dataKey, header, new Uint8Array(32))))
    expect(one).not.toBe(other)
  })

  it.each<readonly [string, Uint8Array]>([
    ['no bytes', new Uint8Array()],
    ['another magic', changed(3, 0x4c)],
    ['version 0', changed(at.version, 0)],
    ['version 2', changed(at.version, 2)],
    ['form 0', changed(at.form, 0)],
    ['the other form', changed(at.form, 2)],
    ['form 3', changed(at.form, 3)],
    ['curve 1', changed(at.curve, 1)],
    ['curve 4', changed(at.curve, 4)],
    ['no id', changed(at.idLength, 0)],
    ['a shorter id', changed(at.idLength, 7)],
    ['a longer id', changed(at.idLength, 9)],
    ['an id of 255 bytes', changed(at.idLength, 255)],
    ['an id with a slash', changed(at.id, 0x2f)],
    ['an id with a zero', changed(at.id, 0)],
    ['an id beyond ASCII', changed(at.id, 0xe9)],
    ['a shorter ARN', changed(at.arnLength, 74)],
    ['an ARN that is none', changed(at.arnLength + 1, 0x62)],
    ['nothing wrapped, though told', changed(at.arnLength + 78, 0)],
    ['nothing wrapped', wrapping(0)],
    ['more than 6,144 bytes wrapped', wrapping(6_145)],
    ['a byte more', new Uint8Array([...record, 0])],
    ['itself twice', new Uint8Array([...record, ...record])],
    ['more than 8,192 bytes', new Uint8Array(9_000)],
  ])('is refused with %s', (_, bytes) => {
    expect(parseRecord(bytes)).toBeUndefined()
    const refusal = expect.objectContaining({ code: 'SEALED_KEY_INVALID', disposition: 'refuse' })
    expect(() => readRecord(first?.id ?? '', bytes)).toThrow(refusal)
  })

  it.each([1, 6_144])('may wrap %i bytes', (byteLength) => {
    expect(parseRecord(wrapping(byteLength))?.wrapped).toHaveLength(byteLength)
  })

  it.each(vectors)('of $id is refused at each shorter length', ({ record: text }) => {
    const bytes = bytesOf(text)
    for (let length = 0; length < bytes.length; length++)
      expect(parseRecord(bytes.subarray(0, length))).toBeUndefined()
  })

  it('is refused for another id, and under a KMS key that is not named', () => {
    const refusal = expect.objectContaining({ code: 'SEALED_KEY_INVALID' })
    expect(() => readRecord('wallet-2', record)).toThrow(refusal)
    expect(() => readRecord(first?.id ?? '', record, [])).toThrow(refusal)
    const other = first?.keyArn.replace('1111', '2222') ?? ''
    expect(() => readRecord(first?.id ?? '', record, [other])).toThrow(refusal)
  })

  it('of a key pair is refused with any bit flipped', () => {
    const pair = vectors.find(({ form }) => form === 'key-pair')
    const whole = bytesOf(pair?.record ?? '')
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bytes = whole.slice()
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const refusal = expect.objectContaining({ code: 'SEALED_KEY_INVALID' })
      expect(() => readRecord(pair?.id ?? '', bytes)).toThrow(refusal)
    }
  })

  it('is read in one form only: what is read is encoded to the same bytes', () => {
    fc.assert(
      fc.property(fc.nat(record.length - 1), fc.nat(255), (position, value) => {
        const bytes = changed(position, value)
        const parsed = parseRecord(bytes)
        if (parsed === undefined) return
        const again = new Uint8Array([...encodeHeader(parsed), ...parsed.body])
        expect(hexOf(again)).toBe(hexOf(bytes))
      }),
      { numRuns: 2_000 },
    )
  })

  it('may be any bytes, without a fault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(parseRecord(bytes)).toBeUndefined()
        expect(parseRecord(new Uint8Array([...record.subarray(0, 8), ...bytes]))).toBeUndefined()
      }),
    )
  })
})
