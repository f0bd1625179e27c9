import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateKeyCommand, DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import {
  hexToBytes,
  importPublicKey,
  userMessage,
  verifySignature,
} from '../../src/crypto/index.ts'
import { emulatorPayer, sendFlow, type Wallet } from '../../src/provisioning/index.ts'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { type Emulator, startEmulator } from '../../src/testing/start-emulator.ts'

import { countAccountsMade } from '../support/accounts-made.ts'

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const SECRET = 'wJalrXUtnFEMI-K7MDENG-secret'

let flow: Emulator
let aws: Aws
let folder: string
let sealed: readonly string[]

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      AWS_CONFIG_FILE: join(folder, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_REGION: aws.region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: SECRET,
      FLOW_ACCESS_NODE: flow.url,
    },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (text) => {
    stdout += text
  })
  child.stderr.on('data', (text) => {
    stderr += text
  })
  const ended = new Promise<{ stdout: string; stderr: string; exitCode: number | null }>(
    (resolve, reject) => {
      child.on('error', reject)
      child.on('close', (exitCode) => resolve({ stdout, stderr, exitCode }))
    },
  )
  return { child, ended }
}

async function cli(...args: readonly string[]) {
  const ended = await start(['wallets', ...args]).ended
  expect(ended.stdout + ended.stderr).not.toMatch(/\n\s+at /)
  expect(ended.stdout + ended.stderr).not.toContain(SECRET)
  return ended
}

async function json(...args: readonly string[]) {
  const { stdout, exitCode, stderr } = await cli(...args, '--json')
  return { value: JSON.parse(stdout), exitCode, stderr }
}

beforeAll(async () => {
  if (!existsSync(program))
    throw new Error('dist/cli/main.js is missing: run `npm run build` first.')
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-wallets-cli-'))
  const services = ['kms', 'sts', 's3']
  ;[flow, aws] = await Promise.all([startEmulator({ blockTimeMs: 100 }), startAws({ services })])
  const client = new KMSClient(aws.clientConfig())
  const arn = (await client.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? ''
  client.destroy()
  sealed = ['--folder', 'wallets', '--wrapping-key', arn]
})
afterAll(async () => {
  await Promise.all([flow?.stop(), aws?.stop()])
  await rm(folder, { recursive: true, force: true })
})

const publicKeyOf = (hex: string) => importPublicKey(hexToBytes(hex, 'key'), 'ECDSA_secp256k1')

describe('fcl-kms wallets', () => {
  it('makes sixty wallets, killed twice on the way, each with an account of its own', async () => {
    const create = ['create', ...sealed, '--count', '60', '--prefix', 'user-', '--batch', '10']
    const all = [...create, '--payer', 'emulator']
    for (let killed = 0; killed < 2; killed++) {
      const { child, ended } = start(['wallets', ...all])
      // When the first transaction of this run is told, the second is on its way.
      child.stderr.once('data', () => child.kill('SIGKILL'))
      expect(await ended).toMatchObject({ exitCode: null })
    }
    const { value, exitCode, stderr } = await json(...all)
    expect(exitCode).toBe(0)
    expect(value.created).toBeLessThan(60)
    expect(stderr).toMatch(/60 of 60 wallets, transaction [0-9a-f]{64}\n$/)
    const made: readonly Wallet[] = value.wallets
    expect(new Set(made.map(({ address }) => address)).size).toBe(60)
    expect(await countAccountsMade(flow.url)).toBe(60)
    expect((await json(...all)).value).toMatchObject({ created: 0, transactionIds: [] })
  }, 120_000)

  it('lists them, finds one, and shows it', async () => {
    const { value } = await json('list', '--folder', 'wallets', '--prefix', 'user-5')
    expect(value.wallets).toHaveLength(11)
    const [{ address, id }] = value.wallets
    const found = await json('list', '--folder', 'wallets', '--address', address)
    expect(found.value).toEqual({ wallets: [value.wallets[0]] })
    const { stdout, exitCode } = await cli('show', ...sealed, '--id', id)
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/balance +0\.00100000 FLOW\n[\s\S]*can authorize +yes\n$/)
  })

  it('signs a message that the public key of the wallet verifies', async () => {
    const { value } = await json('sign', ...sealed, '--id', 'user-7', '--text', 'hello')
    const { publicKey, address } = (await json('show', ...sealed, '--id', 'user-7')).value
    expect(value).toEqual([expect.objectContaining({ addr: address, keyId: 0 })])
    const signature = hexToBytes(value[0].signature, 'signature')
    const message = userMessage(new TextEncoder().encode('hello'))
    expect(verifySignature(publicKeyOf(publicKey), message, 'SHA3_256', signature)).toBe(true)
    signature[0] = (signature[0] ?? 0) ^ 1
    expect(verifySignature(publicKeyOf(publicKey), message, 'SHA3_256', signature)).toBe(false)
  })

  it('has a wallet in KMS: made once, funded, and it moves its FLOW once', async () => {
    const treasury = ['--payer', 'emulator']
    const alice = ['--key', 'alias/alice']
    const created = await json('create', ...alice, ...treasury)
    expect(created.value).toMatchObject({ createdKey: true, createdAccount: true })
    const { address } = created.value
    const again = await json('create', ...alice, ...treasury)
    expect(again.value).toMatchObject({ createdKey: false, createdAccount: false, address })
    const shown = await json('show', ...alice)
    expect(shown.value).toMatchObject({ key: 'alias/alice', account: { canAuthorize: true } })

    const accessNode = flow.url
    const payer = await emulatorPayer({ accessNode })
    await sendFlow({ accessNode, ...payer, to: address, amount: '1' })
    const balance = async () =>
      BigInt((await json('show', ...sealed, '--id', 'user-1')).value.account.balance)
    const before = await balance()
    const { address: to } = (await json('show', ...sealed, '--id', 'user-1')).value
    const send = ['send', ...alice, '--to', to, '--amount', '0.25', '--out', 'sent.rlp']
    const sent = await json(...send)
    expect(sent).toMatchObject({ exitCode: 0, value: { from: address, to, amount: '0.25000000' } })
    expect(sent.stderr).toBe(`transaction ${sent.value.transactionId}\n`)
    // The same bytes again are the same transfer.
    const resent = await start(['transactions', 'send', '--in', 'sent.rlp', '--json']).ended
    expect(JSON.parse(resent.stdout).transactionId).toBe(sent.value.transactionId)
    expect((await balance()) - before).toBe(25_000_000n)
    // The same line again would be a second transfer, and end the bytes of the first.
    const bytes = await readFile(join(folder, 'sent.rlp'))
    const refused = (await json(...send)).value.error
    expect(refused).toMatchObject({ code: 'INVALID_OPTION', context: { option: '--out' } })
    expect(refused.message).toContain('transactions send --in')
    expect(await readFile(join(folder, 'sent.rlp'))).toEqual(bytes)
    expect((await balance()) - before).toBe(25_000_000n)
    const poor = await json('send', ...alice, '--to', to, '--amount', '5', ...treasury)
    expect(poor.value.error.code).toBe('TRANSACTION_FAILED')
  })

  it('makes one account for a key in KMS, however many runs make it at once', async () => {
    const before = await countAccountsMade(flow.url)
    const create = ['create', '--key', 'alias/race', '--payer', 'emulator']
    const runs = await Promise.all([1, 2, 3].map(() => json(...create)))
    const lost = runs.flatMap(({ value }) => value.error?.code ?? [])
    // Whose alias was made a moment later has a key without one, which the error names.
    const codes = ['WALLET_CLAIMED', 'KEY_CREATION_INCOMPLETE', 'INVALID_OPTION']
    expect(lost.filter((code) => !codes.includes(code))).toEqual([])
    const { value } = await json(...create)
    expect(value).toMatchObject({ createdAccount: false, createdKey: false })
    const told = runs.flatMap(({ value: { address } }) => address ?? [])
    expect(new Set([...told, value.address]).size).toBe(1)
    expect(await countAccountsMade(flow.url)).toBe(before + 1)
  })

  it('keeps sealed keys in a bucket', async () => {
    const s3 = new S3Client({ ...aws.clientConfig(), forcePathStyle: true })
    await s3.send(new CreateBucketCommand({ Bucket: 'wallets' }))
    s3.destroy()
    const [, , ...wrapping] = sealed
    const bucket = [
      '--bucket',
      'wallets',
      '--book',
      'book',
      '--endpoint',
      aws.endpoint,
      ...wrapping,
    ]
    const created = await json('create', ...bucket, '--id', 'bob', '--payer', 'emulator')
    expect(created.value).toMatchObject({ created: 1, wallets: [{ id: 'bob' }] })
    const signed = await json('sign', ...bucket, '--id', 'bob', '--text', 'hello')
    expect(signed.value).toEqual([
      expect.objectContaining({ addr: created.value.wallets[0].address }),
    ])
  })

  it('puts wallets under another KMS key, with which they sign, and ends the old one', async () => {
    const client = new KMSClient(aws.clientConfig())
    const createKey = async () =>
      (await client.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? ''
    const [from, to] = [await createKey(), await createKey()]
    const [before, after] = [from, to].map((arn) => ['--folder', 'moved', '--wrapping-key', arn])
    const ids = ['--id', 'carol', '--id', 'dave']
    await json('create', ...(before ?? []), ...ids, '--payer', 'emulator')

    const rewrap = ['rewrap', ...(before ?? []), '--to', to]
    expect((await json(...rewrap, '--plan')).value.records).toEqual({ [from]: 2 })
    const done = await json(...rewrap, '--retire', '--unused-days', '0', '--pending-days', '7')
    expect(done).toMatchObject({
      exitCode: 0,
      value: { state: 'done', rewrapped: 2, records: { [to]: 2 } },
    })
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: from }))
    expect(KeyMetadata?.KeyState).toBe('PendingDeletion')
    client.destroy()
    const signed = await json('sign', ...(after ?? []), '--id', 'dave', '--text', 'hello')
    expect(signed.exitCode).toBe(0)
  })
})
