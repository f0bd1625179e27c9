/** Accounts with proposal keys: of KMS keys, and the emulator's service account. @module */
import { generateKeyPairSync } from 'node:crypto'
import { importFromRoot } from './own-package.mjs'

const { KmsAuthorizer } = await importFromRoot('fcl-kms')
const { addProposalKeys, createAccount, createKey, emulatorPayer } =
  await importFromRoot('fcl-kms/provisioning')
const { createSoftwareSigner } = await importFromRoot('fcl-kms/testing')

/** Hundreds of calls at once wait in the one thread of the endpoint: none shall be made twice for it. */
const patience = { requestTimeoutMs: 30_000, totalTimeoutMs: 60_000 }

/** One secp256k1 and one P-256 key of KMS at 500 each, and copies of the first. */
export async function createKmsAccount(flow, kms, copies) {
  const specs = ['ECC_SECG_P256K1', 'ECC_NIST_P256']
  const created = await Promise.all(specs.map((spec) => createKey({ client: kms, spec })))
  const keys = created.map(({ publicKey, signatureAlgorithm }) => ({
    publicKey,
    signatureAlgorithm,
    weight: 500,
  }))
  const payer = await emulatorPayer({ accessNode: flow.url })
  const { address } = await createAccount({ accessNode: flow.url, payer, keys })
  const keyIds = created.map(({ keyId }) => keyId)
  const authorizer = new KmsAuthorizer(kms, keyIds, { accessNode: flow.url, limits: patience })
  await addProposalKeys({ accessNode: flow.url, address, authorizer, count: copies })
  return { address, authorizer, keyIds }
}

/** One KMS key of weight 1000, as fcl-kms-authorizer can use it. */
export async function createFullKmsAccount(flow, kms) {
  const { keyId, publicKey, signatureAlgorithm } = await createKey({ client: kms })
  const payer = await emulatorPayer({ accessNode: flow.url })
  const keys = [{ publicKey, signatureAlgorithm, weight: 1000 }]
  const { address } = await createAccount({ accessNode: flow.url, payer, keys })
  return { address, keyId }
}

/** One software key of weight 1000 and its copies, on the service account: it has money for storage. */
export async function growServiceAccount(flow, copies) {
  const privateKey = new Uint8Array(Buffer.from(flow.servicePrivateKey, 'hex'))
  const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey })
  const authorizer = KmsAuthorizer.fromSigners(signer, { accessNode: flow.url })
  const address = flow.serviceAddress
  await addProposalKeys({ accessNode: flow.url, address, authorizer, total: copies })
  return { address, authorizer, signer }
}

/** One software key of weight 1000 and its copies, on a new account. */
export async function createSoftwareAccount(flow, copies) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const scalar = new Uint8Array(Buffer.from(privateKey.export({ format: 'jwk' }).d, 'base64url'))
  const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey: scalar })
  const { bytes, algorithm } = await signer.publicKey()
  const publicKey = Buffer.from(bytes).toString('hex')
  const payer = await emulatorPayer({ accessNode: flow.url })
  const keys = [{ publicKey, signatureAlgorithm: algorithm, weight: 1000 }]
  const { address } = await createAccount({ accessNode: flow.url, payer, keys })
  const authorizer = KmsAuthorizer.fromSigners(signer, { accessNode: flow.url })
  await addProposalKeys({ accessNode: flow.url, address, authorizer, count: copies })
  return { address, privateKey: Buffer.from(scalar).toString('hex') }
}
