/** Sends four transactions with a pool that it never closes. Arguments: access node, address, key. */
import * as fcl from '@onflow/fcl'
import { KmsAuthorizer } from 'fcl-kms'
import { createProposalKeyPool } from 'fcl-kms/proposal-keys'
import { createSoftwareSigner } from 'fcl-kms/testing'

const [accessNode, address, privateKey] = process.argv.slice(2)
fcl.config({ 'accessNode.api': accessNode })
console.warn = () => undefined // FCL says that it sends again while the emulator executes a block
const signer = createSoftwareSigner({
  algorithm: 'ECDSA_P256',
  privateKey: Buffer.from(privateKey, 'hex'),
})
const authorizer = KmsAuthorizer.fromSigners(signer)
const pool = await createProposalKeyPool({ authorizer, address, pollMs: 50 })
const authz = authorizer.authorize(address, { proposalKeys: pool })
const cadence = 'transaction { prepare(signer: &Account) {} }'
const send = () => fcl.mutate({ cadence, authz, limit: 100 })
const ids = await Promise.all([send(), send(), send(), send()])
process.stdout.write(JSON.stringify({ sent: new Set(ids).size }))
