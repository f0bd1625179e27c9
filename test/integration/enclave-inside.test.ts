import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleInside } from '../support/enclave-inside.ts'

const example = fileURLToPath(
  new URL('../../examples/enclave/configuration/enclave.json', import.meta.url),
)

describe('the program of an enclave', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-inside-'))
  const program = join(folder, 'enclave.mjs')
  let bundle: Uint8Array
  beforeAll(async () => {
    bundle = await bundleInside()
    writeFileSync(program, bundle)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  async function endOf(args: readonly string[]) {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const pipe of [child.stdout, child.stderr])
      pipe.on('data', (text: Buffer) => {
        said += text.toString()
      })
    const [code] = await once(child, 'exit')
    return { code, said }
  }

  it('is the same bytes each time', async () => {
    expect(Buffer.from(await bundleInside()).equals(bundle)).toBe(true)
  })

  it.each([
    ['without arguments', [], 'ENCLAVE_START_FAILED'],
    ['with others', ['--run', '.', '--config', 'x'], 'ENCLAVE_START_FAILED'],
    [
      'without a configuration',
      ['--run', folder, '--configuration', join(folder, 'none')],
      'ENCLAVE_CONFIGURATION_INVALID',
    ],
    [
      'without a security module',
      ['--run', folder, '--configuration', example],
      'SECURITY_MODULE_UNAVAILABLE',
    ],
  ])('ends %s, and says why', async (_, args, expected) => {
    const { code, said } = await endOf(args)
    expect(code).toBe(1)
    expect(JSON.parse(said)).toMatchObject({ event: 'failed', error: { code: expected } })
  })
})
