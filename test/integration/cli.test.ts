import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import {
  bytesToHex,
  encodeTransaction,
  hexToBytes,
  importPublicKey,
  type Transaction,
  userMessage,
  verifySignature,
} from '../../src/crypto/index.ts'
import { decodeTransaction } from '../../src/crypto/transaction-decoding.ts'
import { connectAccessNode, readLatestBlock } from '../../src/flow/access-node.ts'
import { sendTransaction, waitForSeal } from '../../src/flow/transactions.ts'
import { emulatorServicePrivateKey } from '../../src/provisioning/index.ts'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { type Emulator, startEmulator } from '../../src/testing/start-emulator.ts'
import { startHttp } from '../unit/provisioning/http-fake.ts'

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const SECRET = 'wJalrXUtnFEMI-K7MDENG-secret'

let flow: Emulator
let aws: Aws
let client: KMSClient
let folder: string
/** An account of one KMS key, alias/own. */
let address: string
let publicKey: string

type Ended = { readonly stdout: string; readonly stderr: string; readonly exitCode: number | null }

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
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
      AWS_REGION: aws.region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: SECRET,
      FLOW_ACCESS_NODE: flow.url,
      ...env,
    },
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (text) => {
      stdout += text
    })
    child.stderr.on('data', (text) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ stdout, stderr, exitCode }))
  })
  return { child, ended }
}

/** Runs to its end; whatever happens, no stack and no secret may show. */
async function cli(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const ended = await start(args, env).ended
  const text = ended.stdout + ended.stderr
  expect(text).not.toMatch(/\n\s+at |UnhandledPromise|triggerUncaught/)
  for (const secret of [SECRET, emulatorServicePrivateKey]) expect(text).not.toContain(secret)
  return ended
}

/** Runs with --json and reads what it printed. */
async function json(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { stdout, stderr, exitCode } = await cli([...args, '--json'], env)
  return { value: JSON.parse(stdout), stderr, exitCode }
}

async function sealedBy(transaction: Transaction): Promise<void> {
  const node = connectAccessNode({ url: flow.url })
  await waitForSeal(node, await sendTransaction(node, transaction), { timeoutMs: 20_000 })
}

beforeAll(async () => {
  if (!existsSync(program))
    throw new Error('dist/cli/main.js is missing: run `npm run build` first.')
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-cli-'))
  ;[flow, aws] = await Promise.all([startEmulator({ blockTimeMs: 50 }), startAws()])
  client = new KMSClient(aws.clientConfig())
  const key = await json(['keys', 'create', '--alias', 'alias/own', '--tag', 'team=drops'])
  publicKey = key.value.publicKey
  const create = ['accounts', 'create', '--network', 'emulator', '--payer', 'emulator']
  const account = await json([...create, '--key', 'alias/own'])
  address = account.value.address
  await json(['keys', 'create', '--alias', 'alias/other', '--spec', 'ECC_NIST_P256'])
})

afterAll(async () => {
  client?.destroy()
  await Promise.all([flow?.stop(), aws?.stop()])
  await rm(folder, { recursive: true, force: true })
})

describe('fcl-kms', () => {
  it('shows a key, and the account that it is on', async () => {
    const { value, exitCode } = await json(['keys', 'show', '--key', 'alias/own'])
    expect(exitCode).toBe(0)
    expect(value).toMatchObject({
      publicKey,
      keySpec: 'ECC_SECG_P256K1',
      state: 'Enabled',
      aliases: ['alias/own'],
      uses: [{ address, keyIndex: 0, weight: 1000, hashAlgorithm: 'SHA3_256', verified: true }],
    })
    const plain = await cli(['keys', 'show', '--key', 'alias/own'])
    expect(plain).toMatchObject({ stderr: '', exitCode: 0 })
    expect(plain.stdout).toContain(`Flow public key      ${publicKey}\n`)
  })

  it('shows an account, and who holds its keys', async () => {
    const args = ['accounts', 'show', '--address', address, '--key', 'alias/own']
    expect((await json(args)).value).toMatchObject({
      address,
      balance: expect.stringMatching(/^\d+$/),
      canAuthorize: true,
      keys: [{ heldBy: 'alias/own', weight: 1000, sequenceNumber: expect.stringMatching(/^\d+$/) }],
    })
    expect((await cli(args)).stdout).toMatch(/held by alias\/own\n$/)
  })

  it('signs a message that the public key verifies', async () => {
    const args = ['sign', 'message', '--address', address, '--key', 'alias/own']
    const [text, hex] = await Promise.all([
      json([...args, '--text', 'hello']),
      json([...args, '--message', '68656c6c6f', '--key-index', '0']),
    ])
    const key = importPublicKey(hexToBytes(publicKey, 'key'), 'ECDSA_secp256k1')
    const message = userMessage(new TextEncoder().encode('hello'))
    for (const { value, exitCode } of [text, hex]) {
      expect(exitCode).toBe(0)
      expect(value).toEqual([expect.objectContaining({ addr: address, keyId: 0 })])
      const signature = hexToBytes(value[0].signature, 'signature')
      expect(verifySignature(key, message, 'SHA3_256', signature)).toBe(true)
      signature[0] = (signature[0] ?? 0) ^ 1
      expect(verifySignature(key, message, 'SHA3_256', signature)).toBe(false)
    }
  })

  it('signs a transaction that the chain takes, from file to file and from stdin to stdout', async () => {
    const node = connectAccessNode({ url: flow.url })
    const unsigned = async (sequenceNumber: bigint) =>
      bytesToHex(
        encodeTransaction({
          cadence: 'transaction { prepare(signer: &Account) {} }',
          arguments: [],
          referenceBlockId: (await readLatestBlock(node)).id,
          computeLimit: 100,
          proposalKey: { address, keyIndex: 0, sequenceNumber },
          payer: address,
          authorizers: [address],
          payloadSignatures: [],
          envelopeSignatures: [],
        }),
      )
    const [from, to] = [join(folder, 'tx.rlp'), join(folder, 'signed.rlp')]
    await writeFile(from, `${await unsigned(0n)}\n`)
    const args = ['sign', 'transaction', '--address', address, '--key', 'alias/own']
    const filed = await cli([...args, '--in', from, '--out', to])
    expect(filed).toMatchObject({ exitCode: 0, stdout: `${to}: signed\n` })
    expect(filed.stderr).toMatch(new RegExp(`^payer +${address}\nproposer +${address} index 0`))
    await sealedBy(decodeTransaction(hexToBytes(await readFile(to, 'utf8'), 'signed')))

    const { child, ended } = start([...args, '--in', '-', '--out', '-'])
    child.stdin.end(await unsigned(1n))
    const piped = await ended
    expect(piped.exitCode).toBe(0)
    await sealedBy(decodeTransaction(hexToBytes(piped.stdout.trim(), 'signed')))
  })

  it('finds nothing wrong where nothing is, and ends with 3 where something is', async () => {
    const args = ['doctor', '--key', 'alias/own', '--network', 'emulator', '--address', address]
    const well = await json(args)
    expect(well).toMatchObject({ exitCode: 0, value: { healthy: true } })
    const ill = await json([...args, '--key', 'alias/none'])
    expect(ill).toMatchObject({ exitCode: 3, value: { healthy: false } })
    const plain = await cli([...args, '--key', 'alias/none'])
    expect(plain.stdout).toMatch(/\nproblem {2}key state of alias\/none +.*KEY_NOT_FOUND\]\n +→ /)
  })
})

describe('bad input ends with a code, a fact and a remedy', () => {
  const create = ['accounts', 'create', '--network', 'emulator', '--payer', 'emulator']
  const own = ['--key', 'alias/own']
  const gone = 'http://127.0.0.1:1'

  type Row = readonly [
    name: string,
    args: () => readonly string[],
    code: string,
    exitCode: number,
    env?: NodeJS.ProcessEnv,
  ]
  const rows: readonly Row[] = [
    ['a wrong address', () => ['accounts', 'show', '--address', '0x12'], 'INVALID_ADDRESS', 2],
    [
      'an address of another network',
      () => ['accounts', 'show', '--address', '0x1d007d755531709b'],
      'CHAIN_MISMATCH',
      1,
    ],
    ['a wrong key id', () => ['keys', 'show', '--key', 'own'], 'INVALID_KEY_ID', 2],
    [
      'a private key for a key id',
      () => ['keys', 'show', '--key', emulatorServicePrivateKey],
      'INVALID_KEY_ID',
      2,
    ],
    ['a key that is not there', () => ['keys', 'show', '--key', 'alias/none'], 'KEY_NOT_FOUND', 1],
    [
      'a key of another Region',
      () => [
        ...create,
        '--key',
        'arn:aws:kms:eu-west-1:000000000000:key/00000000-0000-0000-0000-000000000000',
      ],
      'KEY_REGION_MISMATCH',
      1,
    ],
    ['a wrong Region', () => ['keys', 'show', ...own, '--region', 'Mars'], 'AWS_REGION_INVALID', 2],
    ['no Region', () => ['keys', 'show', ...own], 'AWS_REGION_INVALID', 2, { AWS_REGION: '' }],
    [
      'no credentials',
      () => ['keys', 'show', ...own],
      'KMS_CREDENTIALS_MISSING',
      1,
      { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
    ],
    [
      'a profile that is not there',
      () => ['keys', 'show', ...own, '--profile', 'none'],
      'KMS_CREDENTIALS_MISSING',
      1,
      { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
    ],
    [
      'a KMS endpoint that is gone',
      () => ['keys', 'show', ...own, '--endpoint', gone, '--timeout', '1'],
      'KMS_UNAVAILABLE',
      1,
    ],
    [
      'another network',
      () => ['accounts', 'show', '--network', 'testnet', '--address', address],
      'CHAIN_MISMATCH',
      1,
    ],
    [
      'an access node that is gone',
      () => ['accounts', 'show', '--access-node', gone, '--address', address, '--timeout', '1'],
      'ACCESS_NODE_UNREACHABLE',
      1,
    ],
    [
      'an access node that is another server',
      () => ['accounts', 'show', '--access-node', aws.endpoint, '--address', address],
      'ACCESS_NODE_REFUSED',
      1,
    ],
    [
      'an account without our keys',
      () => ['sign', 'message', '--address', address, '--key', 'alias/other', '--text', 'a'],
      'NO_KEY_HELD',
      1,
    ],
    [
      'a payer without our keys',
      () => ['accounts', 'create', ...own, '--payer', address, '--payer-key', 'alias/other'],
      'NO_KEY_HELD',
      1,
    ],
    [
      'weights that cannot reach 1000',
      () => [...create, ...own, '--weight', '500', '--key', 'alias/other', '--weight', '499'],
      'INVALID_WEIGHT',
      2,
    ],
    ['a weight over 1000', () => [...create, ...own, '--weight', '1500'], 'INVALID_WEIGHT', 2],
    [
      'two copies that both weigh',
      () => [...create, ...own, '--weight', '500', ...own, '--weight', '500'],
      'INVALID_WEIGHT',
      2,
    ],
    ['an unknown hash', () => [...create, ...own, '--hash', 'KECCAK_256'], 'INVALID_OPTION', 2],
    [
      'somebody else’s key with 0x',
      () => [...create, '--key', `ECDSA_P256:0x${publicKey}`],
      'MALFORMED_HEX',
      2,
    ],
    [
      'somebody else’s key on the wrong curve',
      () => [...create, '--key', `ECDSA_P256:${publicKey}`],
      'MALFORMED_PUBLIC_KEY',
      2,
    ],
    [
      'odd hex',
      () => ['sign', 'message', '--address', address, ...own, '--message', 'abc'],
      'MALFORMED_HEX',
      2,
    ],
    [
      '0x hex',
      () => ['sign', 'message', '--address', address, ...own, '--message', '0xab'],
      'MALFORMED_HEX',
      2,
    ],
    [
      'a key index that is not there',
      () => ['sign', 'message', '--address', address, ...own, '--text', 'a', '--key-index', '7'],
      'KEY_INDEX_UNKNOWN',
      1,
    ],
    [
      'an alias that is taken',
      () => ['keys', 'create', '--alias', 'alias/own'],
      'INVALID_OPTION',
      2,
    ],
    [
      'a file that is not there',
      () => ['sign', 'transaction', '--address', address, ...own, '--in', 'none', '--out', '-'],
      'INVALID_OPTION',
      2,
    ],
    [
      'a file without end',
      () => [
        'sign',
        'transaction',
        '--address',
        address,
        ...own,
        '--in',
        '/dev/zero',
        '--out',
        '-',
      ],
      'MALFORMED_TRANSACTION',
      1,
    ],
  ]

  const cases = rows.map(([name, args, code, exitCode, env]) => ({
    name,
    args,
    code,
    exitCode,
    env,
  }))
  it.each(cases)('for $name', async ({ args, code, exitCode, env }) => {
    const ended = await json(args(), env)
    expect(ended.value).toEqual({
      error: { code, message: expect.stringContaining(`[${code}]`), context: expect.any(Object) },
    })
    expect(ended.exitCode).toBe(exitCode)
  })

  it('for a transaction that is not hex, not RLP, and of others', async () => {
    const args = ['sign', 'transaction', '--address', address, ...own, '--out', '-', '--in']
    const file = join(folder, 'bad.rlp')
    for (const [content, code] of [
      ['0xc0', 'MALFORMED_HEX'],
      ['c', 'MALFORMED_HEX'],
      ['{"payer":"0x1"}', 'MALFORMED_TRANSACTION'],
      ['c0', 'MALFORMED_TRANSACTION'],
      ['', 'MALFORMED_TRANSACTION'],
    ]) {
      await writeFile(file, content ?? '')
      expect((await json([...args, file])).value.error.code).toBe(code)
    }
  })

  it('for a key of another spec, and one that is disabled', async () => {
    const create384 = { KeySpec: 'ECC_NIST_P384', KeyUsage: 'SIGN_VERIFY' } as const
    const wrong = await client.send(new CreateKeyCommand(create384))
    const wrongId = wrong.KeyMetadata?.KeyId ?? ''
    const [spec, disabled] = [
      await json([...create, '--key', wrongId]),
      await (async () => {
        const { value } = await json(['keys', 'create'])
        await client.send(new DisableKeyCommand({ KeyId: value.keyId }))
        return json([...create, '--key', value.keyId])
      })(),
    ]
    expect(spec.value.error.code).toBe('KEY_SPEC_UNSUPPORTED')
    expect(disabled.value.error.code).toBe('KEY_DISABLED')
  })

  it('for an emulator of another chain', async () => {
    await using other = await startEmulator({ extraFlags: ['--chain-id=testnet'] })
    const args = ['accounts', 'create', ...own, '--payer', 'emulator', '--access-node', other.url]
    expect((await json(args)).value.error).toMatchObject({
      code: 'CHAIN_MISMATCH',
      context: { expected: 'flow-emulator', actual: 'flow-testnet' },
    })
  })
})

describe('an interrupt', () => {
  it('ends the program with 130 while it waits', async () => {
    let arrived: () => void = () => undefined
    const waiting = new Promise<void>((resolve) => {
      arrived = resolve
    })
    await using server = await startHttp(() => {
      arrived()
      return 'hang'
    })
    const { child, ended } = start(['accounts', 'show', '--address', address], {
      FLOW_ACCESS_NODE: server.url,
    })
    await waiting
    child.kill('SIGINT')
    expect(await ended).toMatchObject({
      exitCode: 130,
      stdout: '',
      stderr: 'fcl-kms: Interrupted. [INTERRUPTED]\n',
    })
  })
})
