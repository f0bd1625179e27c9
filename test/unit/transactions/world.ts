/** A node with one account of two keys of weight 500, and who holds them. @module */
import { bytesToHex } from '../../../src/crypto/hex.ts'
import { KmsAuthorizer, type Signer } from '../../../src/index.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import {
  type PrepareOptions,
  prepareTransaction,
  signTransaction,
} from '../../../src/transactions/index.ts'
import { PAYER, startNodeEndpoint } from '../provisioning/node-endpoint.ts'

export const address = PAYER

/** The node knows no transaction at first. */
export async function startWorld() {
  const node = await startNodeEndpoint()
  const signers = [1, 2].map(() => createSoftwareSigner({ algorithm: 'ECDSA_P256' }))
  const keys = await Promise.all(
    signers.map(async (signer) => ({
      publicKey: bytesToHex((await signer.publicKey()).bytes),
      weight: 500,
    })),
  )
  node.setKeys(address, keys)
  node.result = { status: 404, body: { code: 404, message: 'not found' } }
  const holder = (...held: readonly Signer[]) =>
    KmsAuthorizer.fromSigners(held, { accessNode: node.url })
  const accessNode = { url: node.url, timeoutMs: 2_000 }
  const options: PrepareOptions = {
    accessNode,
    cadence: 'transaction(n: Int) { prepare(signer: &Account) {} }',
    arguments: [{ type: 'Int', value: '7' }],
    proposer: { address },
    payer: address,
    authorizers: [address],
    computeLimit: 100,
  }
  return {
    node,
    keys,
    accessNode,
    options,
    holders: signers.map((signer) => holder(signer)),
    both: holder(...signers),
    async signed() {
      const { transaction } = await prepareTransaction(options)
      return signTransaction({ authorizer: this.both, address, transaction })
    },
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  }
}
