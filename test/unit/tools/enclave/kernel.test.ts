import { readFileSync } from 'node:fs'

const module = new URL('../../../../tools/lib/enclave/kernel.mjs', import.meta.url).href
const { assertSettings } = (await import(module)) as {
  assertSettings(wanted: string, config: string): void // as in its JSDoc
}
const wanted = '# A comment\nCONFIG_NSM=y\n# CONFIG_IO_URING is not set\n'

describe('the settings of the kernel', () => {
  it.each([
    ['as they are wanted', 'CONFIG_NSM=y\n# CONFIG_IO_URING is not set\n'],
    ['where what is not wanted has no place at all', 'CONFIG_NSM=y\n'],
  ])('are taken %s', (_, config) => {
    expect(() => assertSettings(wanted, config)).not.toThrow()
  })

  it.each([
    ['one that was lost', '', 'CONFIG_NSM=y'],
    ['one as a module', 'CONFIG_NSM=m', 'CONFIG_NSM=y'],
    ['one that is there all the same', 'CONFIG_NSM=y\nCONFIG_IO_URING=y', 'CONFIG_IO_URING is not'],
  ])('are refused with %s', (_, config, named) => {
    expect(() => assertSettings(wanted, config)).toThrow(named)
  })

  it('are each written once, in a form that is checked', () => {
    const file = new URL('../../../../examples/enclave/kernel/config', import.meta.url)
    const lines = readFileSync(file, 'utf8').split('\n')
    const names = lines.flatMap((line) => /CONFIG_\w+/.exec(line)?.[0] ?? [])
    const settings = lines.filter((line) => /^(CONFIG_\w+=\S+|# CONFIG_\w+ is not set)$/.test(line))
    expect(settings).toHaveLength(names.length)
    expect(new Set(names).size).toBe(names.length)
  })
})
