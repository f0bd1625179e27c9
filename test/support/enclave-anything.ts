/**
 * For a guest: what the signer inside is made of, without the service that reads a message before it is
 * signed. It signs anything, and keeps what it opens, so that whoever searches its memory can see that he
 * would find it.
 * @module
 */
import { constants, createDecipheriv, generateKeyPairSync, privateDecrypt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseConfiguration } from '../../examples/enclave/inside/configuration.ts'
import { openControlDoor } from '../../examples/enclave/inside/control-door.ts'
import { createEnclaveKeys } from '../../examples/enclave/inside/keys.ts'
import { createKmsClient } from '../../examples/enclave/inside/kms-client.ts'
import { createParent } from '../../examples/enclave/inside/parent.ts'
import { createParentStore } from '../../examples/enclave/inside/parent-store.ts'
import { connectSecurityModule } from '../../src/enclave/index.ts'
import { readEnvelope } from '../../src/enclave/recipient/envelope.ts'
import { decodeRequest } from '../../src/signers/remote/protocol.ts'
import { encodeAnswer, encodeRefusal } from '../../src/signers/remote/protocol-replies.ts'
import { createSealedKeys, type Recipient } from '../../src/signers/sealed-key/index.ts'
import { listen, type SigningService } from '../../src/signing-service/index.ts'
import { asSignerError, refusalOf } from '../../src/signing-service/refusal.ts'

const { kms, name, keys } = parseConfiguration(readFileSync('/config/enclave.json', 'utf8'))
const ask = createParent('/run/parent.sock')
const securityModule = connectSecurityModule({ socketPath: '/run/nsm.sock' })
const kept: Uint8Array[] = []
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const spki = new Uint8Array(rsa.publicKey.export({ type: 'spki', format: 'der' }))
const recipient: Recipient = {
  async attest() {
    const document = await securityModule.attest({ publicKey: spki })
    return { document, open }
  },
}

/** As ours, but nothing is overwritten. */
function open(ciphertext: Uint8Array): Uint8Array {
  const { wrappedKey, iv, ciphertext: sealed } = readEnvelope(ciphertext) ?? fail()
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  const unwrapping = { key: rsa.privateKey, padding, oaepHash: 'sha256' }
  const key = privateDecrypt(unwrapping, wrappedKey)
  const decipher = createDecipheriv('aes-256-cbc', key, iv)
  const opened = Buffer.concat([decipher.update(sealed), decipher.final()])
  kept.push(key, opened)
  return new Uint8Array(opened)
}

const sealed = createSealedKeys({
  kms: createKmsClient({ kms, socketPath: '/run/kms.sock', ask }),
  keyId: kms.keyId,
  store: createParentStore(ask),
  recipient,
  context: { enclave: name },
  requestTimeoutMs: 6_000,
  dataKeyCache: { maxKeys: 4, maxAgeMs: 300_000, maxUses: 10_000 }, // it signs thousands
})
const { ofService, create } = createEnclaveKeys(keys, sealed, {
  signer: () => ({ id: 'of an HSM', publicKey: noHsm, sign: noHsm }), // which is left alone here
  close: async () => undefined,
})

const refuse: SigningService['refuse'] = (thrown) => {
  const { status, refusal } = refusalOf(asSignerError(thrown), 'anything')
  return { status, body: encodeRefusal(refusal) }
}

const service: SigningService = {
  async handle(wire) {
    try {
      const request = decodeRequest(wire)
      const signer = ofService[request.key]?.signer
      if (signer === undefined || request.operation === 'attest') throw new Error('no such key')
      const { bytes: publicKey, algorithm: signatureAlgorithm } = await signer.publicKey()
      const answer = { key: request.key, publicKey, signatureAlgorithm, requestId: 'anything' }
      const signed = request.operation === 'sign' ? { signature: await signer.sign(request) } : {}
      return { status: 200, body: encodeAnswer({ ...answer, ...signed }) }
    } catch (thrown) {
      return refuse(thrown)
    }
  },
  refuse,
}

await listen(service, { socketPath: '/run/signing.sock', maxConnections: 128 })
const startedAt = Date.now()
await openControlDoor('/run/control.sock', {
  '/create': { fields: ['key'], answer: ({ key }) => create(String(key)) },
  '/health': { fields: [], answer: () => ({ status: 'ok', now: Date.now(), startedAt }) },
})

async function noHsm(): Promise<never> {
  throw new Error('there is no HSM')
}

function fail(): never {
  throw new Error('what KMS answered is no envelope')
}
