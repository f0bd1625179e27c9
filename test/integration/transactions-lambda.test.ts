/** The example: 500 in our KMS, 500 behind a Lambda in another AWS account, one mint. @module */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { hashMessage } from '../../src/crypto/hash.ts'
import { bytesToHex } from '../../src/crypto/hex.ts'
import { KmsAuthorizer } from '../../src/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { readCadence, standardContracts } from '../support/cadence.ts'
import { type FlowChain, startChain } from '../support/flow-chain.ts'
import { startKms, type TestKms } from '../support/kms.ts'
import { type LambdaCloud, policyOf, startLambdaCloud } from '../support/lambda.ts'
import { readMinted } from '../support/mint-relay.ts'

let chain: FlowChain
let ours: TestKms
let theirs: LambdaCloud
let theirKms: KMSClient
let folder: string
let address: string
let env: NodeJS.ProcessEnv

const spec = { KeySpec: 'ECC_SECG_P256K1', KeyUsage: 'SIGN_VERIFY' } as const

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-two-parties-'))
  ;[chain, ours, theirs] = await Promise.all([startChain(), startKms(), startLambdaCloud()])
  theirKms = new KMSClient(theirs.aws.clientConfig())
  const ourKey = await ours.createKey()
  const theirKey = (await theirKms.send(new CreateKeyCommand(spec))).KeyMetadata?.Arn ?? ''
  const signers = [
    createAwsKmsSigner({ client: ours.client, keyId: ourKey }),
    createAwsKmsSigner({ client: theirKms, keyId: theirKey }),
  ]
  const holder = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
  address = await chain.createAccount(signers.map((signer) => ({ signer, weight: 500 })))
  const recipient = await chain.createAccount([{ signer: holder, weight: 1_000 }])
  const contracts = { ...standardContracts('emulator'), DropNFT: address }
  const both = KmsAuthorizer.fromSigners(signers, { accessNode: chain.url }).authorize(address)
  const contract = readCadence('contracts/DropNFT.cdc', contracts)
  await chain.send({
    cadence: readCadence('transactions/deploy-contract.cdc', contracts),
    args: (arg, t) => [arg('DropNFT', t['String']), arg(contract, t['String'])],
    authz: both,
  })
  await chain.send({
    cadence: readCadence('transactions/setup-collection.cdc', contracts),
    authz: KmsAuthorizer.fromSigners(holder, { accessNode: chain.url }).authorize(recipient),
  })
  const mint = readCadence('transactions/mint.cdc', contracts)
  await writeFile(join(folder, 'mint.cdc'), mint)
  await writeFile(join(folder, 'other.cdc'), `${mint}// and a comment\n`)
  const functionArn = await theirs.deploy({
    name: 'minter',
    source: '../../examples/two-parties/lambda.mjs',
    environment: {
      CHAIN_ID: 'flow-emulator',
      MINTER: address,
      MINT_SHA3: bytesToHex(hashMessage(new TextEncoder().encode(mint), 'SHA3_256')),
      KMS_KEY: theirKey,
      AWS_ENDPOINT_URL_KMS: theirs.aws.endpoint,
    },
    policy: policyOf(['kms:Sign', 'kms:GetPublicKey'], theirKey),
  })
  // Whom they let invoke it; our own KMS here takes any name.
  const caller = await theirs.createUser('us', policyOf('lambda:InvokeFunction', functionArn))
  env = {
    PATH: process.env['PATH'],
    HOME: folder,
    AWS_CONFIG_FILE: join(folder, 'none'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    AWS_REGION: ours.aws.region,
    AWS_ACCESS_KEY_ID: caller.accessKeyId,
    AWS_SECRET_ACCESS_KEY: caller.secretAccessKey,
    AWS_ENDPOINT_URL_KMS: ours.aws.endpoint,
    AWS_ENDPOINT_URL_LAMBDA: theirs.aws.endpoint,
    FLOW_ACCESS_NODE: chain.url,
    FLOW_ADDRESS: address,
    RECIPIENT: recipient,
    KMS_KEY: ourKey,
    SIGNER_FUNCTION: functionArn,
  }
})

afterAll(async () => {
  theirKms?.destroy()
  await chain?.[Symbol.asyncDispose]()
  await ours?.[Symbol.asyncDispose]()
  await theirs?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** The example as it stands, in a process of its own. */
async function mint(requestId: string, file = 'mint.cdc') {
  const program = fileURLToPath(new URL('../../examples/two-parties/mint.mjs', import.meta.url))
  const settings = { ...env, REQUEST_ID: requestId, MINT_CADENCE: join(folder, file) }
  try {
    const printed = await promisify(execFile)(process.execPath, [program], { env: settings })
    return { ...printed, exitCode: 0 }
  } catch (thrown) {
    const { stdout, stderr } = thrown as { stdout: string; stderr: string } // of execFile
    return { stdout, stderr, exitCode: 1 }
  }
}

it('mints with 500 in our KMS and 500 behind a Lambda in another account', async () => {
  const { stdout, stderr, exitCode } = await mint('order-1')
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  expect(stdout).toMatch(
    /^prepared; can be sent for 570 blocks\nweight 1000 of 1000\n[0-9a-f]{64} sealed/,
  )
  expect([...(await readMinted(chain.url, address)).keys()]).toEqual(['order-1'])
})

it.each([
  ['another script', 'order-2', 'other.cdc'],
  ['an argument that the rules do not allow', 'Order 2', 'mint.cdc'],
])('mints nothing when we ask for %s', async (_, requestId, file) => {
  const before = await chain.sequenceNumber(address, 0)
  const { stderr, exitCode } = await mint(requestId, file)
  expect(exitCode).toBe(1)
  expect(stderr).toContain('POLICY_REFUSED')
  expect(await chain.sequenceNumber(address, 0)).toBe(before)
})
