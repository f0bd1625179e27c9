/**
 * Does one of two things: `key` asks a vault for the key of a rotation, and says which; `rewrap` gives the
 * records of a folder another KMS key, and ends itself by SIGKILL after so many. The one argument, JSON:
 * `{ task: 'key', clientConfig, id }` or `{ task: 'rewrap', clientConfig, folder, from, to, killAt }`. @module
 */
import { register } from 'node:module'

register('./load-typescript.mjs', import.meta.url)
const { KMSClient } = await import('@aws-sdk/client-kms')
const { kmsVault, rewrapSealedKeys } = await import('../../src/provisioning/index.ts')
const { createFileKeyStore, createSealedKeys } = await import(
  '../../src/signers/sealed-key/index.ts'
)

const { task, clientConfig, ...given } = JSON.parse(process.argv[2])
const client = new KMSClient(clientConfig)
if (task === 'key') {
  const { reference } = await kmsVault({ client }).create({ id: given.id })
  process.stdout.write(`${reference}\n`)
} else {
  const { folder, from, to, killAt } = given
  const store = await createFileKeyStore({ folder })
  const keys = createSealedKeys({ kms: client, keyId: to, alsoOpens: [from], store })
  const onProgress = ({ seen }) => seen === killAt && process.kill(process.pid, 'SIGKILL')
  await rewrapSealedKeys({ keys, from, to, atOnce: 2, onProgress })
}
client.destroy()
