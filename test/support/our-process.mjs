/** The same call with the function of fcl-kms. Arguments: access node, address, two private keys. */
import * as fcl from '@onflow/fcl'
import { KmsAuthorizer } from 'fcl-kms'
import { createSoftwareSigner } from 'fcl-kms/testing'

const [accessNode, address, ...privateKeys] = process.argv.slice(2)
fcl.config({ 'accessNode.api': accessNode })
const signers = privateKeys.map((hex) =>
  createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey: Buffer.from(hex, 'hex') }),
)
const authz = KmsAuthorizer.fromSigners(signers).authorize(address)
const cadence = 'transaction { prepare(signer: &Account) {} }'
await fcl.mutate({ cadence, authz, limit: 100 })
console.log('survived')
