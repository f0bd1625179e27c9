import { createHash } from 'node:crypto'
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import {
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { KmsAuthorizer } from '../../src/index.ts'
import {
  createS3KeyStore,
  createSealedKeys,
  createSecretsManagerKeyStore,
  type SealedKeyStore,
} from '../../src/signers/sealed-key/index.ts'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { describeKeyStoreContract } from '../contract/sealed-key-stores.ts'
import { describeSignerContract } from '../contract/signer-contract.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { type FlowChain, noop, startChain } from '../support/flow-chain.ts'
import { createMapStore } from '../support/map-store.ts'
import { algorithms } from '../unit/crypto/independent.ts'

/** Unlike MiniStack's usual `test`, it can be looked for in an error. */
const secretAccessKey = 'a-secret-of-sealed-keys'
const Bucket = 'wallets'
const request = { message: new Uint8Array(100), hashAlgorithm: 'SHA3_256' } as const

let aws: Aws
let chain: FlowChain
let kms: KMSClient
let s3: S3Client
let secrets: SecretsManagerClient
let keyId: string
beforeAll(async () => {
  ;[aws, chain] = await Promise.all([
    startAws({ services: ['kms', 's3', 'secretsmanager', 'sts', 'iam'] }),
    startChain(),
  ])
  const credentials = { accessKeyId: 'test', secretAccessKey }
  kms = new KMSClient({ ...aws.clientConfig(), credentials })
  s3 = new S3Client({ ...aws.clientConfig(), credentials, forcePathStyle: true })
  secrets = new SecretsManagerClient({ ...aws.clientConfig(), credentials })
  await s3.send(new CreateBucketCommand({ Bucket }))
  keyId = await newKey()
})
afterAll(async () => {
  kms?.destroy()
  s3?.destroy()
  secrets?.destroy()
  await Promise.all([aws?.stop(), chain?.[Symbol.asyncDispose]()])
})

const newKey = async () => (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? ''
const bucket = (prefix: string, more = {}) =>
  createS3KeyStore({ client: s3, bucket: Bucket, prefix, ...more })
const open = (store: SealedKeyStore) => createSealedKeys({ kms, keyId, store })

describeKeyStoreContract('the store in S3', async (test) => {
  const prefix = `${createHash('sha256').update(test).digest('hex').slice(0, 16)}/`
  return { store: bucket(prefix), other: bucket(prefix) }
})

const vault = (prefix: string, more = {}) =>
  createSecretsManagerKeyStore({ client: secrets, prefix, ...more })

describeKeyStoreContract('the store in Secrets Manager', async (test) => {
  const prefix = `${createHash('sha256').update(test).digest('hex').slice(0, 16)}/`
  return { store: vault(prefix), other: vault(prefix) }
})

let made = 0
for (const generatedBy of ['here', 'kms'] as const)
  describeSignerContract(`a sealed key made ${generatedBy}, of MiniStack`, async (algorithm) => {
    const keys = open(bucket('contract/'))
    const id = `wallet-${++made}`
    await keys.create(id, { algorithm, generatedBy })
    return { signer: keys.signer(id), secrets: [secretAccessKey] }
  })

describe('an account of two sealed keys, 500 and 500', () => {
  it('seals a transaction, before and after they are wrapped anew', async () => {
    const store = bucket('sealing/')
    const first = open(store)
    for (const algorithm of algorithms) await first.create(algorithm, { algorithm })
    const signers = algorithms.map((algorithm) => first.signer(algorithm))
    const address = await chain.createAccount(
      signers.map((signer, index) => ({
        signer,
        weight: 500,
        hashAlgorithm: index === 0 ? 'SHA3_256' : 'SHA2_256',
      })),
    )
    const send = (of: readonly (typeof signers)[number][]) => {
      const authorizer = KmsAuthorizer.fromSigners(of, { accessNode: chain.url })
      return chain.send({ cadence: noop, authz: authorizer.authorize(address), limit: 100 })
    }
    expect((await send(signers)).errorMessage).toBe('')
    const next = await newKey()
    const both = createSealedKeys({ kms, keyId: next, alsoOpens: [keyId], store })
    expect(await both.rewrap(next)).toEqual({ rewrapped: 2, already: 0, invalid: [] })
    const rewrapped = algorithms.map((algorithm) => both.signer(algorithm))
    expect((await send(rewrapped)).errorMessage).toBe('')
  })
})

describe('what MiniStack wraps, without any integrity of its own,', () => {
  it.each(['here', 'kms'] as const)(
    'is refused with a bit of it flipped, made %s',
    async (generatedBy) => {
      const store = createMapStore()
      const keys = open(store)
      await keys.create('a', { algorithm: 'ECDSA_P256', generatedBy })
      const whole = store.records.get('a') ?? new Uint8Array()
      const end = whole.length - (generatedBy === 'here' ? 92 : 32)
      const start = 8 + 1 + 64 + 1 + keyId.length + 2
      expect(end - start).toBeGreaterThan(100)
      for (let at = start; at < end; at++) {
        const flipped = whole.slice()
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at & 7))
        store.records.set('a', flipped)
        await expect(keys.signer('a').sign(request)).rejects.toMatchObject({
          code: 'SEALED_KEY_INVALID',
        })
      }
      store.records.set('a', whole)
      expect(await keys.signer('a').sign(request)).toHaveLength(64)
    },
    180_000,
  )

  it('opens under no other KMS key, though it answers with some key', async () => {
    const store = createMapStore()
    await open(store).create('a', { algorithm: 'ECDSA_P256' })
    const other = await newKey()
    const record = Buffer.from(store.records.get('a') ?? [])
    const moved = Buffer.from(record.toString('latin1').replace(keyId, other), 'latin1')
    store.records.set('a', new Uint8Array(moved))
    const keys = createSealedKeys({ kms, keyId: other, store })
    await expect(keys.signer('a').sign(request)).rejects.toMatchObject({
      code: 'SEALED_KEY_INVALID',
    })
  })
})

describe('a bucket', () => {
  it('that is not there turns the step away', async () => {
    const keys = open(createS3KeyStore({ client: s3, bucket: 'no-such-bucket' }))
    const refusal = { code: 'STORE_DENIED', disposition: 'hold' }
    await expect(keys.create('a', { algorithm: 'ECDSA_P256' })).rejects.toMatchObject(refusal)
    await expect(keys.rewrap(keyId)).rejects.toMatchObject(refusal)
  })

  it('may hold other objects, which are no wallets', async () => {
    for (const name of ['README.md', 'A', 'a/b', ''])
      await s3.send(new PutObjectCommand({ Bucket, Key: `mixed/${name}`, Body: 'something' }))
    await s3.send(
      new PutObjectCommand({ Bucket, Key: 'mixed/large', Body: Buffer.alloc(3_000_000) }),
    )
    const keys = open(bucket('mixed/'))
    await keys.create('wallet', { algorithm: 'ECDSA_P256' })
    const listed = []
    for await (const one of keys.list()) listed.push(one)
    expect(listed).toMatchObject([{ id: 'large', invalid: true }, { id: 'wallet' }])
    await expect(keys.signer('large').sign(request)).rejects.toMatchObject({
      code: 'SEALED_KEY_INVALID',
    })
  })

  it('that hangs, resets or fails has an end, and the wallet is whole or not there', async () => {
    const proxy = await startFaultProxy({ target: aws.endpoint })
    const client = { ...aws.clientConfig(), endpoint: proxy.url, forcePathStyle: true }
    try {
      const store = createS3KeyStore({
        client,
        bucket: Bucket,
        prefix: 'faults/',
        timeoutMs: 1_500,
      })
      for (const kind of ['blackhole', 'reset-before'] as const) {
        proxy.setFault(() => ({ kind }))
        const creating = open(store).create(`w-${kind}`, { algorithm: 'ECDSA_P256' })
        await expect(creating).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
        proxy.setFault(undefined)
        expect(await open(store).forget(`w-${kind}`)).toBe(false)
      }
    } finally {
      await proxy.stop()
    }
  }, 60_000)
})

describe('Secrets Manager', () => {
  const record = (byte: number) => new Uint8Array(400).fill(byte)

  it('keeps a wallet that signs, also after it is wrapped anew', async () => {
    const keys = open(vault('signing/'))
    const { publicKey } = await keys.create('a', { algorithm: 'ECDSA_P256' })
    const next = await newKey()
    const both = createSealedKeys({
      kms,
      keyId: next,
      alsoOpens: [keyId],
      store: vault('signing/'),
    })
    expect(await both.rewrap(next)).toEqual({ rewrapped: 1, already: 0, invalid: [] })
    expect(await both.signer('a').sign(request)).toHaveLength(64)
    expect(await both.describe('a')).toMatchObject({ publicKey, keyArn: next })
  })

  it.each([
    ['is laid beside it', 'VersionStages'],
    ['becomes the current one', 'MoveToVersionId'],
  ])('keeps what somebody else puts there before the new version %s', async (_, field) => {
    const store = vault(`race-${field}/`)
    const SecretId = `race-${field}/a`
    await store.create('a', record(1))
    let isFirst = true
    secrets.middlewareStack.add(
      (send) => async (args) => {
        if (isFirst && field in args.input) {
          isFirst = false
          await secrets.send(new PutSecretValueCommand({ SecretId, SecretBinary: record(2) }))
        }
        return send(args)
      },
      { step: 'initialize', name: 'other' },
    )
    expect(await store.replace('a', record(1), record(3))).toBe(false)
    secrets.middlewareStack.remove('other')
    expect(isFirst).toBe(false)
    expect(await store.read('a')).toEqual(record(2))
  })

  it('has no wallet whose secret is to be deleted, and makes none in its place', async () => {
    const store = vault('planned/')
    await store.create('a', record(1))
    await secrets.send(new DeleteSecretCommand({ SecretId: 'planned/a', RecoveryWindowInDays: 7 }))
    const denied = { code: 'STORE_DENIED', disposition: 'hold' }
    await expect(store.read('a')).rejects.toMatchObject(denied)
    await expect(store.replace('a', record(1), record(2))).rejects.toMatchObject(denied)
    await expect(store.create('a', record(2))).rejects.toMatchObject(denied)
    expect(await store.list({ limit: 10 })).toEqual({ ids: [] })
  })

  it('takes the content of others for what it is: no wallet', async () => {
    const keys = open(vault('other/'))
    await keys.create('a', { algorithm: 'ECDSA_P256' })
    await secrets.send(new PutSecretValueCommand({ SecretId: 'other/a', SecretString: 'password' }))
    await expect(keys.signer('a').sign(request)).rejects.toMatchObject({
      code: 'SEALED_KEY_INVALID',
    })
    expect(await vault('other/').create('a', record(1))).toBe(false)
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: 'other/a' }))
    expect(SecretString).toBe('password')
  })

  it('that does not answer is given up', async () => {
    const client = { ...aws.clientConfig(), endpoint: 'http://127.0.0.1:1' }
    const store = createSecretsManagerKeyStore({ client, timeoutMs: 300 })
    await expect(store.read('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  it.each([
    ['prefix', 'a b'],
    ['kmsKeyId', ''],
    ['timeoutMs', 0],
    ['client', null],
    ['more', 1],
  ])('takes no %s of %j', (option, value) => {
    expect(() => vault('x/', { [option]: value })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })
})
