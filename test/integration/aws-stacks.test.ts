/** Keys and a remote signer as stacks: a mint through API Gateway, Lambda and KMS. @module */
import { IAMClient, TagRoleCommand } from '@aws-sdk/client-iam'
import { DescribeKeyCommand } from '@aws-sdk/client-kms'
import { KmsAuthorizer } from '../../src/index.ts'
import type { DeployedStack, RemoteSignerCode } from '../../src/provisioning/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createRemoteSigner } from '../../src/signers/remote/index.ts'
import { type FlowChain, startChain } from '../support/flow-chain.ts'
import { createUser, type Identity, policyOf } from '../support/lambda.ts'
import { createMintAccount, type MintAccount } from '../support/mint-relay.ts'
import {
  rejection,
  roleArn,
  type StackCloud,
  startStackCloud,
  withClockOff,
} from '../support/stack-cloud.ts'

let cloud: StackCloud
let chain: FlowChain
let account: MintAccount
let keys: DeployedStack
let signer: DeployedStack
let caller: Identity
let code: RemoteSignerCode

const keyOptions = (environment: string) => ({
  environment,
  adminRoleArn: roleArn('key-admin'),
  signer: { roleName: `signer-${environment}`, service: 'lambda' },
  keys: [{ name: 'minter' }],
})
const signerOptions = (changes: object = {}) => ({
  environment: 'production',
  keyArn: keys.outputs['KeyMinterArn'],
  roleArn: keys.outputs['SignerRoleArn'],
  code: { bucket: 'code-of-ours', key: code.key },
  callerRoleArns: [roleArn('flow-backend')],
  door: { kind: 'rest-api', requestsPerSecond: 100, burst: 50 },
  ...changes,
})

function packFor(maxComputeLimit: number): Promise<RemoteSignerCode> {
  const accounts = [account.address]
  const scripts = [{ ...account.rule, maxComputeLimit }]
  const policy = { chainId: 'flow-emulator', accounts, scripts }
  return cloud.upload({ key: 'minter', accounts, payload: true, envelope: true, policy })
}

beforeAll(async () => {
  console.error = () => undefined // FCL prints every failure; the console is this file's own
  ;[cloud, chain] = await Promise.all([startStackCloud('lambda', 'apigateway'), startChain()])
  keys = await cloud.deploy('signing-keys', 'keys', keyOptions('production'))
  const keyId = keys.outputs['KeyMinterArn'] ?? ''
  const mine = createAwsKmsSigner({ client: cloud.kms, keyId })
  account = await createMintAccount(chain, 0, { signer: mine })
  code = await packFor(300)
  signer = await cloud.deploy('remote-signer', 'signer', signerOptions())
  caller = await cloud.assume('flow-backend')
})
afterAll(async () => {
  await cloud?.[Symbol.asyncDispose]()
  await chain?.[Symbol.asyncDispose]()
})

const remote = (credentials: Identity = caller) =>
  createRemoteSigner({
    ...{ url: cloud.urlHere(signer), key: 'minter', credentials },
    sigv4: { service: 'execute-api' as const, region: cloud.aws.region },
  })
const mint = (id: string, limit = 300) => {
  const authz = KmsAuthorizer.fromSigners(remote()).authorize(account.address)
  return chain.send({ ...account.mint(id), authz, limit })
}
const request = { message: new Uint8Array(40), hashAlgorithm: 'SHA3_256' } as const

describe('a deployed remote signer', () => {
  it('signs a mint that seals, through API Gateway, Lambda and KMS', async () => {
    expect((await mint('order-1')).errorMessage).toBe('')
    expect([...(await account.minted()).keys()]).toEqual(['order-1'])
  })

  it('refuses what its document does not allow', async () => {
    expect(await rejection(mint('order-2', 301))).toMatchObject({
      code: 'REMOTE_SIGNER_REFUSED',
      context: { serviceCode: 'POLICY_REFUSED' },
    })
  })

  it('lets in nobody who does not sign', async () => {
    const method = 'POST'
    const headers = { 'content-type': 'application/json' }
    const reply = await fetch(cloud.urlHere(signer), { method, headers, body: '{}' })
    expect(reply.status).toBe(403)
  })

  it.each<[string, () => Promise<Identity>]>([
    ['a wrong signature', async () => ({ ...caller, secretAccessKey: 'wrong'.repeat(8) })],
    ['a stranger', () => createUser(cloud.aws, 'stranger', policyOf('s3:GetObject', '*'))],
    ['who may call every API', () => createUser(cloud.aws, 'any', policyOf('execute-api:*', '*'))],
    ['the signing role', () => cloud.assume('signer-production')],
  ])('does not let in %s', async (_, identity) => {
    expect(await rejection(remote(await identity()).sign(request))).toMatchObject({
      code: 'REMOTE_SIGNER_DENIED',
      disposition: 'hold',
    })
  })

  it.each([-20, 20])('does not take a request of %d minutes', async (minutes) => {
    const asked = withClockOff(minutes, () => rejection(remote().publicKey()))
    expect(await asked).toMatchObject({ code: 'REMOTE_SIGNER_CLOCK_SKEWED' })
  })
})

describe('environments', () => {
  it('are kept apart: a role of development signs with its own key only, and so does the Lambda', async () => {
    const other = await cloud.deploy('signing-keys', 'keys-dev', keyOptions('development'))
    const development = other.outputs['KeyMinterArn'] ?? ''
    const production = keys.outputs['KeyMinterArn'] ?? ''
    const tries: readonly (readonly [string, string, boolean])[] = [
      ['signer-development', development, true],
      ['signer-development', production, false],
      ['signer-production', production, true],
      ['signer-production', development, false],
      ['key-admin', production, false],
      ['flow-backend', production, false],
    ]
    for (const [role, keyId, may] of tries) {
      const client = await cloud.as(role)
      const signing = createAwsKmsSigner({ client, keyId }).sign(request)
      const code = await signing.then(
        () => 'signed',
        (thrown: { code?: string }) => thrown.code,
      )
      expect([role, keyId, code]).toEqual([role, keyId, may ? 'signed' : 'KMS_ACCESS_DENIED'])
    }
  })
})

describe('environments in one account', () => {
  it('are kept apart by tag: a role of another environment signs with no key of this one', async () => {
    const options = { ...keyOptions('staging'), apartBy: 'tag' }
    const { outputs } = await cloud.deploy('signing-keys', 'keys-staging', options)
    const keyId = outputs['KeyMinterArn'] ?? ''
    const sign = async () =>
      createAwsKmsSigner({ client: await cloud.as('signer-staging'), keyId }).sign(request)
    expect(await sign()).toHaveLength(64)
    const iam = new IAMClient(cloud.aws.clientConfig())
    const Tags = [{ Key: 'Environment', Value: 'production' }]
    await iam.send(new TagRoleCommand({ RoleName: 'signer-staging', Tags }))
    iam.destroy()
    expect(await rejection(sign())).toMatchObject({ code: 'KMS_ACCESS_DENIED' })
  })
})

describe('a changed stack', () => {
  it('leaves key and service, and takes the new policy', async () => {
    code = await packFor(301)
    const changed = await cloud.deploy('remote-signer', 'signer', signerOptions())
    expect(changed.result).toBe('updated')
    expect((await mint('order-3', 301)).errorMessage).toBe('')
    const again = await cloud.deploy('signing-keys', 'keys', keyOptions('production'))
    expect(again).toMatchObject({ result: 'unchanged', outputs: keys.outputs })
  })

  it('that fails is rolled back, and the service goes on', async () => {
    const missing = { code: { bucket: 'code-of-ours', key: 'not-there.zip' } }
    const deploying = cloud.deploy('remote-signer', 'signer', signerOptions(missing))
    expect(await rejection(deploying)).toMatchObject({
      code: 'STACK_FAILED',
      context: { resource: expect.stringContaining('Function'), rolledBack: true },
    })
    expect((await mint('order-4')).errorMessage).toBe('')
  })

  it('that is deleted keeps its keys', async () => {
    await cloud.remove('remote-signer', 'signer')
    const deleted = await cloud.remove('signing-keys', 'keys')
    expect(deleted.kept.map(({ type }) => type)).toContain('AWS::KMS::Key')
    const KeyId = keys.outputs['KeyMinterArn'] ?? ''
    const { KeyMetadata } = await cloud.kms.send(new DescribeKeyCommand({ KeyId }))
    expect(KeyMetadata?.KeyState).toBe('Enabled')
  })
})
