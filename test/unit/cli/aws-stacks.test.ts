import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { stacks } from '../../../src/aws/index.ts'
import { run } from '../../../src/cli/run.ts'

const options = {
  environment: 'production',
  adminRoleArn: 'arn:aws:iam::111122223333:role/key-admin',
  signer: { roleName: 'signer', service: 'lambda' },
  keys: [{ name: 'minter' }],
}
let folder: string
let file: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fcl-kms-'))
  file = join(folder, 'keys.json')
  writeFileSync(file, JSON.stringify(options))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function told(args: readonly string[], stdin = '') {
  const { signal } = new AbortController()
  const world = { env: {}, signal, note: () => undefined, stdin: Readable.from([stdin]) }
  return run(['aws', ...args], world)
}

describe('fcl-kms aws template', () => {
  it('prints the template of a file, and of stdin', async () => {
    const stdout = `${JSON.stringify(stacks['signing-keys'].build(options), null, 2)}\n`
    const args = ['template', 'signing-keys', '--options']
    expect(await told([...args, file])).toEqual({ stdout, stderr: '', exitCode: 0 })
    expect(await told([...args, '-'], JSON.stringify(options))).toMatchObject({ stdout })
  })

  it.each<[string, readonly string[], string]>([
    ['no stack', ['template', '--options', '-'], 'stack'],
    ['an unknown stack', ['template', 'toString', '--options', '-'], 'stack'],
    ['no options', ['template', 'signing-keys'], '--options'],
    ['no JSON', ['template', 'signing-keys', '--options', '-'], '--options'],
    ['a file that is not there', ['template', 'signing-keys', '--options', '/none'], '--options'],
    ['a plan that is executed', ['deploy', 'signing-keys', '--plan', '--yes'], '--plan'],
    ['a bucket alone', ['deploy', 'remote-signer', '--code-bucket', 'a'], '--code-bucket'],
    ['code for keys', ['deploy', 'signing-keys', '--document', 'a'], '--code-bucket'],
    ['a deletion that is not meant', ['delete', 'watch', '--name', 'a'], '--yes'],
    ['a deletion of nothing', ['delete', 'signing-keys', '--yes'], '--name'],
  ])('with %s is wrong usage', async (_, args, option) => {
    const given = args[0] === 'deploy' ? [...args, '--options', file] : args
    const { stdout, exitCode } = await told([...given, '--json'], '{')
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'INVALID_OPTION', context: { option } },
    })
    expect(exitCode).toBe(2)
  })

  const template = ['template', 'remote-signer', '--options', '-', '--json']
  it.each<[string, string, string, string]>([
    ['a key twice', '{"environment":"a","environment":"b"}', '--options', 'it has a key twice'],
    ['a byte order mark', '\u{feff}{}', '--options', 'it begins with a byte order mark'],
    ['a megabyte of blanks', ' '.repeat(1_048_577), '--options', 'more than 1048576 bytes'],
    [
      'no code for the Lambda',
      '{"environment":"a","keyArn":"arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}',
      'code',
      'it is not { bucket, key }; --document and --code-bucket fill it in',
    ],
  ])('with %s says what is wrong', async (_, text, option, reason) => {
    const { stdout, exitCode } = await told(template, text)
    const { context } = JSON.parse(stdout).error
    expect({ option: context.option, exitCode }).toEqual({ option, exitCode: 2 })
    expect(context.reason).toContain(reason)
  })

  it('waits for a silent endpoint as long as --timeout says', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const place = ['--endpoint', `http://127.0.0.1:${port}`, '--region', 'eu-central-1']
    const args = ['aws', 'deploy', 'signing-keys', '--options', file, ...place, '--timeout', '1']
    const before = { ...process.env }
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' })
    const { signal } = new AbortController()
    const world = { env: {}, signal, note: () => undefined, stdin: Readable.from(['']) }
    const { stdout } = await run([...args, '--json'], world)
    process.env = before
    server.close()
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'AWS_UNAVAILABLE',
      context: { reason: 'no answer within 1000 ms' },
    })
  })

  it('ends when it is interrupted while options are waited for', async () => {
    const controller = new AbortController()
    const endless = new Readable({ read: () => undefined })
    const world = { env: {}, signal: controller.signal, note: () => undefined, stdin: endless }
    const running = run(['aws', ...template], world)
    controller.abort(new Error('interrupted'))
    expect(await running).toMatchObject({ exitCode: 130 })
  })
})
