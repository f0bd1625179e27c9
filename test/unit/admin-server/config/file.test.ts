import { join } from 'node:path'
import { loadConfig } from '../../../../examples/admin-server/src/config/load.ts'
import {
  good,
  goodEnvironment,
  idsAndPaths,
  knownFunctions,
  load,
  loadText,
  refusal,
  withFile,
} from './support.ts'

describe('loadConfig on a file', () => {
  const missing = { environment: {}, knownFunctions }

  it('refuses one that is not there', () => {
    const { mistakes } = refusal(() => loadConfig({ ...missing, path: '/nowhere/config.json' }))
    expect(idsAndPaths(mistakes)).toEqual(['FILE_UNREADABLE (file)'])
  })

  it('refuses a folder', () => {
    const { mistakes } = refusal(() => loadConfig({ ...missing, path: '/' }))
    expect(idsAndPaths(mistakes)).toEqual(['FILE_UNREADABLE (file)'])
  })

  it('names what is wrong with the environment even then', () => {
    const environment = { DATABASE_URL: 'mysql://db', WEBHOOK_SECRET_FILE: '/nowhere/secret' }
    const { mistakes } = refusal(() =>
      loadConfig({ environment, knownFunctions, path: '/nowhere/config.json' }),
    )
    expect(idsAndPaths(mistakes)).toEqual([
      'FILE_UNREADABLE (file)',
      'SECRET_FILE_UNREADABLE WEBHOOK_SECRET_FILE',
      'DATABASE_URL_INVALID DATABASE_URL',
    ])
  })

  it('refuses one that everybody may change', () => {
    const { mistakes } = refusal(() => load(good(), { mode: 0o646 }))
    expect(idsAndPaths(mistakes)).toEqual(['FILE_WRITABLE_BY_ALL (file)'])
  })

  it('refuses a file of the secret that everybody may change', () => {
    const environment = (path: string) => ({ WEBHOOK_SECRET_FILE: path })
    const { mistakes } = withFile(
      's'.repeat(40),
      (path) => refusal(() => load(good(), { environment: environment(path) })),
      0o666,
    )
    expect(idsAndPaths(mistakes)).toEqual(['FILE_WRITABLE_BY_ALL WEBHOOK_SECRET_FILE'])
  })

  it('refuses more than 1 MiB', () => {
    const { mistakes } = refusal(() => loadText(' '.repeat(1_048_577)))
    expect(idsAndPaths(mistakes)).toEqual(['FILE_TOO_LARGE (file)'])
  })

  it.each([
    ['nothing', ''],
    ['a comment', '{ // here\n}'],
    ['a comma at the end', '{"aws": {},}'],
    ['half an object', '{"aws": {'],
  ])('refuses %s', (_, text) => {
    const { mistakes } = refusal(() => loadText(text))
    expect(idsAndPaths(mistakes)).toEqual(['FILE_NOT_JSON (file)'])
  })

  it('tells the line and column of a mistake in its text', () => {
    const { mistakes } = refusal(() => loadText('{\n  "aws": {},\n}'))
    expect(mistakes[0]?.problem).toBe('The file is not JSON from line 3, column 1.')
  })

  it.each([
    ['a list', '[]'],
    ['a text', '"config"'],
    ['null', 'null'],
  ])('refuses %s in place of the object', (_, text) => {
    const { mistakes } = refusal(() => loadText(text))
    expect(idsAndPaths(mistakes)).toContain('WRONG_TYPE (file)')
  })

  it('refuses brackets that would exhaust the stack', () => {
    const { mistakes } = refusal(() => loadText('['.repeat(200_000) + ']'.repeat(200_000)))
    expect(idsAndPaths(mistakes)).toEqual(['FILE_TOO_DEEP (file)'])
  })

  it('refuses a field that stands there twice, however it is written', () => {
    const text = JSON.stringify(good()).replace(
      '"signs"',
      '"key":"alias/minter-policy","s\\u0069gns"',
    )
    const { mistakes } = refusal(() => loadText(text))
    expect(idsAndPaths(mistakes)).toEqual(['FIELD_TWICE account.keys[0].key'])
  })

  it('refuses __proto__', () => {
    const text = JSON.stringify(good()).replace('"chainId"', '"__proto__":{},"chainId"')
    const { mistakes } = refusal(() => loadText(text))
    expect(idsAndPaths(mistakes)).toEqual(['UNKNOWN_FIELD network.__proto__'])
  })

  it('takes the path over ADMIN_SERVER_CONFIG, and that over the default', () => {
    withFile(JSON.stringify(good()), (path, folder) => {
      const environment = { ...goodEnvironment, ADMIN_SERVER_CONFIG: path }
      expect(loadConfig({ environment, knownFunctions }).file).toBe(path)
      const other = join(folder, 'other.json')
      const { thrown } = refusal(() => loadConfig({ environment, knownFunctions, path: other }))
      expect(thrown).toMatchObject({ facts: { file: other } })
    })
    const { thrown } = refusal(() => loadConfig(missing))
    expect(thrown).toMatchObject({ facts: { file: 'admin-server.json' } })
  })
})
