/** Where the new key of a rotation comes from, and how the old one ends: on a real KMS endpoint and chain. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  KMSClient,
  ListKeysCommand,
  ReplicateKeyCommand,
} from '@aws-sdk/client-kms'
import { KmsAuthorizer } from '../../src/index.ts'
import {
  accountKeyOf,
  createAccount,
  createKey,
  emulatorPayer,
  type KmsRetirementOptions,
  kmsRetirement,
  kmsVault,
  rewrapSealedKeys,
  wrappingKeyRetirement,
} from '../../src/provisioning/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createFileKeyStore, createSealedKeys } from '../../src/signers/sealed-key/index.ts'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { type Emulator, startEmulator } from '../../src/testing/start-emulator.ts'
import {
  prepareTransaction,
  sendTransaction,
  signTransaction,
} from '../../src/transactions/index.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'

const program = fileURLToPath(new URL('../support/rotation-vault-process.mjs', import.meta.url))
const DAY_MS = 86_400_000
const check = { revokedAt: Date.now() - 8 * DAY_MS }
const message = { message: new Uint8Array(9), hashAlgorithm: 'SHA3_256' } as const
const code = (expected: string, context: object = {}) =>
  expect.objectContaining({ code: expected, context: expect.objectContaining(context) })

let flow: Emulator
let aws: Aws
let client: KMSClient
let folder: string

beforeAll(async () => {
  process.env['CLOUDTRAIL_RECORDING'] = '1'
  const starting = startEmulator({ blockTimeMs: 50, extraFlags: ['--storage-limit=false'] })
  ;[flow, aws] = await Promise.all([
    starting,
    startAws({ services: ['kms', 'sts', 'iam', 'cloudtrail'] }),
  ])
  client = new KMSClient(aws.clientConfig())
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-rotation-'))
})

afterAll(async () => {
  client?.destroy()
  await Promise.all([flow?.stop(), aws?.stop()])
  await rm(folder, { recursive: true, force: true })
})

const allKeys = async () => ((await client.send(new ListKeysCommand({}))).Keys ?? []).length
const stateOf = async (KeyId: string, of = client) =>
  (await of.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState

function start(task: object): ChildProcess & { readonly lines: AsyncIterable<string> } {
  const options = JSON.stringify({ clientConfig: aws.clientConfig(), ...task })
  const child = spawn(process.execPath, [program, options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return Object.assign(child, { lines: createInterface(child.stdout) })
}

/** The old key is on a new account beside another, which can revoke it. */
async function openAccount() {
  const [old, made] = [await createKey({ client }), await createKey({ client })]
  const keys = await Promise.all(
    [old, made].map(({ keyArn }) => accountKeyOf({ client, keyId: keyArn, weight: 1000 })),
  )
  const payer = await emulatorPayer({ accessNode: flow.url })
  const { address } = await createAccount({ accessNode: flow.url, payer, keys, client })
  const retirement = (options: Partial<KmsRetirementOptions> = {}) =>
    // With an alias it has all its parts.
    kmsRetirement({
      client,
      keyId: old.keyArn,
      alias: 'alias/rotated',
      accessNode: flow.url,
      trail: aws.clientConfig(),
      ...options,
    }) as Required<ReturnType<typeof kmsRetirement>>
  return { old, made, address, retirement, revoke: () => revoke(made.keyArn, address) }
}

async function revoke(keyArn: string, address: string) {
  const { url: accessNode } = flow
  const authorizer = new KmsAuthorizer(client, keyArn, { accessNode })
  const { transaction } = await prepareTransaction({
    accessNode,
    cadence:
      'transaction { prepare(account: auth(RevokeKey) &Account) { account.keys.revoke(keyIndex: 0) } }',
    arguments: [],
    proposer: { address, keyIndex: 1 },
    payer: address,
    authorizers: [address],
    computeLimit: 100,
  })
  const signed = await signTransaction({ authorizer, address, transaction, keyIndexes: [1] })
  await sendTransaction({ accessNode, transaction: signed })
}

describe('kmsVault', () => {
  it('makes one key for one id, whoever asks and however often', async () => {
    const before = await allKeys()
    const { reference } = await kmsVault({ client }).create({ id: '1'.repeat(16) })
    expect(await kmsVault({ client }).create({ id: '1'.repeat(16) })).toEqual({ reference })
    expect(await allKeys()).toBe(before + 1)
    const other = await kmsVault({ client }).create({ id: '2'.repeat(16) })
    expect(other.reference).not.toBe(reference)
    expect(await kmsVault({ client }).open(reference).sign(message)).toHaveLength(64)
  })

  it('finds the key that a killed process asked for and never heard of', async () => {
    const before = await allKeys()
    const id = '3'.repeat(16)
    await using proxy = await startFaultProxy({ target: aws.endpoint })
    const clientConfig = { ...aws.clientConfig(), endpoint: proxy.url }
    const child = start({ task: 'key', id, clientConfig })
    const ended = once(child, 'close')
    proxy.setFault(({ headers }) => {
      if (headers['x-amz-target'] !== 'TrentService.CreateKey') return undefined
      child.kill('SIGKILL')
      return { kind: 'lose-reply' }
    })
    expect(await ended).toEqual([null, 'SIGKILL'])
    // The request is on its way to KMS when the process ends.
    while ((await allKeys()) === before) await new Promise(setImmediate)
    const again = start({ task: 'key', id })
    const said: string[] = []
    for await (const line of again.lines) said.push(line)
    expect(said).toEqual([(await kmsVault({ client }).create({ id })).reference])
    expect(await allKeys()).toBe(before + 1)
  }, 60_000)
})

describe('kmsRetirement', () => {
  it('moves the alias under a signer that runs, which stops when its key is disabled', async () => {
    const { old, made, address, retirement, revoke } = await openAccount()
    const { moveAlias, tagAccount, disable } = retirement()
    await client.send(
      new CreateAliasCommand({ AliasName: 'alias/rotated', TargetKeyId: old.keyId }),
    )
    const running = createAwsKmsSigner({ client, keyId: 'alias/rotated' })
    await running.sign(message)
    await revoke()
    for (const text of ['names', 'already'])
      expect(await moveAlias({ reference: made.keyArn })).toEqual({
        done: true,
        text: expect.stringContaining(text),
      })
    expect(Buffer.from((await running.publicKey()).bytes).toString('hex')).toBe(old.publicKey)
    expect(await running.sign(message)).toHaveLength(64)
    const started = createAwsKmsSigner({ client, keyId: 'alias/rotated' })
    expect(Buffer.from((await started.publicKey()).bytes).toString('hex')).toBe(made.publicKey)
    await client.send(new CreateKeyCommand({})) // any other
    const facts = {
      ...{ chainId: 'flow-emulator', address, newReference: made.keyArn },
      newKeys: [{ keyIndex: 1, weight: 1000 }],
    }
    expect(await tagAccount(facts)).toMatchObject({ done: true })
    expect(await disable(check)).toMatchObject({ done: true })
    await expect(running.sign(message)).rejects.toEqual(code('KEY_DISABLED'))
    expect(await started.sign(message)).toHaveLength(64)
  }, 60_000)

  it('keeps the old key by account, by tag and by recent use, and then deletes it', async () => {
    const { old, address, retirement, revoke } = await openAccount()
    const refused = (reason: string) =>
      code('KEY_STILL_USED', { reference: old.keyArn, reason: expect.stringContaining(reason) })
    const { tagAccount, disable, unused, remove } = retirement()
    // createAccount has put the tag on it.
    for (const part of [disable, remove])
      await expect(part(check)).rejects.toEqual(
        refused(`${address} of flow-emulator has it unrevoked`),
      )
    const facts = { chainId: 'flow-emulator', address, newReference: 'none', newKeys: [] }
    expect(await tagAccount(facts)).toMatchObject({ done: false })
    await revoke()
    expect(await tagAccount(facts)).toMatchObject({ done: true })
    expect(await stateOf(old.keyArn)).toBe('Enabled')

    const signer = createAwsKmsSigner({ client, keyId: old.keyArn })
    await signer.sign(message)
    await disable(check)
    await expect(signer.sign(message)).rejects.toEqual(code('KEY_DISABLED'))
    expect(await unused(check)).toMatchObject({
      unused: false,
      reason: expect.stringContaining('asked for Sign with it'),
    })
    await expect(remove(check)).rejects.toEqual(refused('asked for Sign with it'))
    const silent = kmsRetirement({ client, keyId: old.keyArn, accessNode: flow.url })
    await expect(silent.remove?.(check)).rejects.toEqual(refused('does not know GetKeyLastUsage'))
    expect(await stateOf(old.keyArn)).toBe('Disabled')

    const hasty = retirement({ unusedForDays: 0, pendingWindowInDays: 7 })
    expect(await hasty.remove(check)).toMatchObject({ done: true })
    expect(await hasty.remove(check)).toMatchObject({ text: expect.stringContaining('already') })
    expect(await hasty.disable(check)).toMatchObject({ done: true })
    expect(await stateOf(old.keyArn)).toBe('PendingDeletion')
  }, 60_000)

  it('deletes a key of which CloudTrail tells no use', async () => {
    const { old, address, retirement, revoke } = await openAccount()
    await revoke()
    const { disable, unused, remove } = retirement({ addresses: [address] })
    await disable(check)
    expect(await unused(check)).toMatchObject({ unused: true })
    expect(await remove(check)).toMatchObject({ done: true })
    expect(await stateOf(old.keyArn)).toBe('PendingDeletion')
  }, 60_000)

  it('leaves a primary that has a replica, and deletes it after the replica', async () => {
    const { keyArn } = await createKey({ client, multiRegion: true })
    await client.send(new ReplicateKeyCommand({ KeyId: keyArn, ReplicaRegion: 'eu-west-1' }))
    const options = { accessNode: flow.url, unusedForDays: 0 }
    const primary = kmsRetirement({ ...options, client, keyId: keyArn })
    await expect(primary.remove?.(check)).rejects.toEqual(
      code('KEY_STILL_USED', { reason: expect.stringContaining('replicas in eu-west-1') }),
    )
    const there = new KMSClient({ ...aws.clientConfig(), region: 'eu-west-1' })
    const replicaArn = keyArn.replace('us-east-1', 'eu-west-1')
    const replica = kmsRetirement({ ...options, client: there, keyId: replicaArn })
    expect(await replica.remove?.(check)).toMatchObject({ done: true })
    expect(await stateOf(replicaArn, there)).toBe('PendingDeletion')
    expect(await primary.remove?.(check)).toMatchObject({ done: true })
    there.destroy()
  }, 60_000)
})

describe('rewrapSealedKeys', () => {
  const COUNT = 40

  it('gives 40 records another key, also when it is killed in the middle', async () => {
    const [from, to] = await Promise.all(
      [1, 2].map(async () => (await client.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? ''),
    )
    if (from === undefined || to === undefined) throw new Error('MiniStack made no key')
    const store = await createFileKeyStore({ folder })
    const before = createSealedKeys({ kms: client, keyId: from, store })
    const ids = Array.from({ length: COUNT }, (_, index) => `wallet-${index}`)
    const made = new Map<string, string>()
    for (const id of ids)
      made.set(id, (await before.create(id, { algorithm: 'ECDSA_P256' })).publicKey)

    const child = start({ task: 'rewrap', folder, from, to, killAt: COUNT / 2 })
    expect(await once(child, 'close')).toEqual([null, 'SIGKILL'])

    const keys = createSealedKeys({ kms: client, keyId: to, alsoOpens: [from], store })
    const trail = aws.clientConfig()
    const retirement = wrappingKeyRetirement({ client, keyId: from, keys, trail })
    await expect(retirement.disable?.(check)).rejects.toEqual(
      code('KEY_STILL_USED', { reason: expect.stringMatching(/^\d+ records are under it/) }),
    )
    const options = { keys, from, to }
    const plan = await rewrapSealedKeys({ ...options, stopBefore: 'rewrap' })
    const left = plan.records[from] ?? 0
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThan(COUNT)
    expect(plan.records[to]).toBe(COUNT - left)

    const report = await rewrapSealedKeys({ ...options, retirement })
    expect(report).toMatchObject({
      ...{ state: 'waiting-until-unused', step: 'unused', rewrapped: left, invalid: [] },
      records: { [to]: COUNT },
      notes: expect.arrayContaining([expect.stringContaining('asked for Decrypt with it')]),
    })
    expect(await stateOf(from)).toBe('Disabled')
    for (const id of ids) {
      const signer = keys.signer(id)
      expect(Buffer.from((await signer.publicKey()).bytes).toString('hex')).toBe(made.get(id))
      expect(await signer.sign(message)).toHaveLength(64)
    }

    const hasty = wrappingKeyRetirement({ client, keyId: from, keys, unusedForDays: 0 })
    const done = await rewrapSealedKeys({ ...options, retirement: hasty })
    expect(done).toMatchObject({ state: 'done', rewrapped: 0, records: { [to]: COUNT } })
    expect(await stateOf(from)).toBe('PendingDeletion')
  }, 120_000)
})
