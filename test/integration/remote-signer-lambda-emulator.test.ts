/** The Lambda's archive under AWS's Runtime Interface Emulator: a mint sealed, another refused. @module */
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { KmsAuthorizer } from '../../src/index.ts'
import { packRemoteSigner } from '../../src/provisioning/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createRemoteSigner } from '../../src/signers/remote/index.ts'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { type FlowChain, startChain } from '../support/flow-chain.ts'
import { createUser, policyOf } from '../support/lambda.ts'
import {
  type EmulatedLambda,
  lambdaEmulator,
  startLambdaEmulator,
} from '../support/lambda-emulator.ts'
import { createMintAccount, type MintAccount } from '../support/mint-relay.ts'
import { bundleRemoteSigner } from '../support/remote-signer-bundle.ts'

const program = lambdaEmulator()
const describeEmulated = program === undefined ? describe.skip : describe

describeEmulated("the bundle under AWS's Runtime Interface Emulator", () => {
  let aws: Aws
  let chain: FlowChain
  let kms: KMSClient
  let keyArn: string
  let account: MintAccount
  let emulated: EmulatedLambda
  let authorizer: KmsAuthorizer
  let events: object[]

  beforeAll(async () => {
    console.error = () => undefined // FCL prints every failure; the console is this file's own
    ;[aws, chain] = await Promise.all([startAws({ auth: true }), startChain()])
    kms = new KMSClient(aws.clientConfig())
    const spec = { KeySpec: 'ECC_SECG_P256K1', KeyUsage: 'SIGN_VERIFY' } as const
    keyArn = (await kms.send(new CreateKeyCommand(spec))).KeyMetadata?.Arn ?? ''
    const signer = createAwsKmsSigner({ client: kms, keyId: keyArn })
    account = await createMintAccount(chain, 0, { signer })
    const accounts = [account.address]
    const policy = { chainId: 'flow-emulator', accounts, scripts: [account.rule] }
    const document = { key: 'minter', accounts, payload: true, envelope: true, policy }
    const { bytes } = await packRemoteSigner({ document, bundle: await bundleRemoteSigner() })
    const role = await createUser(aws, 'signer', policyOf(['kms:Sign', 'kms:GetPublicKey'], keyArn))
    emulated = await startLambdaEmulator(program ?? '', bytes, {
      KMS_KEY_ID: keyArn,
      AWS_REGION: aws.region,
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_ACCESS_KEY_ID: role.accessKeyId,
      AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
    })
    const client = { ...aws.clientConfig(), endpoint: emulated.url }
    const remote = createRemoteSigner({
      ...{ key: 'minter', lambda: { functionName: 'function', client } },
    })
    events = []
    authorizer = KmsAuthorizer.fromSigners(remote, { onSign: (event) => events.push(event) })
  })
  afterAll(async () => {
    kms?.destroy()
    await emulated?.stop()
    await aws?.stop()
    await chain?.[Symbol.asyncDispose]()
  })

  it('signs a mint that seals, with the key of KMS', async () => {
    const authz = authorizer.authorize(account.address)
    expect((await chain.send({ ...account.mint('order-1'), authz })).errorMessage).toBe('')
    expect([...(await account.minted()).keys()]).toEqual(['order-1'])
    expect(events).toMatchObject([{ backendKeyId: keyArn }])
  })

  it('refuses a mint that its document does not allow, and signs the next', async () => {
    const authz = authorizer.authorize(account.address)
    const other = account.mint('order-2')
    await expect(
      chain.send({ ...other, cadence: `${other.cadence}// other\n`, authz }),
    ).rejects.toMatchObject({
      code: 'REMOTE_SIGNER_REFUSED',
      context: { serviceCode: 'POLICY_REFUSED' },
    })
    expect((await chain.send({ ...account.mint('order-3'), authz })).errorMessage).toBe('')
    expect([...(await account.minted()).keys()]).toEqual(['order-1', 'order-3'])
  })
})
