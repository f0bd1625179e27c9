/**
 * Writes records.json and gcm.json, the same bytes each time. Nothing of `src` takes part: the layout, HKDF
 * and the commitment are written out here by hand from docs/sealed-keys.md. @module
 */
import { createCipheriv, createECDH, createHash, createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'

const hash = (label) => createHash('sha256').update(label).digest()
const hmac = (key, ...parts) => createHmac('sha256', key).update(Buffer.concat(parts)).digest()
const hex = (bytes) => Buffer.from(bytes).toString('hex')

/** RFC 5869 with SHA-256, no salt, two blocks. */
function hkdf(key, info) {
  const prk = hmac(Buffer.alloc(32), key)
  const first = hmac(prk, info, Buffer.of(1))
  return [first, hmac(prk, first, info, Buffer.of(2))]
}

const keyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const curves = {
  ECDSA_P256: { name: 'prime256v1', code: 2 },
  ECDSA_secp256k1: { name: 'secp256k1', code: 3 },
}

function headerOf({ id, algorithm, form, scalar, wrapped }) {
  const ecdh = createECDH(curves[algorithm].name)
  ecdh.setPrivateKey(scalar)
  const publicKey = ecdh.getPublicKey().subarray(1)
  const header = Buffer.concat([
    Buffer.from('FKSK'),
    Buffer.of(1, form, curves[algorithm].code, id.length),
    Buffer.from(id),
    publicKey,
    Buffer.of(keyArn.length),
    Buffer.from(keyArn),
    Buffer.of(wrapped.length >> 8, wrapped.length & 255),
    wrapped,
  ])
  return { header, publicKey }
}

function sealed(algorithm, id) {
  const scalar = hash(`scalar of ${id}`)
  const dataKey = hash(`data key of ${id}`)
  const iv = hash(`iv of ${id}`).subarray(0, 12)
  const wrapped = Buffer.concat([hash(`wrapped of ${id}`), hash(`more of ${id}`)])
  const { header, publicKey } = headerOf({ id, algorithm, form: 1, scalar, wrapped })
  const info = Buffer.concat([
    Buffer.from('fcl-kms sealed key 1'),
    createHash('sha256').update(header).digest(),
  ])
  const [key, commitment] = hkdf(dataKey, info)
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 }).setAAD(header)
  const ciphertext = Buffer.concat([cipher.update(scalar), cipher.final()])
  const record = Buffer.concat([header, commitment, iv, ciphertext, cipher.getAuthTag()])
  const bytes = { publicKey, wrapped, dataKey, key, commitment, iv, scalar, header, record }
  return { form: 'data-key', id, algorithm, keyArn, ...hexOf(bytes) }
}

function pair(algorithm, id) {
  const scalar = hash(`scalar of ${id}`)
  const wrapped = Buffer.concat([hash(`wrapped of ${id}`), hash(`more of ${id}`)])
  const { header, publicKey } = headerOf({ id, algorithm, form: 2, scalar, wrapped })
  const record = Buffer.concat([header, createHash('sha256').update(header).digest()])
  return {
    form: 'key-pair',
    id,
    algorithm,
    keyArn,
    ...hexOf({ publicKey, wrapped, scalar, header, record }),
  }
}

const hexOf = (bytes) =>
  Object.fromEntries(Object.entries(bytes).map(([name, value]) => [name, hex(value)]))

/** What node:crypto opens with its defaults, and what may be opened here. */
function gcm() {
  const [key, plaintext, additionalData] = ['key', 'plaintext', 'additional data'].map(hash)
  const make = (id, ivLength, tagLength, keyLength = 32) => {
    const iv = hash('iv').subarray(0, ivLength)
    const name = `aes-${keyLength * 8}-gcm`
    const cipher = createCipheriv(name, key.subarray(0, keyLength), iv, {
      authTagLength: tagLength,
    })
    cipher.setAAD(additionalData)
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
    const parts = { iv, additionalData, ciphertext, tag: cipher.getAuthTag(), plaintext }
    return { id, ...hexOf({ key: key.subarray(0, keyLength), ...parts }) }
  }
  const refused = [4, 8, 12, 13, 14, 15].map((length) =>
    make(`a tag of ${length} bytes`, 12, length),
  )
  for (const length of [1, 8, 11, 13, 16])
    refused.push(make(`an iv of ${length} bytes`, length, 16))
  for (const length of [16, 24]) refused.push(make(`a key of ${length} bytes`, 12, 16, length))
  return { valid: [make('the one form', 12, 16)], refused }
}

const write = (name, rows) =>
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(rows, null, 2)}\n`)
write('records.json', [
  sealed('ECDSA_P256', 'wallet-1'),
  sealed('ECDSA_secp256k1', 'Wallet.2@example:eu'),
  pair('ECDSA_secp256k1', 'wallet-3'),
])
write('gcm.json', gcm())
