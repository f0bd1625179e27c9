import * as fcl from '@onflow/fcl'
import { KmsAuthorizer } from 'fcl-kms'

fcl.config({ 'accessNode.api': process.env.FLOW_ACCESS_NODE ?? 'https://rest-testnet.onflow.org' })

const kms = { region: process.env.AWS_REGION ?? 'us-east-1' } // or a KMSClient of your own
const authorizer = new KmsAuthorizer(kms, ['alias/minter-a', 'alias/minter-b'])

const transactionId = await fcl.mutate({
  cadence: 'transaction { prepare(signer: &Account) { log(signer.address) } }',
  authz: authorizer.authorize(process.env.FLOW_ADDRESS), // the only line that FCL users change
  limit: 100,
})
console.log(transactionId, (await fcl.tx(transactionId).onceSealed()).statusString)
