import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { type Emulator, startEmulator } from '../../src/testing/start-emulator.ts'

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

type Key = { readonly index: number; readonly weight: number; readonly revoked: boolean }
type Ended = { readonly stdout: string; readonly stderr: string; readonly exitCode: number | null }

let flow: Emulator
let aws: Aws
let folder: string

/** @param killAt - Killed by SIGKILL as soon as it tells this on stderr. */
function run(
  args: readonly string[],
  { killAt, env = {} }: { killAt?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      AWS_CONFIG_FILE: join(folder, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      AWS_ENDPOINT_URL_KMS: aws.endpoint,
      AWS_ENDPOINT_URL_CLOUDTRAIL: aws.endpoint,
      AWS_REGION: aws.region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      FLOW_ACCESS_NODE: flow.url,
      ...env,
    },
  })
  return new Promise((resolve, reject) => {
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (text) => {
      stdout += text
    })
    child.stderr.on('data', (text) => {
      stderr += text
      if (killAt !== undefined && stderr.includes(killAt)) child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ stdout, stderr, exitCode }))
  })
}

async function json(args: readonly string[], exitCode = 0) {
  const ended = await run([...args, '--json'])
  expect({ ...ended, stdout: ended.exitCode === exitCode ? '' : ended.stdout }).toMatchObject({
    exitCode,
    stdout: '',
  })
  return JSON.parse(ended.stdout)
}

async function keysOf(address: string): Promise<readonly Key[]> {
  const { keys } = await json(['accounts', 'show', '--address', address])
  return keys.map(({ index, weight, revoked }: Key) => ({ index, weight, revoked }))
}

/** An account with these aliases, each a new key, at these weights. */
async function account(weights: Readonly<Record<string, number>>) {
  const options: string[] = []
  for (const [alias, weight] of Object.entries(weights)) {
    await json(['keys', 'create', '--alias', alias])
    options.push('--key', alias, '--weight', String(weight))
  }
  const create = ['accounts', 'create', '--network', 'emulator', '--payer', 'emulator']
  const { address } = await json([...create, ...options])
  return address as string
}

beforeAll(async () => {
  if (!existsSync(program))
    throw new Error('dist/cli/main.js is missing: run `npm run build` first.')
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-rotate-'))
  ;[flow, aws] = await Promise.all([startEmulator({ blockTimeMs: 50 }), startAws()])
})

afterAll(async () => {
  await Promise.all([flow?.stop(), aws?.stop()])
  await rm(folder, { recursive: true, force: true })
})

describe('fcl-kms keys rotate', () => {
  it('plans, survives a kill, and ends with the old key disabled and its alias moved', async () => {
    const address = await account({ 'alias/minter': 1000 })
    await json([
      'accounts',
      'add-proposal-keys',
      '2',
      '--address',
      address,
      '--key',
      'alias/minter',
    ])
    const { keyArn } = await json(['keys', 'show', '--key', 'alias/minter'])
    const whose = ['--address', address, '--key', keyArn, '--old-key', keyArn]
    const before = await keysOf(address)

    const plan = await run(['keys', 'rotate', '--plan', '--address', address, '--old-key', keyArn])
    expect(plan).toMatchObject({ stderr: '', exitCode: 0 })
    expect(plan.stdout).toMatch(/^ {2}swap +one transaction/m)
    expect(await keysOf(address)).toEqual(before)

    const ends = ['--alias', 'alias/minter', '--unused-days', '0', '--pending-days', '7']
    const killed = await run(['keys', 'rotate', ...whose, ...ends], { killAt: '\ndrain: ' })
    expect(killed.exitCode).toBeNull()
    const status = await json(['keys', 'rotate', 'status', '--address', address])
    expect(status).toMatchObject({ address, state: 'stopped' })

    const done = await json(['keys', 'rotate', 'resume', ...whose, ...ends])
    expect(done).toMatchObject({ state: 'done', id: status.id })
    const after = await keysOf(address)
    expect(after.filter(({ index }) => index < before.length)).toEqual(
      before.map((key) => ({ ...key, revoked: true })),
    )
    expect(after.filter(({ weight, revoked }) => weight > 0 && !revoked)).toEqual([
      { index: done.newKey.weightedIndex, weight: 1000, revoked: false },
    ])
    const moved = await json(['keys', 'show', '--key', 'alias/minter'])
    expect(moved).toMatchObject({ keyArn: done.newKey.reference, state: 'Enabled' })
    expect((await json(['keys', 'show', '--key', keyArn])).state).toBe('PendingDeletion')

    // The alias names the new key now: nothing is to be done to that one.
    const again = ['--address', address, '--key', 'alias/minter', '--old-key', 'alias/minter']
    const next = await json(['keys', 'rotate', ...again, '--stop-before', 'create'])
    expect(next.plan.old.publicKey).toBe(done.newKey.publicKey)
  })

  it.each(['SECRETPW', 'mysql://me:SECRETPW@127.0.0.1/x', 'postgres://me:SECRETPW@[/x'])(
    'says of a DATABASE_URL such as %s that it is none, and does not quote it',
    async (DATABASE_URL) => {
      const args = ['--address', '0xf8d6e0586b0a20c7', '--database', '--json']
      const { stdout, stderr, exitCode } = await run(['keys', 'rotate', 'status', ...args], {
        env: { DATABASE_URL },
      })
      expect(exitCode).toBe(2)
      expect(stdout + stderr).not.toContain('SECRETPW')
    },
  )

  it('goes back when it is told to', async () => {
    const address = await account({ 'alias/back': 1000 })
    const whose = ['--address', address, '--key', 'alias/back']
    const stopped = ['--old-key', 'alias/back', '--stop-before', 'sign']
    const { newKey } = await json(['keys', 'rotate', ...whose, ...stopped])
    expect(await keysOf(address)).toHaveLength(2)
    const aborted = await json(['keys', 'rotate', 'abort', ...whose])
    expect(aborted).toMatchObject({ state: 'aborted' })
    expect(JSON.stringify(aborted.history)).toContain(newKey.reference)
    expect(await keysOf(address)).toEqual([
      { index: 0, weight: 1000, revoked: false },
      { index: 1, weight: 0, revoked: true },
    ])
  })

  it('stops where another party must sign, and goes on with the file that comes back', async () => {
    const address = await account({ 'alias/ours': 500, 'alias/theirs': 500 })
    const whose = ['--address', address, '--key', 'alias/ours', '--old-key', 'alias/ours']
    const [file, signed] = [join(folder, 'out.rlp'), join(folder, 'signed.rlp')]
    const args = [...whose, '--out', file, '--stop-before', 'alias']
    const sign = ['sign', 'transaction', '--address', address, '--key', 'alias/theirs', '--partial']
    const purposes: string[] = []
    let ended = await run(['keys', 'rotate', ...args, '--json'])
    while (ended.exitCode === 3 && purposes.length < 5) {
      const report = JSON.parse(ended.stdout)
      expect(report).toMatchObject({ state: 'waiting-for-signatures', toSign: { out: file } })
      purposes.push(report.toSign.purpose)
      expect((await run([...sign, '--in', file, '--out', signed])).exitCode).toBe(0)
      ended = await run(['keys', 'rotate', 'resume', ...args, '--signed', signed, '--json'])
    }
    expect(ended).toMatchObject({ exitCode: 0 })
    expect(purposes).toEqual(['add', 'prove', 'swap'])
    const held = (await keysOf(address)).filter(({ weight, revoked }) => weight > 0 && !revoked)
    expect(held.map(({ weight }) => weight)).toEqual([500, 500])
  })

  it('cuts a key off that is disabled already, by the others, where these reach 1,000', async () => {
    const address = await account({ 'alias/x': 500, 'alias/y': 500, 'alias/z': 500 })
    const { keyArn, publicKey } = await json(['keys', 'show', '--key', 'alias/x'])
    const client = new KMSClient(aws.clientConfig())
    await client.send(new DisableKeyCommand({ KeyId: keyArn }))
    client.destroy()
    const signers = ['--key', 'alias/y', '--key', 'alias/z']
    const rotate = ['keys', 'rotate', '--emergency', '--address', address, ...signers]
    const ends = ['--unused-days', '0', '--pending-days', '7']
    const done = await json([...rotate, '--old-key', keyArn, '--public-key', publicKey, ...ends])
    expect(done).toMatchObject({ state: 'done', plan: { mode: 'cut' } })
    expect((await keysOf(address)).filter(({ weight }) => weight > 0)).toEqual([
      { index: 0, weight: 500, revoked: true },
      { index: 1, weight: 500, revoked: false },
      { index: 2, weight: 500, revoked: false },
      { index: done.newKey.weightedIndex, weight: 500, revoked: false },
    ])
    expect((await json(['keys', 'show', '--key', keyArn])).state).toBe('PendingDeletion')
    const { error } = await json([...rotate, '--old-key', 'alias/y', '--public-key', publicKey], 2)
    expect(error).toMatchObject({ code: 'INVALID_OPTION', context: { option: '--public-key' } })
  })

  it('replaces a key that is lost, by the others alone', async () => {
    const address = await account({ 'alias/lost': 500, 'alias/f': 500, 'alias/g': 500 })
    const { publicKey } = await json(['keys', 'show', '--key', 'alias/lost'])
    const signers = ['--key', 'alias/f', '--key', 'alias/g']
    const whose = ['--address', address, ...signers, '--public-key', publicKey]
    const done = await json(['keys', 'rotate', ...whose])
    expect(done).toMatchObject({ state: 'done', plan: { mode: 'swap' } })
    const held = (await keysOf(address)).filter(({ weight, revoked }) => weight > 0 && !revoked)
    expect(held.map(({ index }) => index)).toEqual([1, 2, done.newKey.weightedIndex])
    expect((await json(['keys', 'show', '--key', 'alias/lost'])).state).toBe('Enabled')
  })

  it.each([
    ['without an old key', [], '--old-key'],
    ['with two new keys', ['--new-key', 'a', '--new-sealed', 'ECDSA_P256'], '--new-sealed'],
    ['with a schema and no database', ['--schema', 'x'], '--schema'],
    ['with a database that is not named', ['--database'], '--database'],
    ['with a folder and no sealed key', ['--folder', 'x'], '--folder'],
  ])('is refused %s', async (_, args, option) => {
    const old = option === '--old-key' ? [] : ['--public-key', 'ab'.repeat(64)]
    const whose = ['--address', '0xf8d6e0586b0a20c7', '--key', 'alias/none']
    const { error } = await json(['keys', 'rotate', ...whose, ...old, ...args], 2)
    expect(error).toMatchObject({ code: 'INVALID_OPTION', context: { option } })
  })
})
