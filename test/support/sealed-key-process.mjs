/**
 * Signs with a sealed key as often as it is told, says `ready`, and stands still. The one argument, JSON:
 * `{ clientConfig, keyId, folder, id, signatures, keep, cache }`. `keep` holds on to what is signed with,
 * in the way that is named, so that whoever searches this process can see that he would find it. @module
 */
import { createPrivateKey, sign } from 'node:crypto'
import { once } from 'node:events'
import { register } from 'node:module'

register('./load-typescript.mjs', import.meta.url)
const { KMSClient } = await import('@aws-sdk/client-kms')
const src = '../../src/signers/sealed-key'
const { createFileKeyStore, createSealedKeys } = await import(`${src}/index.ts`)

const { clientConfig, keyId, folder, id, signatures, keep, cache } = JSON.parse(process.argv[2])
const store = await createFileKeyStore({ folder })
const kms = new KMSClient(clientConfig)
const keys = createSealedKeys({ kms, keyId, store, ...(cache && { dataKeyCache: cache }) })
const message = new TextEncoder().encode('a message')
const signer = keys.signer(id)
await signer.publicKey() // which opens it, too
const kept = keep === undefined ? [] : [await open()]
for (let index = 0; index < signatures; index++) {
  await signer.sign({ message, hashAlgorithm: 'SHA3_256' })
  if (keep === 'KeyObject') sign('sha3-256', message, kept[0])
}
process.stdout.write('ready\n')
await once(process.stdin.resume(), 'end')
process.stdout.write(`${kept.length}\n`)

/** What a careless signer would do. */
async function open() {
  const { readRecord } = await import(`${src}/opening.ts`)
  const { openScalar } = await import(`${src}/envelope.ts`)
  const { createDataKeys } = await import(`${src}/data-keys.ts`)
  const { kmsLimits } = await import('../../src/signers/aws-kms/limits.ts')
  const record = readRecord(id, await store.read(id))
  const { plaintext } = await createDataKeys(kms, kmsLimits({})).unwrap(record)
  const scalar = openScalar(plaintext, record)
  if (keep === 'bytes') return scalar
  const point = Buffer.from(record.publicKey)
  const crv = record.algorithm === 'ECDSA_P256' ? 'P-256' : 'secp256k1'
  const [x, y] = [point.subarray(0, 32), point.subarray(32)].map((part) =>
    part.toString('base64url'),
  )
  const d = Buffer.from(scalar).toString('base64url')
  scalar.fill(0)
  return createPrivateKey({ format: 'jwk', key: { kty: 'EC', crv, x, y, d } })
}
