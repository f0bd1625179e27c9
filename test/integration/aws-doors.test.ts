/** A remote signer by Invoke, by function URL with a ledger, and by a private API; nobody else. @module */
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { payloadMessage } from '../../src/crypto/transaction.ts'
import type { DeployedStack, SignerDocument } from '../../src/provisioning/index.ts'
import { createRemoteSigner } from '../../src/signers/remote/index.ts'
import { createUser, type Identity, policyOf } from '../support/lambda.ts'
import {
  rejection,
  roleArn,
  type StackCloud,
  startStackCloud,
  withClockOff,
} from '../support/stack-cloud.ts'
import { address, amountOf, asking, cadence, numbered } from '../unit/signing-service/fixture.ts'

const document: SignerDocument = {
  key: 'minter',
  accounts: [address],
  payload: true,
  policy: {
    chainId: 'flow-emulator',
    accounts: [address],
    scripts: [{ name: 'pay', cadence, parameters: ['UFix64'], maxComputeLimit: 200 }],
  },
}
const api = { kind: 'rest-api', requestsPerSecond: 100, burst: 50 }
const doors = {
  Invoke: {},
  'a function URL': { door: { kind: 'function-url' }, ledger: true },
  'a private API': { door: { ...api, vpcEndpointIds: ['vpce-0123456789abcdef0'] } },
} as const
const names = ['Invoke', 'a function URL', 'a private API'] as const
type Door = (typeof names)[number]

let cloud: StackCloud
let caller: Identity
const deployed = new Map<Door, DeployedStack>()

beforeAll(async () => {
  cloud = await startStackCloud('lambda', 'apigateway', 'dynamodb')
  const code = await cloud.upload(document)
  for (const [index, door] of names.entries()) {
    const name = `signer-${index}`
    // One role of the keys' stack, the others of the signer's own.
    const ofKeys = { roleName: 'signer', service: 'lambda' }
    const signer = index === 0 ? ofKeys : { roleArn: roleArn(`${name}-signer`) }
    const keys = await cloud.deploy('signing-keys', `keys-${index}`, {
      ...{ environment: `production-${index}`, adminRoleArn: roleArn('key-admin'), signer },
      keys: [{ name: 'minter' }],
    })
    const { KeyMinterArn, SignerRoleArn } = keys.outputs
    const stack = await cloud.deploy('remote-signer', name, {
      ...{ environment: `production-${index}`, name, keyArn: KeyMinterArn },
      ...(index === 0 ? { roleArn: SignerRoleArn } : {}),
      code: { bucket: 'code-of-ours', key: code.key },
      callerRoleArns: [roleArn('flow-backend')],
      ...doors[door],
    })
    deployed.set(door, stack)
  }
  caller = await cloud.assume('flow-backend')
})
afterAll(() => cloud?.[Symbol.asyncDispose]())

const stackOf = (door: Door): DeployedStack => {
  const stack = deployed.get(door)
  if (stack === undefined) throw new Error(`${door} was not deployed`)
  return stack
}
const signerBy = (door: Door, credentials: Identity = caller) => {
  const { region } = cloud.aws
  const key = 'minter'
  if (door === 'Invoke') {
    const client = { ...cloud.aws.clientConfig(), credentials }
    const functionName = stackOf(door).outputs['FunctionAliasArn'] ?? ''
    return createRemoteSigner({ key, lambda: { functionName, client } })
  }
  const service = door === 'a function URL' ? 'lambda' : 'execute-api'
  const url = cloud.urlHere(stackOf(door))
  return createRemoteSigner({ key, url, credentials, sigv4: { service, region } })
}
const signing = (sequenceNumber: bigint, change = {}) => ({
  message: payloadMessage(numbered(sequenceNumber, change)),
  hashAlgorithm: 'SHA3_256' as const,
})

describe.each(['Invoke', 'a function URL'] as const)('by %s', (door) => {
  it('a caller gets a signature', async () => {
    expect(await signerBy(door).sign(signing(1n))).toHaveLength(64)
  })

  it('what the document does not allow is refused', async () => {
    const wrong = signing(2n, { computeLimit: 201 })
    expect(await rejection(signerBy(door).sign(wrong))).toMatchObject({
      code: 'REMOTE_SIGNER_REFUSED',
      context: { serviceCode: 'POLICY_REFUSED' },
    })
  })
})

describe.each(names)('by %s', (door) => {
  it('who does not sign is not let in', async () => {
    const url =
      door === 'Invoke'
        ? `${cloud.aws.endpoint}/2015-03-31/functions/signer-0:live/invocations`
        : cloud.urlHere(stackOf(door))
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(url, { method: 'POST', headers, body: '{}' })).status).toBe(403)
  })

  it.each<[string, () => Promise<Identity>]>([
    ['a wrong secret', async () => ({ ...caller, secretAccessKey: 'wrong'.repeat(8) })],
    ['no right', () => createUser(cloud.aws, `no-${door}`, policyOf('s3:GetObject', '*'))],
    ['the role that administers the key', () => cloud.assume('key-admin')],
  ])('who comes with %s is not let in', async (_, identity) => {
    expect(await rejection(signerBy(door, await identity()).sign(signing(3n)))).toMatchObject({
      code: 'REMOTE_SIGNER_DENIED',
      disposition: 'hold',
    })
  })

  it.each([-20, 20])('a request of %d minutes is not taken', async (minutes) => {
    const asked = withClockOff(minutes, () => rejection(signerBy(door).sign(signing(4n))))
    expect(await asked).toMatchObject({ code: 'REMOTE_SIGNER_CLOCK_SKEWED' })
  })
})

describe('a private API', () => {
  it('does not let in its own caller from elsewhere than its endpoints', async () => {
    expect(await rejection(signerBy('a private API').sign(signing(5n)))).toMatchObject({
      code: 'REMOTE_SIGNER_DENIED',
    })
  })
})

describe('the ledger of the stack', () => {
  /** By Invoke as the root of the account: a signer would ask again until its time is over. */
  const answerTo = async (sequenceNumber: bigint, amount: string): Promise<unknown> => {
    const { message } = signing(sequenceNumber, amountOf(amount))
    const client = new LambdaClient(cloud.aws.clientConfig())
    const FunctionName = stackOf('a function URL').outputs['FunctionAliasArn']
    const Payload = JSON.stringify(asking(message))
    const { Payload: told } = await client.send(new InvokeCommand({ FunctionName, Payload }))
    client.destroy()
    return JSON.parse(told?.transformToString() ?? '')
  }

  it('lets nobody have another payload under the same sequence number', async () => {
    const signed = { signature: expect.any(String) }
    expect(await answerTo(10n, '1.0')).toMatchObject(signed)
    expect(await answerTo(10n, '2.0')).toMatchObject({ error: { code: 'LEDGER_CONFLICT' } })
    expect(await answerTo(10n, '1.0')).toMatchObject(signed)
    expect(await answerTo(11n, '2.0')).toMatchObject(signed)
  })

  it('is kept with what it remembers when the stack is deleted, and nothing answers', async () => {
    const { kept } = await cloud.remove('remote-signer', 'signer-1')
    const TableName = kept.find(({ type }) => type === 'AWS::DynamoDB::Table')?.physicalId
    const client = new DynamoDBClient(cloud.aws.clientConfig())
    const { Items = [] } = await client.send(new ScanCommand({ TableName }))
    client.destroy()
    const ids = Items.map(({ id }) => id?.S)
    expect(ids).toEqual(expect.arrayContaining([`number#${address}#3#10`]))
    const asked = signerBy('a function URL').publicKey()
    expect(await rejection(asked)).toMatchObject({ disposition: 'hold' })
  })
})
