import { Settings } from 'typebox/system'
import { isWarning, problemIds } from '../../../../examples/admin-server/src/config/problems.ts'
import { functions, keys, networks, shapes } from './refused-inside.ts'
import { doors, secrets, storage } from './refused-outside.ts'
import type { Refused } from './support.ts'
import { good, idsAndPaths, type Loose, load, refusal } from './support.ts'

/** The change of a row, on a good configuration. */
function changed({ change }: Refused): Loose {
  const settings = good()
  change?.(settings)
  return settings
}

const tables = { shapes, networks, keys, functions, doors, storage, secrets }

describe.each(Object.entries(tables))('loadConfig refuses %s', (_, rows) => {
  it.each(rows)('$id', (row) => {
    const options = row.environment === undefined ? {} : { environment: row.environment }
    const { mistakes } = refusal(() => load(changed(row), options))
    expect(idsAndPaths(mistakes)).toEqual([row.expected])
  })
})

describe('loadConfig with many mistakes', () => {
  it('reports each of them, of whatever kind and wherever', () => {
    const settings = good()
    settings.extra = 1
    settings.network.chainId = 'mainnet'
    settings.network.accessNodes[0] = 'ftp://node.example.com'
    settings.account.address = 7
    settings.account.keys[0].key = 'minter'
    settings.account.keys[1].signs.approvers = []
    settings.account.keys.push({ signs: 'sometimes', key: 'alias/minter-policy' })
    settings.functions.burn = { maxAmountPerDay: 0 }
    settings.functions.mint.maxAmountInAll = 1
    settings.http = { port: 'x', host: '0.0.0.0', publicUrl: 'http://mint.example.com' }
    settings.oidc.issuer = 'http://login.example.com'
    settings.webhooks.allow.push('https://hooks.example.com/path')
    settings.audit.anchor.bucket = 'A'
    const environment = { DATABASE_URL: 'postgres://db.example.com/mint', LOG_LEVEL: 'loud' }
    const { mistakes } = refusal(() => load(settings, { environment }))
    expect([...idsAndPaths(mistakes)].sort()).toEqual(
      [
        'UNKNOWN_FIELD extra',
        'NOT_ONE_OF network.chainId',
        'URL_INVALID network.accessNodes[0]',
        'WRONG_TYPE account.address',
        'KEY_ID_INVALID account.keys[0].key',
        'APPROVERS_EMPTY account.keys[1].signs.approvers',
        'NO_KNOWN_FORM account.keys[3].signs',
        'FUNCTION_UNKNOWN functions.burn',
        'OUT_OF_RANGE functions.burn.maxAmountPerDay',
        'LIMITS_NOT_ORDERED functions.mint.maxAmountInAll',
        'WRONG_TYPE http.port',
        'HOST_OPEN http.host',
        'NOT_HTTPS http.publicUrl',
        'NOT_HTTPS oidc.issuer',
        'NOT_AN_ORIGIN webhooks.allow[1]',
        'BUCKET_INVALID audit.anchor.bucket',
        'SECRET_MISSING WEBHOOK_SECRET',
        'DATABASE_NOT_VERIFIED DATABASE_URL',
        'NOT_ONE_OF LOG_LEVEL',
      ].sort(),
    )
  })

  it('reports more of one kind than the validator would by itself', () => {
    const settings = good()
    for (let index = 0; index < 50; index++)
      settings.account.keys.push({ key: `wrong ${index}`, signs: 5 })
    expect(refusal(() => load(settings)).mistakes).toHaveLength(100)
  })

  it('leaves the settings of the validator as they were', () => {
    Settings.Set({ maxErrors: 5 })
    try {
      refusal(() => load({}))
      expect(Settings.Get().maxErrors).toBe(5)
    } finally {
      Settings.Reset()
    }
  })

  it('has a row for each id of a mistake', () => {
    const told = [...Object.values(tables).flat()].map(({ expected }) => expected.split(' ')[0])
    const ofTheFile = ['FILE_UNREADABLE', 'FILE_TOO_LARGE', 'FILE_WRITABLE_BY_ALL', 'FILE_NOT_JSON']
    const elsewhere = [...ofTheFile, 'FILE_TOO_DEEP', 'FIELD_TWICE'] // tested above by text
    const ids = problemIds.filter((id) => !isWarning({ id }))
    expect(ids.filter((id) => !told.includes(id) && !elsewhere.includes(id))).toEqual([])
  })

  it('gives each a remedy', () => {
    for (const rows of Object.values(tables))
      for (const row of rows) {
        const options = row.environment === undefined ? {} : { environment: row.environment }
        for (const { problem, remedy } of refusal(() => load(changed(row), options)).mistakes)
          for (const sentence of [problem, remedy]) expect(sentence).toMatch(/^[A-Z].*\.$/)
      }
  })
})
