/**
 * The other party's Lambda, in an AWS account of its own: it holds 500, reads the whole transaction,
 * and signs one script for one account. Its role may use one key; who may invoke it, IAM says.
 */
import { createPolicy } from 'fcl-kms/policy'
import { createAwsKmsSigner } from 'fcl-kms/signers/aws-kms'
import { createSigningService, lambdaHandler } from 'fcl-kms/signing-service'

const { CHAIN_ID: chainId, MINTER: minter, MINT_SHA3: sha3, KMS_KEY: keyId } = process.env
const signer = createAwsKmsSigner({ client: {}, keyId })

export const handler = lambdaHandler(
  createSigningService({
    keys: { minter: { signer, accounts: [minter], envelope: true } },
    policy: createPolicy({
      chainId,
      accounts: [minter],
      scripts: [
        {
          name: 'mint',
          sha3, // of the source as it is sent
          parameters: [
            ...['String', 'Address', 'String', 'String', 'String'],
            ...['String?', 'String?', 'UInt64?', 'UInt64?'],
            ...['{String: String}', '{Address: UFix64}'],
          ],
          maxComputeLimit: 300,
          arguments: { 0: { pattern: '[a-z]+-[0-9]{1,9}' } },
        },
      ],
    }),
  }),
)
