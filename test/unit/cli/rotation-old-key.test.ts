import { run } from '../../../src/cli/run.ts'
import { type HttpFake, startHttp } from '../provisioning/http-fake.ts'
import { type NodeEndpoint, PAYER, startNodeEndpoint } from '../provisioning/node-endpoint.ts'

async function* nothing(): AsyncGenerator<string> {}

const keyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const publicKey = '1'.repeat(128)
const metadata = {
  Arn: keyArn,
  KeyId: keyArn.replace(/^.*\//, ''),
  KeySpec: 'ECC_SECG_P256K1',
  KeyState: 'Disabled',
  KeyUsage: 'SIGN_VERIFY',
  Origin: 'AWS_KMS',
}

let kms: HttpFake
let node: NodeEndpoint
beforeAll(async () => {
  process.env['AWS_ACCESS_KEY_ID'] = 'test' // of this file alone
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test'
  // As AWS does, and MiniStack does not: a disabled key has no public key to tell.
  kms = await startHttp(({ headers }) =>
    headers['x-amz-target'] === 'TrentService.DescribeKey'
      ? { body: { KeyMetadata: metadata } }
      : { status: 400, body: { __type: 'DisabledException', message: 'it is disabled' } },
  )
  node = await startNodeEndpoint()
  node.setKeys(PAYER, [{ publicKey, algorithm: 'ECDSA_secp256k1' }])
})
afterAll(async () => {
  await kms?.[Symbol.asyncDispose]()
  await node?.[Symbol.asyncDispose]()
})

async function plan(...args: readonly string[]) {
  const { signal } = new AbortController()
  const world = { env: {}, signal, note: () => undefined, stdin: nothing() }
  const place = ['--access-node', node.url, '--endpoint', kms.url, '--region', 'eu-central-1']
  const rotate = ['keys', 'rotate', '--plan', '--address', PAYER, ...place, '--json']
  const { stdout, exitCode } = await run([...rotate, ...args], world)
  return { value: JSON.parse(stdout), exitCode }
}

describe('an old key that is disabled', () => {
  it('is named by its ARN and its public key', async () => {
    const { value, exitCode } = await plan('--old-key', keyArn, '--public-key', publicKey)
    expect({ exitCode, old: value.old }).toMatchObject({ exitCode: 0, old: { publicKey } })
  })

  it.each<[string, readonly string[]]>([
    ['its ARN alone', ['--old-key', keyArn]],
    // It may name another key by now, which would be ended.
    ['an alias', ['--old-key', 'alias/minter', '--public-key', publicKey]],
  ])('is not named by %s', async (_, args) => {
    const { value, exitCode } = await plan(...args)
    expect({ exitCode, ...value.error }).toMatchObject({
      exitCode: 2,
      code: 'INVALID_OPTION',
      context: { option: '--old-key' },
    })
  })
})
