import { existsSync, readFileSync } from 'node:fs'
import { openGcm, openScalar, sealScalar } from '../../../../src/signers/sealed-key/envelope.ts'
import { boundContext } from '../../../../src/signers/sealed-key/sealing-context.ts'
import { bytesOf, hexOf } from '../../crypto/independent.ts'

type Row = Readonly<Record<'key' | 'iv' | 'additionalData' | 'ciphertext' | 'tag', string>> & {
  readonly id: string
  readonly plaintext: string
}
const read = (name: string) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
const own: { valid: readonly Row[]; refused: readonly Row[] } = read(
  '../../../vectors/sealed-key/gcm.json',
)
const partsOf = (row: Row) => ({
  key: bytesOf(row.key),
  iv: bytesOf(row.iv),
  additionalData: bytesOf(row.additionalData),
  ciphertext: bytesOf(row.ciphertext),
  tag: bytesOf(row.tag),
})
const opened = (row: Row) => {
  const plaintext = openGcm(partsOf(row))
  return plaintext === undefined ? undefined : hexOf(plaintext)
}

describe('AES-256-GCM', () => {
  it.each(own.valid)('opens $id', (row) => {
    expect(opened(row)).toBe(row.plaintext)
  })

  it.each(own.refused)('does not open what has $id', (row) => {
    expect(opened(row)).toBeUndefined()
  })

  it.each(['key', 'iv', 'additionalData', 'ciphertext', 'tag'] as const)(
    'does not open with a bit of the %s flipped',
    (part) => {
      const parts = partsOf(own.valid[0] as Row) // there is one
      for (let at = 0; at < parts[part].length; at++) {
        const flipped = parts[part].slice()
        flipped[at] = (flipped[at] ?? 0) ^ 1
        expect(openGcm({ ...parts, [part]: flipped })).toBeUndefined()
      }
    },
  )
})

const shared = new URL('../../../../../shared/vectors/', import.meta.url)
const hasShared = existsSync(shared)
if (!hasShared)
  process.stderr.write('SKIPPED vectors of AES-GCM by others: there is no ../shared/vectors\n')
const describeShared = hasShared ? describe : describe.skip

describeShared('vectors of AES-GCM by others', () => {
  const from = (name: string) => JSON.parse(readFileSync(new URL(name, shared), 'utf8'))

  it('are opened by NIST where they are valid, and not with a bit of the tag flipped', () => {
    const { tests }: { tests: readonly Record<string, string>[] } = from(
      'nist_gcmEncryptExtIV256_iv96_tag128.json',
    )
    for (const { Key, IV, AAD, CT, Tag, PT } of tests) {
      const row = { key: Key, iv: IV, additionalData: AAD, ciphertext: CT, tag: Tag } as Row
      expect(opened(row)).toBe(PT)
      const tag = hexOf(bytesOf(Tag ?? '').map((byte, at) => (at === 15 ? byte ^ 1 : byte)))
      expect(opened({ ...row, tag })).toBeUndefined()
    }
    expect(tests).toHaveLength(375)
  })

  it('are opened of Wycheproof where key, iv and tag have the one length and it is valid', () => {
    type Group = {
      ivSize: number
      keySize: number
      tagSize: number
      tests: Record<string, string>[]
    }
    const { testGroups }: { testGroups: readonly Group[] } = from('aes_gcm_test.json')
    const seen = { valid: 0, refused: 0 }
    for (const { ivSize, keySize, tagSize, tests } of testGroups)
      for (const { key, iv, aad, ct, tag, msg, result } of tests) {
        const isOne = ivSize === 96 && keySize === 256 && tagSize === 128 && result === 'valid'
        const row = { key, iv, additionalData: aad, ciphertext: ct, tag } as Row
        expect(opened(row)).toBe(isOne ? msg : undefined)
        seen[isOne ? 'valid' : 'refused'] += 1
      }
    expect(seen.valid + seen.refused).toBe(158)
    expect(seen.valid).toBeGreaterThan(10)
  })
})

describe('a sealed scalar', () => {
  const [dataKey, scalar] = [new Uint8Array(32).fill(7), new Uint8Array(32).fill(9)]
  const header = new TextEncoder().encode('a header')
  const body = sealScalar(dataKey, header, scalar).subarray(header.length)

  it('opens under its data key and header', () => {
    expect(hexOf(openScalar(dataKey, { header, body }) ?? new Uint8Array())).toBe(hexOf(scalar))
  })

  it('is of 92 bytes, and of no other length', () => {
    expect(body).toHaveLength(92)
    for (const length of [0, 1, 44, 76, 80, 84, 88, 91])
      expect(openScalar(dataKey, { header, body: body.subarray(0, length) })).toBeUndefined()
  })

  it.each([0, 16, 31, 33, 64])('does not open with a data key of %d bytes', (length) => {
    expect(openScalar(new Uint8Array(length).fill(7), { header, body })).toBeUndefined()
  })

  it('does not open with another header, or any bit flipped', () => {
    expect(openScalar(dataKey, { header: header.subarray(1), body })).toBeUndefined()
    for (let bit = 0; bit < body.length * 8; bit++) {
      const flipped = body.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(openScalar(dataKey, { header, body: flipped })).toBeUndefined()
    }
  })

  it('opens with its context and no other, and without one is as it always was', () => {
    const [one, other] = [{ a: 'b' }, { a: 'c' }].map((pairs) => boundContext(pairs).digest)
    const context = one ?? new Uint8Array()
    const bound = sealScalar(dataKey, header, scalar, { context }).subarray(header.length)
    expect(hexOf(openScalar(dataKey, { header, body: bound, context }) ?? header)).toBe(
      hexOf(scalar),
    )
    expect(openScalar(dataKey, { header, body: bound })).toBeUndefined()
    expect(openScalar(dataKey, { header, body: bound, context: other ?? header })).toBeUndefined()
    expect(openScalar(dataKey, { header, body, context })).toBeUndefined()
    const none = { context: boundContext({}).digest }
    expect(hexOf(openScalar(dataKey, { header, body, ...none }) ?? header)).toBe(hexOf(scalar))
  })

  it('does not open when the commitment alone is of another key', () => {
    const other = sealScalar(new Uint8Array(32).fill(8), header, scalar).subarray(header.length)
    const mixed = new Uint8Array([...other.subarray(0, 32), ...body.subarray(32)])
    expect(openScalar(dataKey, { header, body: mixed })).toBeUndefined()
  })
})
