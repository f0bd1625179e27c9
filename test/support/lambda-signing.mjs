/** A Lambda of a user: one key of KMS, one script, for one account. Settings by environment. */
import { createPolicy } from 'fcl-kms/policy'
import { createAwsKmsSigner } from 'fcl-kms/signers/aws-kms'
import { createSigningService, lambdaHandler } from 'fcl-kms/signing-service'

const { ADDRESS = '', CADENCE = '', KEY_ID = '', KMS_URL = '' } = process.env
const signer = createAwsKmsSigner({ client: { endpoint: KMS_URL }, keyId: KEY_ID })

export const handler = lambdaHandler(
  createSigningService({
    keys: { minter: { signer, accounts: [ADDRESS], payload: true, envelope: true } },
    policy: createPolicy({
      chainId: 'flow-emulator',
      accounts: [ADDRESS],
      scripts: [{ name: 'noop', cadence: CADENCE, parameters: [], maxComputeLimit: 100 }],
    }),
  }),
)
