import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type HsmModule = {
  readonly module: string
  readonly libraries?: readonly string[]
  readonly files?: Readonly<Record<string, string>>
}
const module = new URL('../../../../tools/lib/enclave/hsm.mjs', import.meta.url).href
const { readHsmModule, assertModules } = (await import(module)) as {
  readHsmModule(path: string): HsmModule
  assertModules(configuration: { readonly keys: object }, hsm: HsmModule | undefined): void
} // as in its JSDoc

describe('the module of an image', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-hsm-'))
  const path = join(folder, 'hsm.json')
  afterAll(() => rmSync(folder, { recursive: true }))
  const read = (text: string) => {
    writeFileSync(path, text)
    return readHsmModule(path)
  }

  it('is one file, or all that JSON says, from its folder', () => {
    expect(readHsmModule('/opt/hsm.so')).toEqual({ module: '/opt/hsm.so' })
    expect(read('{"module":"/opt/hsm.so","files":{"/etc/hsm.conf":"my.conf"}}')).toEqual({
      module: '/opt/hsm.so',
      libraries: [],
      files: { '/etc/hsm.conf': join(folder, 'my.conf') },
    })
  })

  it.each([
    ['no JSON', '{', /not a file of JSON/],
    ['no module', '{}', /module, and each of libraries/],
    ['a module of no place', '{"module":"hsm.so"}', /must be an absolute path/],
    ['a library of no place', '{"module":"/a.so","libraries":["b.so"]}', /absolute path/],
    [
      'a file of no place',
      '{"module":"/a.so","files":{"etc/a":"a"}}',
      /absolute paths of the guest/,
    ],
    ['an unknown field', '{"module":"/a.so","pin":"1234"}', /pin is unknown/],
  ])('is refused with %s', (_, text, reason) => {
    expect(() => read(text)).toThrow(reason)
  })

  it('must be that of the configuration', () => {
    const keys = { a: { wallet: 'a' }, b: { pkcs11: { modulePath: '/opt/hsm.so' } } }
    expect(() => assertModules({ keys }, { module: '/opt/hsm.so' })).not.toThrow()
    for (const hsm of [undefined, { module: '/opt/other.so' }])
      expect(() => assertModules({ keys }, hsm)).toThrow(/key b .* needs \/opt\/hsm.so/)
    expect(() => assertModules({ keys: { a: { wallet: 'a' } } }, undefined)).not.toThrow()
  })
})
