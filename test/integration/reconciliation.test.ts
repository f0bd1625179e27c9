/** CloudTrail's Sign events as MiniStack records them, against what our own signers wrote down. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import { CreateAliasCommand, CreateKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
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
  aws = await startAws({ services: ['kms', 'sts', 'iam', 'cloudtrail', 's3'] })
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

  it('reads the bucket of a trail, and says what lacks when it cannot', async () => {
    const lines = await signed(2)
    const trail = new CloudTrailClient(aws.clientConfig())
    const { Events = [] } = await trail.send(new LookupEventsCommand({ MaxResults: 50 }))
    const records = Events.map(({ CloudTrailEvent = '' }) => JSON.parse(CloudTrailEvent))
    const s3 = new S3Client({ ...aws.clientConfig(), forcePathStyle: true })
    await s3.send(new CreateBucketCommand({ Bucket: 'our-trail' }))
    const [, , , region = '', accountId = ''] = keyArn.split(':')
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/')
    await s3.send(
      new PutObjectCommand({
        Bucket: 'our-trail',
        Key: `flow/AWSLogs/${accountId}/CloudTrail/${region}/${day}/one.json.gz`,
        Body: gzipSync(JSON.stringify({ Records: records })),
      }),
    )
    const args = ['--key', keyArn, '--since', '1h', '--json']
    const told = await reconciled(lines, ...args, '--logs', 's3://our-trail/flow')
    // With those that the other tests made.
    expect(JSON.parse(told.stdout)).toMatchObject({ matched: 2, missing: [], unreadable: [] })
    const elsewhere = await reconciled(lines, ...args, '--logs', 's3://our-trail')
    expect(JSON.parse(elsewhere.stdout)).toMatchObject({ matched: 0, late: 2 })

    const missing = await reconciled(lines, ...args, '--logs', 's3://another-trail')
    expect(JSON.parse(missing.stdout)).toMatchObject({
      error: { code: 'TRAIL_DENIED', context: { operation: 's3:ListBucket' } },
    })
    for (const each of [trail, s3]) each.destroy()
  })

  it.each([
    ['a bucket without a name', ['--key', 'alias/minter', '--records', '-', '--logs', 's3:///a']],
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
