/** CiphertextForRecipient as KMS makes it, byte for byte but for what is random. @module */

import {
  constants,
  createCipheriv,
  createHash,
  type KeyObject,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'

/**
 * How the encrypted content is written: `a` constructed, `b` primitive, as KMS sends them; `pieces`
 * constructed of several parts, which BER allows.
 */
export type CmsForm = 'a' | 'b' | 'pieces'

/** What stands in place of what would be random, or right. */
export type CmsParts = {
  /** 32 bytes. */
  readonly contentKey?: Uint8Array
  /** 16 bytes. */
  readonly iv?: Uint8Array
  /** In place of the 256 bytes that wrap the content key. */
  readonly wrappedKey?: Uint8Array
  /** In place of what is encrypted. */
  readonly ciphertext?: Uint8Array
}

const ENVELOPED_DATA = '06092a864886f70d010703'
const DATA = '06092a864886f70d010701'
const OAEP =
  '303c06092a864886f70d010107302fa00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500'
const AES_256_CBC = '060960864801650304012a'
const VERSION_2 = '020102'

/**
 * @param publicKey - RSA-2048, of the document. Anybody can encrypt to it.
 * @see RFC 5652 6.1; `facts` of the vectors that KMS has sent: 493 bytes in form a, 457 in form b, for 32.
 */
export function encryptForRecipient(
  publicKey: KeyObject,
  plaintext: Uint8Array,
  form: CmsForm = 'a',
  parts: CmsParts = {},
): Uint8Array {
  const { contentKey = randomBytes(32), iv = randomBytes(16) } = parts
  const wrappedKey =
    parts.wrappedKey ??
    publicEncrypt(
      { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
      contentKey,
    )
  const cipher = createCipheriv('aes-256-cbc', contentKey, iv)
  const ciphertext = parts.ciphertext ?? Buffer.concat([cipher.update(plaintext), cipher.final()])
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const keyId = createHash('sha256').update(spki).digest()
  const recipient = der(0x30, VERSION_2, der(0x80, keyId), OAEP, der(0x04, wrappedKey))
  const content = open(
    0x30,
    DATA,
    der(0x30, AES_256_CBC, der(0x04, iv)),
    contentOf(Buffer.from(ciphertext), form),
  )
  const enveloped = open(0x30, VERSION_2, der(0x31, recipient), content)
  return new Uint8Array(open(0x30, ENVELOPED_DATA, open(0xa0, enveloped)))
}

function contentOf(ciphertext: Buffer, form: CmsForm): Buffer {
  if (form === 'b') return der(0x80, ciphertext)
  if (form === 'a') return open(0xa0, der(0x04, ciphertext))
  const pieces = [ciphertext.subarray(0, 5), ciphertext.subarray(5, 21), ciphertext.subarray(21)]
  return open(0xa0, ...pieces.map((piece) => der(0x04, piece)))
}

type Part = Uint8Array | string

const joined = (parts: readonly Part[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)))

/** Of a length that is told first. */
function der(tag: number, ...parts: readonly Part[]): Buffer {
  const body = joined(parts)
  const { length } = body
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length]
  return Buffer.concat([Uint8Array.of(tag, ...head), body])
}

/** Of a length that its end tells. */
const open = (tag: number, ...parts: readonly Part[]): Buffer =>
  Buffer.concat([Uint8Array.of(tag, 0x80), joined(parts), Uint8Array.of(0, 0)])
