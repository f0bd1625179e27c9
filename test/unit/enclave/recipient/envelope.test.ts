import {
  constants,
  createCipheriv,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { type CmsForm, encryptForRecipient } from '../../../../examples/enclave/local/cms.ts'
import { readEnvelope } from '../../../../src/enclave/recipient/envelope.ts'
import { openEnvelope } from '../../../../src/enclave/recipient/open-envelope.ts'
import { SignerError } from '../../../../src/errors.ts'
import { bytesOf, hexOf } from '../../crypto/independent.ts'

const forms: readonly CmsForm[] = ['a', 'b', 'pieces']
const secret = new Uint8Array(randomBytes(32))
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const other = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const made = encryptForRecipient(publicKey, secret)
const hex = hexOf(made)
/** The identifier of whose key it is, which names nothing that is known. */
const keyIdAt = hex.indexOf('0201028020') / 2 + 5

describe('an envelope of KMS', () => {
  it.each(forms)('in form %s is opened with the key that it was made for', (form) => {
    for (const length of [0, 1, 15, 16, 32, 138, 4_096]) {
      const plaintext = new Uint8Array(randomBytes(length))
      const bytes = encryptForRecipient(publicKey, plaintext, form)
      expect(hexOf(openEnvelope(privateKey, bytes))).toBe(hexOf(plaintext))
    }
  })

  it('comes out in memory of its own', () => {
    const opened = openEnvelope(privateKey, made)
    expect([opened.byteOffset, opened.buffer.byteLength]).toEqual([0, 32])
  })

  const shared = new URL('../../../../../shared/vectors/nitro/', import.meta.url)
  ;(existsSync(shared) ? it : it.skip).each([
    ['a', 493, 48],
    ['b', 457, 16],
  ])('that KMS has sent in form %s is read', (form, length, ciphertextLength) => {
    const bytes = new Uint8Array(readFileSync(new URL(`cms-form-${form}.ber`, shared)))
    expect(bytes).toHaveLength(length)
    const { wrappedKey, iv, ciphertext } = readEnvelope(bytes) ?? {}
    expect([wrappedKey?.length, iv?.length, ciphertext?.length]).toEqual([
      256,
      16,
      ciphertextLength,
    ])
    // Form for form and length for length as ours: what differs is what is random.
    const ours = encryptForRecipient(publicKey, new Uint8Array(ciphertextLength - 16), form as 'a')
    expect(ours).toHaveLength(length)
    const blank = (whole: Uint8Array, parts: readonly (Uint8Array | undefined)[]) =>
      parts.reduce<string>((text, part) => text.replace(hexOf(part ?? whole), '…'), hexOf(whole))
    const of = (whole: Uint8Array) => {
      const envelope = readEnvelope(whole)
      const at = hexOf(whole).indexOf('8020') / 2 + 2
      const keyId = whole.subarray(at, at + 32)
      return blank(whole, [keyId, envelope?.wrappedKey, envelope?.iv, envelope?.ciphertext])
    }
    expect(of(bytes)).toBe(of(ours))
  })

  it('is not opened with a bit flipped, but in the name of its key', () => {
    const { wrappedKey, ciphertext } = readEnvelope(made) ?? {}
    // One byte of these is as the other, and takes long to try.
    const isRandom = new Set(Array.from({ length: 31 }, (_, index) => keyIdAt + 1 + index))
    for (const part of [wrappedKey, ciphertext])
      for (let at = 1; at < (part?.length ?? 0) - 1; at++)
        isRandom.add(Buffer.from(made).indexOf(part ?? made) + at)
    const opening: number[] = []
    for (let at = 0; at < made.length; at++)
      for (let bit = 0; bit < 8 && !isRandom.has(at); bit++)
        if (openedOr(made.with(at, (made[at] ?? 0) ^ (1 << bit))) === hexOf(secret))
          opening.push(at)
    expect(opening).toEqual(new Array(8).fill(keyIdAt))
  })

  it('may be any bytes, without another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(() => openEnvelope(privateKey, bytes)).toThrow(refusal)
      }),
    )
    for (let length = 0; length < made.length; length += 13)
      expect(() => openEnvelope(privateKey, made.subarray(0, length))).toThrow(refusal)
  })

  const replaced = (one: string, two: string) => () => {
    expect(hex).toContain(one)
    return bytesOf(hex.replace(one, two))
  }
  const contentKey = new Uint8Array(32).fill(1)
  const iv = new Uint8Array(16)
  const padded = (plaintext: Uint8Array) => () => {
    const cipher = createCipheriv('aes-256-cbc', contentKey, iv).setAutoPadding(false)
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
    return encryptForRecipient(publicKey, secret, 'b', { contentKey, iv, ciphertext })
  }

  it.each<readonly [string, () => Uint8Array]>([
    ['for another key', () => encryptForRecipient(other.publicKey, secret)],
    ['with a byte more', () => Uint8Array.of(...made, 0)],
    ['of 6,145 bytes', () => encryptForRecipient(publicKey, new Uint8Array(5_700))],
    ['of another content type', replaced('06092a864886f70d010703', '06092a864886f70d010702')],
    ['of other content', replaced('06092a864886f70d010701', '06092a864886f70d010702')],
    ['of version 0', replaced('3080020102', '3080020100')],
    ['of a recipient of version 0', replaced('308201670201028020', '308201670201008020')],
    ['of a version with a zero before', replaced('3080020102', '308002020002')],
    ['wrapped by OAEP with SHA-1', replaced('0609608648016503040201', '0609608648016503040200')],
    ['wrapped by PKCS#1 v1.5', replaced('06092a864886f70d010107', '06092a864886f70d010101')],
    ['of AES-128-CBC', replaced('060960864801650304012a', '0609608648016503040102')],
    ['of AES-256-GCM', replaced('060960864801650304012a', '060960864801650304012e')],
    ['whose content is tagged otherwise', replaced('a0800430', 'a1800430')],
    [
      'of two recipients',
      () => {
        const at = hex.indexOf('3182016b') + 8
        const recipient = hex.slice(at, at + 2 * 0x16b)
        return bytesOf(hex.replace(`3182016b${recipient}`, `318202d6${recipient}${recipient}`))
      },
    ],
    ['of no recipient', () => bytesOf(hex.replace(/3182016b.{726}/, '3100'))],
    ['whose content is of parts of parts', replaced('a0800430', 'a08024320430')],
    ['of no content', replaced(hex.slice(hex.indexOf('a0800430')), 'a0800000'.padEnd(28, '0'))],
    [
      'of part of a block',
      () => encryptForRecipient(publicKey, secret, 'b', { ciphertext: secret.subarray(1) }),
    ],
    [
      'whose content key has 16 bytes',
      () => encryptForRecipient(publicKey, secret, 'b', { wrappedKey: wrapped(16) }),
    ],
    [
      'whose content key has 33 bytes',
      () => encryptForRecipient(publicKey, secret, 'b', { wrappedKey: wrapped(33) }),
    ],
    [
      'whose wrapped key has 255 bytes',
      () => encryptForRecipient(publicKey, secret, 'b', { wrappedKey: new Uint8Array(255) }),
    ],
    ['padded by zero', padded(new Uint8Array(48))],
    ['padded by seventeen', padded(new Uint8Array(48).fill(17))],
    ['padded by two, of which one is another', padded(new Uint8Array(48).with(47, 2))],
  ])('%s is refused, and nobody learns why', (_, make) => {
    const bytes = make()
    expect(() => openEnvelope(privateKey, bytes)).toThrow(
      new SignerError('RECIPIENT_CIPHERTEXT_INVALID', { byteLength: bytes.length }),
    )
  })
})

/** As a content key would be. */
const wrapped = (length: number): Uint8Array =>
  publicEncrypt(
    { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
    new Uint8Array(length),
  )

const refusal = expect.objectContaining({ code: 'RECIPIENT_CIPHERTEXT_INVALID' })

function openedOr(bytes: Uint8Array): string | undefined {
  try {
    return hexOf(openEnvelope(privateKey, bytes))
  } catch {
    return undefined
  }
}
