/**
 * A signing service on the Unix socket that is named and on a port, with a sealed key whose data key is
 * kept. Tells the URL; answers `{ message, signatures }` with what the signer alone takes. @module
 */
import { createFreeKms, keyArn } from './free-kms.mjs'
import { importFromRoot } from './own-package.mjs'
import { address, cadence, parameters } from './service-messages.mjs'

const { createSealedKeys } = await importFromRoot('fcl-kms/signers/sealed-key')
const { createSigningService, listen } = await importFromRoot('fcl-kms/signing-service')
const { createPolicy } = await importFromRoot('fcl-kms/policy')

const records = new Map()
const store = {
  create: async (id, record) => Boolean(records.set(id, record)),
  read: async (id) => records.get(id),
  list: async () => ({ ids: [...records.keys()] }),
  replace: async () => false,
}
const keys = createSealedKeys({
  kms: createFreeKms().client,
  keyId: keyArn,
  store,
  dataKeyCache: { maxKeys: 10, maxAgeMs: 3_600_000, maxUses: 1_000_000 },
})
await keys.create('mint', { algorithm: 'ECDSA_P256' })
const signer = keys.signer('mint')
const scripts = [{ name: 'mint', cadence, parameters, maxComputeLimit: 9_999 }]
const service = createSigningService({
  keys: { mint: { signer, accounts: [address], payload: true } },
  policy: createPolicy({ chainId: 'flow-emulator', accounts: [address], scripts }),
})
const [, socketPath] = process.argv.slice(1)
await listen(service, { socketPath })
const door = await listen(service, { port: 0 })
process.send({ url: door.address })

process.on('message', async ({ message, signatures }) => {
  const request = { message: Buffer.from(message, 'hex'), hashAlgorithm: 'SHA3_256' }
  const taken = []
  for (let i = 0; i < signatures; i++) {
    const started = performance.now()
    await signer.sign(request)
    taken.push(performance.now() - started)
  }
  process.send(taken)
})
process.on('disconnect', () => process.exit())
