import { KMSClient } from '@aws-sdk/client-kms'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { describeSignerContract } from '../contract/signer-contract.ts'
import { startKms, type TestKms } from '../support/kms.ts'

/** Unlike MiniStack's usual `test`, it can be looked for in an error. */
const secretAccessKey = 'a-secret-of-the-signer-contract'

let kms: TestKms
let client: KMSClient
beforeAll(async () => {
  kms = await startKms()
  const credentials = { accessKeyId: 'test', secretAccessKey }
  client = new KMSClient({ ...kms.aws.clientConfig(), credentials })
})
afterAll(async () => {
  client?.destroy()
  await kms?.[Symbol.asyncDispose]()
})

for (const KeySpec of ['ECC_SECG_P256K1', 'ECC_NIST_P256'] as const)
  for (const MultiRegion of [false, true])
    describeSignerContract(
      `a ${KeySpec} key of MiniStack${MultiRegion ? ', multi-Region,' : ''}`,
      async () => ({
        signer: createAwsKmsSigner({
          client,
          keyId: await kms.createKey({ KeySpec, MultiRegion }),
        }),
        secrets: [secretAccessKey],
      }),
    )
