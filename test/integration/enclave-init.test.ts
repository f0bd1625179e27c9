import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { enclaveTools } from '../support/enclave-tools.ts'

const run = promisify(execFile)
const tools = enclaveTools()
const describeEnclave = tools === undefined ? describe.skip : describe
const source = fileURLToPath(new URL('../../examples/enclave/init', import.meta.url))

describeEnclave('the first process of an enclave', () => {
  const go = async (...args: string[]): Promise<string> => {
    const module = new URL('../../tools/lib/go.mjs', import.meta.url).href
    const { goEnvironment } = await import(module)
    const env = { ...goEnvironment(tools?.goFolder), CGO_ENABLED: '0' }
    const { stdout } = await run('go', args, { cwd: source, env, timeout: 120_000 })
    return stdout
  }

  it('passes its own tests, and vet', async () => {
    expect(await go('test', '-vet=all', './...')).toMatch(/^ok\b/)
  }, 150_000)
})
