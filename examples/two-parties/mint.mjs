/**
 * One mint by two parties. Our half of the account, 500, lies in our KMS; the other half behind a
 * Lambda in somebody else's AWS account (lambda.mjs), which reads the transaction before it signs.
 * Neither has the other's key, and nobody believes a signature that the chain would not take.
 */
import { readFileSync } from 'node:fs'
import { KmsAuthorizer } from 'fcl-kms'
import { createRemoteSigner } from 'fcl-kms/signers/remote'
import {
  approveTransaction,
  prepareTransaction,
  sendTransaction,
  signTransaction,
} from 'fcl-kms/transactions'

const {
  FLOW_ACCESS_NODE: accessNode = 'https://rest-testnet.onflow.org',
  FLOW_ADDRESS: address, // the minter
  RECIPIENT: recipient, // has set up a collection
  REQUEST_ID: requestId, // mints once, ever
  MINT_CADENCE: cadenceFile, // cadence/transactions/mint.cdc, its import with an address
  KMS_KEY: ourKey = 'alias/minter', // in our AWS account
  SIGNER_FUNCTION: theirFunction, // the ARN of their Lambda, which lets us invoke it
} = process.env

// Initiate: what is to be signed, and by whom.
const { transaction, expiry } = await prepareTransaction({
  accessNode,
  cadence: readFileSync(cadenceFile, 'utf8'),
  arguments: (arg, t) => [
    arg(requestId, t.String),
    arg(recipient, t.Address),
    arg(`Drop ${requestId}`, t.String),
    arg('Minted by two parties', t.String),
    arg('https://example.com/drop.png', t.String),
    ...[t.String, t.String, t.UInt64, t.UInt64].map((type) => arg(null, t.Optional(type))),
    ...[t.String, t.UFix64].map((value) => arg([], t.Dictionary({ key: t.String, value }))),
  ],
  proposer: { address, keyIndex: 0 },
  payer: address,
  authorizers: [address],
  computeLimit: 300,
})
console.log(`prepared; can be sent for ${expiry.blocksLeft} blocks`)

// Sign: each by its own means. A file would do as well, see docs/several-parties.md.
const kms = { region: process.env.AWS_REGION ?? 'us-east-1' }
const ours = new KmsAuthorizer(kms, ourKey, { accessNode })
const lambda = { functionName: theirFunction, client: kms }
const theirs = KmsAuthorizer.fromSigners(createRemoteSigner({ key: 'minter', lambda }), {
  accessNode,
})
const signed = await Promise.all(
  [ours, theirs].map((authorizer) =>
    signTransaction({ authorizer, address, transaction, partial: true }),
  ),
)

// Approve: verify both against the chain, and send when the weight is there.
const approved = await approveTransaction({ accessNode, transaction, signed })
for (const { weight, required } of approved.parties) console.log(`weight ${weight} of ${required}`)
const sent = await sendTransaction({ accessNode, transaction: approved.transaction })
console.log(`${sent.transactionId} sealed with ${sent.events.length} events`)
