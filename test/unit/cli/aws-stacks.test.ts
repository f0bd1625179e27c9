import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
})
