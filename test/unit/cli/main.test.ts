import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The program as it is, with its types taken off while it is loaded. */
const file = (path: string) => new URL(path, import.meta.url).href
const loader = `import { register } from 'node:module'; register('${file('../../support/load-typescript.mjs')}')`
const program = [
  '--import',
  `data:text/javascript,${encodeURIComponent(loader)}`,
  fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url)),
]
const keyArn = 'arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab'

/** Runs with a stdout of the test's choice. */
async function runInto(stdout: number, args: readonly string[]) {
  const child = spawn(process.execPath, [...program, ...args], {
    stdio: ['ignore', stdout, 'pipe'],
  })
  let stderr = ''
  child.stderr?.on('data', (text: Buffer) => {
    stderr += text
  })
  const [exitCode] = await once(child, 'close')
  return { exitCode, stderr }
}

it.each([
  ['text', ['keys', 'policy', '--key', keyArn]],
  ['JSON', ['keys', 'policy', '--key', keyArn, '--json']],
  ['the version', ['--version']],
  ['an error as JSON', ['keys', 'show', '--json']],
])('is an error when the disk is too full for %s', async (_, args) => {
  const { exitCode, stderr } = await runInto(openSync('/dev/full', 'w'), args)
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(/^fcl-kms: The output could not be written .*ENOSPC.*\[OUTPUT_LOST\]\n$/)
})

it('is an error when the reader is gone', async () => {
  // It begins when its stdin ends, and by then nobody reads what it prints.
  const first = "import { readFileSync } from 'node:fs'; readFileSync(0)"
  const waits = ['--import', `data:text/javascript,${encodeURIComponent(first)}`]
  const args = [...waits, ...program, 'keys', 'policy', '--key', keyArn]
  const child = spawn(process.execPath, args, { stdio: 'pipe' })
  let stderr = ''
  child.stderr.on('data', (text: Buffer) => {
    stderr += text
  })
  const closed = once(child, 'close')
  child.stdout.destroy()
  await once(child.stdout, 'close')
  child.stdin.end()
  const [exitCode] = await closed
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: expect.stringContaining('(code: EPIPE) [OUTPUT_LOST]'),
  })
})

it('writes what is to be written, and ends with the code of the command', async () => {
  const run = promisify(execFile)
  const { stdout, stderr } = await run(process.execPath, [
    ...program,
    'keys',
    'policy',
    '--key',
    keyArn,
  ])
  expect({ version: JSON.parse(stdout).Version, stderr }).toEqual({
    version: '2012-10-17',
    stderr: '',
  })
})
