/** CloudTrail's Sign events as MiniStack records them, against what our own signers wrote down. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { CreateAliasCommand, CreateKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms'
import { run } from '../../src/cli/run.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import type { SignReport } from '../../src/signers/signer.ts'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'

let aws: Aws
let client: KMSClient
let folder: string
let keyArn: string

/** What a user's own `onSign` would write. */
async function signed(count: number): Promise<readonly string[]> {
  const signer = createAwsKmsSigner({ client, keyId: 'alias/minter' })
  const lines: string[] = []
  for (let index = 0; index < count; index++) {
    const message = new TextEncoder().encode(`message ${index}`)
    const onReport = ({ keyId, ...report }: SignReport) =>
      lines.push(
        JSON.stringify({ at: Date.now(), signerId: signer.id, backendKeyId: keyId, ...report }),
      )
    await signer.sign({ message, hashAlgorithm: 'SHA3_256', onReport })
  }
  return lines
}

async function reconciled(lines: readonly string[], ...args: readonly string[]) {
  const records = join(folder, 'signatures.jsonl')
  await writeFile(records, lines.map((line) => `${line}\n`).join(''))
  const all = ['audit', 'reconcile', '--records', records, ...args]
  const { stdout, stderr, exitCode } = await run(
    [...all, '--endpoint', aws.endpoint, '--region', aws.region],
    {
      env: {},
      signal: new AbortController().signal,
      note: () => undefined,
      stdin: Readable.from([]),
    },
  )
  return { stdout, stderr, exitCode }
}

beforeAll(async () => {
  process.env['CLOUDTRAIL_RECORDING'] = '1'
  process.env['AWS_ACCESS_KEY_ID'] = 'test'
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test'
  aws = await startAws({ services: ['kms', 'sts', 'iam', 'cloudtrail'] })
  client = new KMSClient(aws.clientConfig())
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-reconcile-'))
  const made = await client.send(
    new CreateKeyCommand({ KeySpec: 'ECC_SECG_P256K1', KeyUsage: 'SIGN_VERIFY' }),
  )
  keyArn = made.KeyMetadata?.Arn ?? ''
  await client.send(new CreateAliasCommand({ AliasName: 'alias/minter', TargetKeyId: keyArn }))
})

afterAll(async () => {
  client.destroy()
  await aws[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

describe('fcl-kms audit reconcile', () => {
  it('agrees when every Sign event is one of ours, and alarms at one that is not', async () => {
    const lines = await signed(3)
    const agreed = await reconciled(lines, '--key', 'alias/minter', '--json')
    expect(agreed).toMatchObject({ exitCode: 0, stderr: '' })
    expect(JSON.parse(agreed.stdout)).toMatchObject({
      verdict: 'agrees',
      matched: 3,
      keys: [keyArn],
    })

    const { $metadata } = await client.send(
      new SignCommand({
        KeyId: keyArn,
        Message: new Uint8Array(32),
        MessageType: 'DIGEST',
        SigningAlgorithm: 'ECDSA_SHA_256',
      }),
    )
    const alarm = await reconciled(lines, '--key', keyArn, '--json')
    expect(alarm.exitCode).toBe(3)
    expect(JSON.parse(alarm.stdout)).toMatchObject({
      verdict: 'alarm',
      matched: 3,
      foreign: [{ requestId: $metadata.requestId, keyArn, why: 'unknown' }],
    })
    const shown = await reconciled(lines, '--key', keyArn)
    expect(shown.stdout).toContain(`request ${$metadata.requestId}`)
    expect(shown.exitCode).toBe(3)
  })

  it.each([
    ['a file that is not there', ['--key', 'alias/minter', '--records', 'none.jsonl']],
    ['a time in words', ['--key', 'alias/minter', '--records', '-', '--since', 'noon']],
    ['a day without an hour', ['--key', 'alias/minter', '--records', '-', '--from', '28.11.2026']],
    [
      'an end before the beginning',
      ['--key', 'alias/minter', '--records', '-', '--from', '2026-01-02', '--to', '2026-01-01'],
    ],
    [
      'two beginnings',
      ['--key', 'alias/minter', '--records', '-', '--from', '2026-01-02', '--since', '1h'],
    ],
    ['no key', ['--records', '-']],
    ['no records', ['--key', 'alias/minter']],
    ['a Region that is none', ['--key', 'alias/minter', '--records', '-', '--trail-region', 'EU']],
    ['a folder that is not there', ['--key', 'alias/minter', '--records', '-', '--logs', 'none']],
  ])('refuses %s', async (_, args) => {
    const world = {
      env: {},
      signal: new AbortController().signal,
      note: () => undefined,
      stdin: Readable.from([]),
    }
    const all = ['audit', 'reconcile', ...args, '--endpoint', aws.endpoint, '--region', aws.region]
    expect(await run(all, world)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('INVALID_OPTION'),
    })
  })
})
