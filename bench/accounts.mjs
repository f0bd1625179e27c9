/** The three accounts that transactions are measured on. @module */
import * as fcl from '@onflow/fcl'
import { importFromRoot } from './own-package.mjs'
import { waitForSeal } from './seal.mjs'

const { KmsAuthorizer } = await importFromRoot('fcl-kms')
const { createAccount, createKey, emulatorPayer } = await importFromRoot('fcl-kms/provisioning')

/** As many as the account of design.md's pool: the full key, and copies of weight 0. */
const COPIES = 250

const addCopies = `transaction(publicKey: String, count: Int) {
  prepare(signer: auth(AddKey) &Account) {
    let key = PublicKey(
      publicKey: publicKey.decodeHex(),
      signatureAlgorithm: SignatureAlgorithm.ECDSA_secp256k1)
    var added = 0
    while added < count {
      signer.keys.add(publicKey: key, hashAlgorithm: HashAlgorithm.SHA3_256, weight: 0.0)
      added = added + 1
    }
  }
}`

/** @returns Three accounts, each with `address`, `keyIds` and how many `keys` it has. */
export async function createAccounts({ flow, kms }) {
  const payer = await emulatorPayer({ accessNode: flow.url })
  const account = async (...weights) => {
    const created = await Promise.all(weights.map(() => createKey({ client: kms })))
    const keys = created.map(({ publicKey, signatureAlgorithm }, index) => ({
      publicKey,
      signatureAlgorithm,
      weight: weights[index],
    }))
    const { address } = await createAccount({ accessNode: flow.url, payer, keys })
    const keyIds = created.map(({ keyId }) => keyId)
    return { address, keyIds, publicKey: keys[0].publicKey, keys: keys.length }
  }
  // One after the other: the payer has one proposal key.
  const full = await account(1000)
  const halves = await account(500, 500)
  const many = await account(1000)
  const authorizer = new KmsAuthorizer(kms, many.keyIds, { accessNode: flow.url })
  const id = await fcl.mutate({
    cadence: addCopies,
    args: (arg, t) => [arg(many.publicKey, t.String), arg(String(COPIES), t.Int)],
    authz: authorizer.authorize(many.address),
    limit: 9_999,
  })
  await waitForSeal(flow.url, id)
  return { full, halves, many: { ...many, keys: 1 + COPIES } }
}
