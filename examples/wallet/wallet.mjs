/**
 * One wallet from nothing: a key in KMS, its Flow account, its balance, a message and a transaction that it
 * signs. AWS credentials come by one of four ways, the rest is the same: see docs/wallets.md. The treasury pays
 * for the account and the fee; without one, the service account of an emulator does.
 */
import { KMSClient } from '@aws-sdk/client-kms'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import * as fcl from '@onflow/fcl'
import { KmsAuthorizer } from 'fcl-kms'
import {
  accountKeyOf,
  createAccount,
  createKey,
  emulatorPayer,
  showAccount,
} from 'fcl-kms/provisioning'

const {
  FLOW_ACCESS_NODE: accessNode = 'http://127.0.0.1:8888',
  TREASURY_ADDRESS: treasuryAddress, // an account of yours with FLOW
  TREASURY_KEY: treasuryKey = 'alias/treasury', // and its KMS key
  CREDENTIALS: way = 'environment',
  AWS_REGION: region = 'us-east-1',
} = process.env

const credentials = {
  // What the AWS SDK finds by itself: variables, SSO, web identity, a container or an instance.
  environment: () => ({}),
  // From a configuration of yours. Keys that never end are better left to development.
  static: () => ({
    credentials: {
      accessKeyId: process.env.WALLET_ACCESS_KEY_ID,
      secretAccessKey: process.env.WALLET_SECRET_ACCESS_KEY,
    },
  }),
  // Of ~/.aws/config; one that has role_arn takes on that role.
  profile: () => ({ profile: process.env.WALLET_PROFILE }),
  // A role, taken on here, and again when its hour is over.
  role: () => ({ credentials: takeOnRole }),
}

async function takeOnRole() {
  const role = { RoleArn: process.env.WALLET_ROLE_ARN, RoleSessionName: 'wallet' }
  const { Credentials } = await new STSClient({ region }).send(new AssumeRoleCommand(role))
  return {
    accessKeyId: Credentials.AccessKeyId,
    secretAccessKey: Credentials.SecretAccessKey,
    sessionToken: Credentials.SessionToken,
    expiration: Credentials.Expiration,
  }
}

fcl.config({ 'accessNode.api': accessNode })
const client = new KMSClient({ region, ...credentials[way]() })

const { keyArn: keyId, publicKey } = await createKey({ client, description: 'wallet of alice' })
console.log(`key          ${keyId}`)
console.log(`public key   ${publicKey}`)

const payer =
  treasuryAddress === undefined
    ? await emulatorPayer({ accessNode })
    : {
        address: treasuryAddress,
        authorizer: new KmsAuthorizer(client, treasuryKey, { accessNode }),
      }
const keys = [await accountKeyOf({ client, keyId, weight: 1000 })]
const { address } = await createAccount({ accessNode, payer, keys, client })
const { balanceText } = await showAccount({ accessNode, address })
console.log(`account      ${address}, ${balanceText} FLOW`)

const wallet = new KmsAuthorizer(client, keyId, { accessNode })
const message = Buffer.from('I am alice').toString('hex')
const signatures = await wallet.signUserMessage(address, message)
// FCL knows the contract that verifies on testnet and mainnet; an emulator has none of itself.
const fclCryptoContract = process.env.FCL_CRYPTO_CONTRACT
const verify = fclCryptoContract === undefined ? {} : { fclCryptoContract }
const isGood = await fcl.AppUtils.verifyUserSignatures(message, [...signatures], verify)
console.log(`message      ${isGood ? 'signed, and FCL verifies it' : 'not verified'}`)

const transactionId = await fcl.mutate({
  cadence: 'transaction { prepare(signer: &Account) { log(signer.address) } }',
  proposer: wallet.authorize(address),
  authorizations: [wallet.authorize(address)],
  payer: payer.authorizer.authorize(payer.address),
  limit: 100,
})
const { statusString } = await fcl.tx(transactionId).onceSealed()
console.log(`transaction  ${transactionId} ${statusString}`)
