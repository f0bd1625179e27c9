/**
 * Signs with sealed keys that KMS opens for an enclave only, as often as it is told with each, says `ready`,
 * and stands still. The one argument, JSON: `{ kms, ca, host, socketPath, keyId, context, folder, ids,
 * signatures, isCareless }`. The careless way keeps what it opens with and what it opens, so that whoever
 * searches this process can see that he would find them. @module
 */
import { constants, createDecipheriv, generateKeyPairSync, privateDecrypt } from 'node:crypto'
import { once } from 'node:events'
import { Agent } from 'node:https'
import { register } from 'node:module'

register('./load-typescript.mjs', import.meta.url)
const { KMSClient } = await import('@aws-sdk/client-kms')
const { connectSecurityModule, createRecipient } = await import('../../src/enclave/index.ts')
const { readEnvelope } = await import('../../src/enclave/recipient/envelope.ts')
const src = '../../src/signers/sealed-key'
const { createFileKeyStore, createSealedKeys } = await import(`${src}/index.ts`)

const told = JSON.parse(process.argv[2])
const { kms, ca, host, socketPath, keyId, context, folder, ids, signatures, isCareless } = told
const kept = []
const securityModule = connectSecurityModule({ socketPath, timeoutMs: 20_000 })
const recipient = isCareless ? careless() : createRecipient({ securityModule })
const requestHandler = { httpsAgent: new Agent({ ca, servername: host, keepAlive: true }) }
const keys = createSealedKeys({
  kms: new KMSClient({ ...kms, maxAttempts: 1, requestHandler }),
  store: await createFileKeyStore({ folder }),
  ...{ keyId, recipient, context, requestTimeoutMs: 20_000, totalTimeoutMs: 20_000 },
})
const message = new TextEncoder().encode('a message')
for (let index = 0; index < signatures; index++)
  for (const id of ids) await keys.signer(id).sign({ message, hashAlgorithm: 'SHA3_256' })
process.stdout.write('ready\n')
await once(process.stdin.resume(), 'end')
process.stdout.write(`${kept.length}\n`)

/** A recipient that keeps what it opens with, and what it opens. */
function careless() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  return {
    async attest() {
      const document = await securityModule.attest({ publicKey: spki })
      return { document, open }
    },
  }
  function open(bytes) {
    const { wrappedKey, iv, ciphertext } = readEnvelope(bytes)
    const key = privateDecrypt({ key: privateKey, padding, oaepHash: 'sha256' }, wrappedKey)
    const decipher = createDecipheriv('aes-256-cbc', key, iv)
    const opened = Buffer.concat([decipher.update(ciphertext), decipher.final()])
    kept.push(key, opened)
    return new Uint8Array(opened) // which is overwritten, and these are not
  }
}
