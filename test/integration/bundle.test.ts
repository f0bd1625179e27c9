import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { startChainAndKms } from '../support/flow-chain.ts'

const run = promisify(execFile)
const handler = (name: string) => fileURLToPath(new URL(`../support/${name}`, import.meta.url))

const formats = [
  ['an ES module', 'esm', 'bundled-handler.mjs', 'handler.mjs'],
  ['CommonJS', 'cjs', 'bundled-handler.cjs', 'handler.cjs'],
] as const

let servers: Awaited<ReturnType<typeof startChainAndKms>>
let env: Record<string, string>
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-bundle-')) // away from every node_modules
  servers = await startChainAndKms()
  const { chain, kms } = servers
  const keyId = await kms.createKey()
  const signer = createAwsKmsSigner({ client: kms.client, keyId })
  const address = await chain.createAccount([{ signer, weight: 1_000 }])
  env = {
    FLOW_URL: chain.url,
    KMS_URL: kms.aws.endpoint,
    KEY_ID: keyId,
    ADDRESS: address,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
})
afterAll(async () => {
  await Promise.all([servers?.chain, servers?.kms].map((one) => one?.[Symbol.asyncDispose]()))
  await rm(folder, { recursive: true, force: true })
})

it.each(formats)(
  'signs in a Lambda handler bundled as %s, with the node of fcl.config',
  async (...row) => {
    const [, format, source, target] = row
    const outfile = join(folder, target)
    await build({
      entryPoints: [handler(source)],
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format,
      logLevel: 'error',
      // What AWS documents for ES modules: packages in CommonJS call require.
      banner: {
        js:
          format === 'esm'
            ? "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
            : '',
      },
    })
    const { stdout } = await run(process.execPath, [outfile], { cwd: folder, env })
    expect(stdout).toMatch(/^sealed SEALED [0-9a-f]{64}\n$/)
  },
)

it('says what to do in a bundle where nothing set a node', async () => {
  const outfile = join(folder, 'unset.mjs')
  await build({
    stdin: {
      contents: `import { KmsAuthorizer } from 'fcl-kms'
        const kms = { region: 'us-east-1' }
        await new KmsAuthorizer(kms, 'alias/a').signUserMessage('0x0000000000000001', '00').catch(
          ({ code, context }) => console.log(code, context.reason))`,
      resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@aws-sdk/*'], // as in Lambda, whose runtime has them
    logLevel: 'error',
  })
  const { stdout } = await run(process.execPath, [outfile], { cwd: folder, env: {} })
  expect(stdout).toBe('ACCESS_NODE_NOT_SET no FCL was loaded in this process\n')
})
