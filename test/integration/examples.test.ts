import { type ChildProcess, exec, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { CreateAliasCommand } from '@aws-sdk/client-kms'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { startChainAndKms } from '../support/flow-chain.ts'

const path = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))

/** Runs an example; `until` resolves when its output has this text. */
function start(args: readonly string[], env: Record<string, string> = {}) {
  const child: ChildProcess = spawn(process.execPath, args, { env: { ...process.env, ...env } })
  let output = ''
  const waiting: (() => void)[] = []
  for (const pipe of [child.stdout, child.stderr])
    pipe?.on('data', (text: Buffer) => {
      output += text
      for (const check of waiting) check()
    })
  const exited = once(child, 'close').then(([code]) => code as number | null) // by Node's documentation
  const until = (text: string) =>
    Promise.race([
      exited.then((code) => {
        throw new Error(`ended with ${code} before it said "${text}":\n${output}`)
      }),
      new Promise<void>((resolve) => {
        const check = () => output.includes(text) && resolve()
        waiting.push(check)
        check()
      }),
    ])
  return { child, exited, until, output: () => output }
}

const PATIENCE_MS = 180_000 // the demo takes about 30 s; more when other suites run beside it

it(
  'the demo mints by FCL and behind an approval, shows what is refused and stops its servers',
  async () => {
    const demo = start([path('demo/demo.mjs')])
    expect({ code: await demo.exited, output: demo.output() }).toMatchObject({ code: 0 })
    const output = demo.output()
    expect(output).toMatch(
      /mint order-1 +[0-9a-f]{64} +sealed +[1-9]\d* +minter-a \+ minter-b +2\n/,
    )
    expect(output).toMatch(/one key alone +[0-9a-f]{64} +refused: 1055 +\d+ +minter-a +1\n/)
    expect(output).toMatch(/a flipped signature +[0-9a-f]{64} +refused: .*1006/)
    expect(output).toMatch(/mint by a service +[0-9a-f]{64} +sealed +/)
    expect(output).toMatch(
      /another script +not signed: POLICY_REFUSED, no rule names this script\n/,
    )
    expect(output).toMatch(/a bare digest +not signed: MALFORMED_MESSAGE, /)
    expect(output).toMatch(/alice approves her own +403 +SELF_APPROVAL\n/)
    expect(output).toMatch(/olga approves what she read +201 +weight 1000\n/)
    expect(output).toMatch(/outcome +server +state done/)
    expect(output).toMatch(/The audit trail is intact: \d+ records/)
    expect(output).toMatch(/holds 4 NFTs: ids \d+, \d+, \d+, \d+\n/)
    const [, url = ''] = /Flow (http:\S+),/.exec(output) ?? []
    await expect(fetch(url)).rejects.toThrow('fetch failed')
  },
  PATIENCE_MS,
)

it(
  'the demo rotates a key while NFTs are minted, and finds none lost, doubled or failed',
  async () => {
    const demo = start([path('demo/demo.mjs'), '--rotate'])
    expect({ code: await demo.exited, output: demo.output() }).toMatchObject({ code: 0 })
    const output = demo.output()
    expect(output).toMatch(/^ {2}delete +The deletion of arn:\S+ is scheduled/m)
    const states = [...output.matchAll(/^ {2}blocks \d+ to \d+ +(.+); weight 0: (.+)$/gm)]
    expect(states.map(([, holders, copies]) => ({ holders, copies }))).toEqual([
      ...['', ', 1 of new minter-a', ', 6 of new minter-a'].map((more) => ({
        holders: 'old minter-a 500 + minter-b 500 = 1000',
        copies: `6 of old minter-a${more}`,
      })),
      { holders: 'minter-b 500 + new minter-a 500 = 1000', copies: '6 of new minter-a' },
    ])
    const [, sent] =
      /^ {2}mints sent +(\d+): [1-9]\d* by the relay, [1-9]\d* by fcl/m.exec(output) ?? []
    const rows = ['sealed', 'lost', 'doubled', 'failed on chain', 'calls refused']
    const counted = rows.map((row) => new RegExp(`^ {2}${row} +(\\d+)$`, 'm').exec(output)?.[1])
    expect(counted).toEqual([sent, '0', '0', '0', '0'])
    expect(output).toMatch(/^ {2}pool stood still +\d+\.\d s/m)
  },
  PATIENCE_MS,
)

it(
  'the demo leaves its servers up with --keep until it is interrupted',
  async () => {
    const demo = start([path('demo/demo.mjs'), '--keep'])
    await demo.until('--key alias/minter-b')
    const [, url = ''] = /Flow REST +(http:\S+)/.exec(demo.output()) ?? []
    expect((await fetch(`${url}/v1/network/parameters`)).status).toBe(200)
    const [, dashboard = ''] = /Dashboard +(http:\S+)/.exec(demo.output()) ?? []
    expect(await (await fetch(dashboard)).text()).toContain('<title>')
    const [, command = ''] = /^ {2}Try +([\s\S]*minter-b)$/m.exec(demo.output()) ?? []
    const { stdout } = await promisify(exec)(command, { cwd: path('..') })
    expect(stdout).toMatch(/weight of 0x[0-9a-f]{16} +1000 of 1000/)
    demo.child.kill('SIGINT')
    expect(await demo.exited).toBe(0)
    await expect(fetch(url)).rejects.toThrow('fetch failed')
  },
  PATIENCE_MS,
)

it(
  'the example of the README seals a transaction',
  async () => {
    const { chain, kms } = await startChainAndKms()
    await using _chain = chain
    await using _kms = kms
    const aliases = ['alias/minter-a', 'alias/minter-b']
    for (const AliasName of aliases)
      await kms.client.send(
        new CreateAliasCommand({ AliasName, TargetKeyId: await kms.createKey() }),
      )
    const keys = aliases.map((keyId) => ({
      signer: createAwsKmsSigner({ client: kms.client, keyId }),
      weight: 500,
    }))
    const example = start([path('send-transaction/send-transaction.mjs')], {
      FLOW_ACCESS_NODE: chain.url,
      FLOW_ADDRESS: await chain.createAccount(keys),
      AWS_REGION: kms.aws.region,
      AWS_ENDPOINT_URL_KMS: kms.aws.endpoint,
      AWS_ACCESS_KEY_ID: kms.aws.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: kms.aws.credentials.secretAccessKey,
    })
    expect({ code: await example.exited, output: example.output() }).toMatchObject({ code: 0 })
    expect(example.output()).toMatch(/^[0-9a-f]{64} SEALED$/m)
  },
  PATIENCE_MS,
)

const addFclCrypto = `transaction(code: String) {
  prepare(signer: auth(AddContract) &Account) { signer.contracts.add(name: "FCLCrypto", code: code.utf8) }
}`

describe('the example of a wallet', () => {
  let servers: Awaited<ReturnType<typeof startChainAndKms>>
  let folder: string
  beforeAll(async () => {
    servers = await startChainAndKms()
    folder = mkdtempSync(join(tmpdir(), 'fcl-kms-wallet-'))
    const { chain } = servers
    const code = readFileSync(new URL('../support/fcl-crypto.cdc', import.meta.url), 'utf8')
    await chain.send({
      cadence: addFclCrypto,
      args: (arg, t) => [arg(code, t['String'])],
      authz: chain.service,
    })
    const role = 'role_arn = arn:aws:iam::000000000000:role/wallet\nsource_profile = plain'
    const plain = '[profile plain]\naws_access_key_id = test\naws_secret_access_key = test'
    writeFileSync(join(folder, 'config'), `${plain}\n[profile wallet]\n${role}\n`)
    const iam = new IAMClient(servers.kms.aws.clientConfig())
    const statement = { Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' }
    const document = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    const given = { RoleName: 'wallet', AssumeRolePolicyDocument: document }
    await iam.send(new CreateRoleCommand(given))
    iam.destroy()
  }, PATIENCE_MS)
  afterAll(async () => {
    await servers?.chain[Symbol.asyncDispose]()
    await servers?.kms[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  it.each<[string, Record<string, string>]>([
    ['environment', { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }],
    ['static', { WALLET_ACCESS_KEY_ID: 'test', WALLET_SECRET_ACCESS_KEY: 'test' }],
    ['profile', { WALLET_PROFILE: 'wallet' }],
    [
      'role',
      {
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        WALLET_ROLE_ARN: 'arn:aws:iam::000000000000:role/wallet',
      },
    ],
  ])(
    'makes a wallet that signs, with credentials by %s',
    async (way, env) => {
      const { chain, kms } = servers
      const example = start([path('wallet/wallet.mjs')], {
        FLOW_ACCESS_NODE: chain.url,
        FCL_CRYPTO_CONTRACT: chain.serviceAddress,
        CREDENTIALS: way,
        AWS_REGION: kms.aws.region,
        AWS_ENDPOINT_URL: kms.aws.endpoint,
        AWS_CONFIG_FILE: join(folder, 'config'),
        AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
        AWS_EC2_METADATA_DISABLED: 'true',
        ...env,
      })
      expect({ code: await example.exited, output: example.output() }).toMatchObject({ code: 0 })
      const output = example.output()
      expect(output).toMatch(/^public key {3}[0-9a-f]{128}$/m)
      expect(output).toMatch(/^account {6}0x[0-9a-f]{16}, 0\.00100000 FLOW$/m)
      expect(output).toMatch(/^message {6}signed, and FCL verifies it$/m)
      expect(output).toMatch(/^transaction {2}[0-9a-f]{64} SEALED$/m)
    },
    PATIENCE_MS,
  )
})

it('the signing service for development tells its key, and ends when it is interrupted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-'))
  const socketPath = join(folder, 's')
  const service = start([path('signing-service/signing-service.mjs'), '--socket', socketPath])
  await service.until('"operation":"publicKey","key":"dev"')
  const [, command = ''] = /Try +(curl[\s\S]*localhost\/)/.exec(service.output()) ?? []
  const { stdout } = await promisify(exec)(command)
  expect(JSON.parse(stdout)).toMatchObject({ key: 'dev', signatureAlgorithm: 'ECDSA_P256' })
  await service.until('"outcome":"told"')
  service.child.kill('SIGINT')
  expect(await service.exited).toBe(0)
  rmSync(folder, { recursive: true })
})
