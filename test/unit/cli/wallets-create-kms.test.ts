import { run } from '../../../src/cli/run.ts'
import { createAwsKmsSigner } from '../../../src/signers/aws-kms/index.ts'
import { type KmsEndpoint, refusal, startKmsEndpoint } from '../provisioning/kms-endpoint.ts'
import {
  NEW_ADDRESS,
  type NodeEndpoint,
  nodeRefusal,
  PAYER,
  sealed,
  startNodeEndpoint,
} from '../provisioning/node-endpoint.ts'

async function* nothing(): AsyncGenerator<string> {}

const credentials = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'fake' }
const before = Object.keys(credentials).map((name) => [name, process.env[name]] as const)
beforeAll(() => void Object.assign(process.env, credentials))
afterAll(() => {
  for (const [name, value] of before)
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
})

const flowKey = async (kms: KmsEndpoint, keyId: string) => {
  const { bytes } = await createAwsKmsSigner({ client: kms.client, keyId }).publicKey()
  return { publicKey: Buffer.from(bytes).toString('hex'), algorithm: 'ECDSA_secp256k1' }
}

async function setUp(kms: KmsEndpoint, node: NodeEndpoint) {
  const [key, payer] = [kms.addKey(), kms.addKey()]
  kms.setAlias('alias/alice', key)
  node.setKeys(PAYER, [await flowKey(kms, payer)])
  node.setKeys(NEW_ADDRESS, [await flowKey(kms, key)])
  const claim = `alias/fcl-kms-wallet-${key.replace(/^.*key\//, '')}`
  const tags = { [`fcl-kms:account:flow-emulator:${NEW_ADDRESS}`]: 'index=0 weight=1000' }
  const args = ['--key', 'alias/alice', '--payer', PAYER, '--payer-key', payer]
  const where = ['--endpoint', kms.url, '--region', 'us-east-1', '--access-node', node.url]
  const world = { env: {}, signal: new AbortController().signal, note: () => {}, stdin: nothing() }
  const create = async () => {
    const { stdout } = await run(['wallets', 'create', ...args, ...where, '--json'], world)
    return JSON.parse(stdout)
  }
  const sent = () => node.calls.filter((name) => name === 'POST transactions').length
  return { key, claim, tags, create, sent }
}

describe('the account of a key in KMS', () => {
  it('is made under a claim, which is given back', async () => {
    await using kms = await startKmsEndpoint()
    await using node = await startNodeEndpoint()
    const { create, claim, key, sent } = await setUp(kms, node)
    let during: string | undefined
    node.onCall = (name) => {
      if (name === 'POST transactions') during = kms.aliasTarget(claim)
    }
    expect(await create()).toMatchObject({ address: NEW_ADDRESS, createdAccount: true })
    expect(during).toBe(key)
    expect(kms.aliasTarget(claim)).toBeUndefined()
    expect(await create()).toMatchObject({ address: NEW_ADDRESS, createdAccount: false })
    expect(sent()).toBe(1)
  })

  it('is not made while another run has the claim', async () => {
    await using kms = await startKmsEndpoint()
    await using node = await startNodeEndpoint()
    const { create, claim, key, sent } = await setUp(kms, node)
    kms.setAlias(claim, key)
    const context = { keyId: 'alias/alice', alias: claim }
    expect(await create()).toMatchObject({ error: { code: 'WALLET_CLAIMED', context } })
    expect(kms.aliasTarget(claim)).toBe(key)
    expect(sent()).toBe(0)
  })

  it('is the one that the run before has told, when that ended a moment ago', async () => {
    await using kms = await startKmsEndpoint()
    await using node = await startNodeEndpoint()
    const { create, claim, key, tags, sent } = await setUp(kms, node)
    kms.next('CreateAlias', (usual) => {
      kms.setTags(key, tags)
      return usual()
    })
    expect(await create()).toMatchObject({ address: NEW_ADDRESS, createdAccount: false })
    expect(sent()).toBe(0)
    expect(kms.aliasTarget(claim)).toBeUndefined()
  })

  it('is not made for a key that was rotated away on another', async () => {
    await using kms = await startKmsEndpoint()
    await using node = await startNodeEndpoint()
    const { create, key, tags, sent } = await setUp(kms, node)
    kms.setTags(key, tags)
    node.setKeys(NEW_ADDRESS, [{ ...(await flowKey(kms, key)), revoked: true }])
    expect(await create()).toMatchObject({
      error: { code: 'INVALID_OPTION', context: { option: '--key' } },
    })
    expect(sent()).toBe(0)
  })

  it('is not made when nobody can tell whether the key has one', async () => {
    await using kms = await startKmsEndpoint()
    await using node = await startNodeEndpoint()
    const { create, sent } = await setUp(kms, node)
    kms.always('ListResourceTags', refusal('AccessDeniedException'))
    expect(await create()).toMatchObject({ error: { code: 'INVALID_OPTION' } })
    expect(sent()).toBe(0)
  })

  it('is not made by a run that lost the answer to its claim, and asks for it once', async () => {
    await using kms = await startKmsEndpoint()
    await using node = await startNodeEndpoint()
    const { create, claim, key, sent } = await setUp(kms, node)
    kms.next('CreateAlias', (usual) => {
      usual()
      return 'drop'
    })
    expect(await create()).toMatchObject({ error: { code: 'KMS_UNAVAILABLE' } })
    expect([kms.count('CreateAlias'), sent()]).toEqual([1, 0])
    expect(kms.aliasTarget(claim)).toBe(key)
  })
})

describe('the claim', () => {
  it('stays where an account may be there that is not told', async () => {
    await using kms = await startKmsEndpoint()
    await using node = await startNodeEndpoint()
    const { create, claim, key, sent } = await setUp(kms, node)
    node.result = { status: 500, body: { message: 'no state' } }
    expect(await create()).toMatchObject({ error: { code: 'ACCOUNT_CREATION_INCOMPLETE' } })
    expect(kms.aliasTarget(claim)).toBe(key)
    expect(await create()).toMatchObject({ error: { code: 'WALLET_CLAIMED' } })
    expect(sent()).toBe(1)
  })

  it('stays when the tag was denied', async () => {
    await using kms = await startKmsEndpoint()
    await using node = await startNodeEndpoint()
    const { create, claim, key, sent } = await setUp(kms, node)
    kms.always('TagResource', refusal('AccessDeniedException'))
    const warnings = [expect.objectContaining({ code: 'KMS_ACCESS_DENIED' })]
    expect(await create()).toMatchObject({ address: NEW_ADDRESS, warnings })
    expect(kms.aliasTarget(claim)).toBe(key)
    expect(await create()).toMatchObject({ error: { code: 'WALLET_CLAIMED' } })
    expect(sent()).toBe(1)
  })

  it.each([
    ['refused', { post: { status: 400, body: { code: 400, message: nodeRefusal } } }],
    ['failed', { result: sealed([], '[Error Code: 1118] payer balance too low') }],
  ])('is given back when the transaction was %s', async (_, faults) => {
    await using kms = await startKmsEndpoint()
    await using node = await startNodeEndpoint()
    const { create, claim } = await setUp(kms, node)
    Object.assign(node, faults)
    expect(await create()).toHaveProperty('error')
    expect(kms.count('DeleteAlias')).toBe(1)
    expect(kms.aliasTarget(claim)).toBeUndefined()
  })
})
