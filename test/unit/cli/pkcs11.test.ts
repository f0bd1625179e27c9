import { Readable } from 'node:stream'
import { run } from '../../../src/cli/run.ts'

const uri = 'pkcs11:token=flow;object=minter?module-path=/usr/lib/hsm.so&pin-source=file:/etc/pin'

const fcl = (...args: readonly string[]) => {
  const { signal } = new AbortController()
  return run(args, { env: {}, signal, note: () => undefined, stdin: Readable.from([]) })
}

describe('fcl-kms keys --pkcs11', () => {
  it.each<[string, readonly string[], string, string]>([
    ['no URI', ['show', '--pkcs11'], '--pkcs11', 'its value is missing'],
    ['what is no URI', ['show', '--pkcs11', 'pin-value=8472'], 'uri', 'start with pkcs11:'],
    ['a URI of no module', ['show', '--pkcs11', 'pkcs11:token=a;object=b'], 'uri', 'module-path'],
    ['a URI of no key', ['show', '--pkcs11', uri.replace(';object=minter', '')], 'key', 'neither'],
    ['a KMS key, too', ['show', '--pkcs11', uri, '--key', 'alias/a'], '--key', 'does not go with'],
    ['a Region, too', ['create', '--pkcs11', uri, '--region', 'eu-west-1'], '--region', 'not go'],
    ['tags', ['create', '--pkcs11', uri, '--tag', 'a=b'], '--tag', 'does not go with --pkcs11'],
    ['another spec', ['create', '--pkcs11', uri, '--spec', 'toString'], '--spec', 'is neither'],
    ['no label', ['create', '--pkcs11', uri.replace('object=', 'id=')], '--pkcs11', 'its object'],
  ])('is refused with %s, and shows nothing of the URI', async (_, args, option, reason) => {
    const { stdout, exitCode } = await fcl('keys', ...args, '--json')
    const { code, context } = JSON.parse(stdout).error
    expect({ exitCode, code, option: context.option }).toEqual({
      exitCode: 2,
      code: 'INVALID_OPTION',
      option,
    })
    expect(context.reason).toContain(reason)
    expect(stdout).not.toContain('8472')
  })
})
