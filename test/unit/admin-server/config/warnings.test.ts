import {
  reportConfig,
  reportMistakes,
} from '../../../../examples/admin-server/src/config/report.ts'
import { good, goodEnvironment, idsAndPaths, type Loose, load, refusal } from './support.ts'

describe('warnings', () => {
  const warned = (change: (settings: Loose) => void, environment = {}) => {
    const settings = good()
    change(settings)
    const all = { ...goodEnvironment, ...environment }
    return idsAndPaths(load(settings, { environment: all }).warnings)
  }

  it('are none for the good configuration', () => {
    expect(warned(() => undefined)).toEqual([])
  })

  it('name keys that are all automatic', () => {
    const change = (s: Loose) => {
      for (const key of s.account.keys) key.signs = 'automatic'
    }
    expect(warned(change)).toEqual(['ALL_AUTOMATIC account.keys'])
  })

  it('name mainnet without an anchor', () => {
    const change = (s: Loose) => {
      s.network.chainId = 'flow-mainnet'
      s.network.accessNodes = ['https://rest-mainnet.onflow.org']
      s.audit = {}
    }
    expect(warned(change)).toEqual(['NO_ANCHOR audit'])
  })

  it.each(['data/heads.jsonl', './data/deeper/heads.jsonl', 'data/..heads'])(
    'name an anchor in the folder of the database: %s',
    (file) => {
      const change = (s: Loose) => {
        s.database = { folder: 'data' }
        s.audit.anchor = { file, everyMinutes: 1 }
      }
      expect(warned(change)).toEqual(['ANCHOR_BESIDE_DATABASE audit.anchor.file'])
      const DATABASE_URL = 'postgresql://localhost/mint'
      expect(warned(change, { DATABASE_URL })).toEqual([])
    },
  )

  it.each(['data-2/heads.jsonl', '../heads.jsonl'])('leave %s alone', (file) => {
    const change = (s: Loose) => {
      s.database = { folder: 'data' }
      s.audit.anchor = { file, everyMinutes: 1 }
    }
    expect(warned(change)).toEqual([])
  })

  it.each([
    ['below a file', 'package.json/heads.jsonl'],
    ['that is a folder', 'docs'],
    ['below a device', '/dev/null/heads.jsonl'],
  ])('name an anchor %s', (_, file) => {
    const change = (s: Loose) => {
      s.audit.anchor = { file, everyMinutes: 1 }
    }
    expect(warned(change)).toEqual(['ANCHOR_UNWRITABLE audit.anchor.file'])
  })

  it('leave an anchor alone whose folders have to be made', () => {
    const change = (s: Loose) => {
      s.audit.anchor = { file: 'not-there/nor-this/heads.jsonl', everyMinutes: 1 }
    }
    expect(warned(change)).toEqual([])
  })

  it('name an https URL without the proxies that end TLS', () => {
    const change = (s: Loose) => {
      s.http = { publicUrl: 'https://mint.example.com' }
    }
    expect(warned(change)).toEqual(['PROXIES_MISSING http.trustedProxies'])
    const named = (s: Loose) => {
      s.http = { publicUrl: 'https://mint.example.com', trustedProxies: ['127.0.0.1/32'] }
    }
    expect(warned(named)).toEqual([])
  })

  it.each(['require', 'verify-ca'])('name sslmode=%s', (mode) => {
    const DATABASE_URL = `postgresql://db.example.com/mint?sslmode=${mode}`
    expect(warned(() => undefined, { DATABASE_URL })).toEqual(['SSLMODE_UNCLEAR DATABASE_URL'])
  })

  it('name a public URL on this machine with another port', () => {
    const PUBLIC_URL = 'http://localhost:9000'
    expect(warned(() => undefined, { PUBLIC_URL })).toEqual(['PUBLIC_URL_PORT PUBLIC_URL'])
    expect(warned(() => undefined, { PUBLIC_URL, PORT: '9000' })).toEqual([])
  })

  it('come along with mistakes', () => {
    const settings = good()
    settings.account.address = 'x'
    const environment = { ...goodEnvironment, PUBLIC_URL: 'http://localhost:9000' }
    const { warnings } = refusal(() => load(settings, { environment }))
    expect(idsAndPaths(warnings)).toEqual(['PUBLIC_URL_PORT PUBLIC_URL'])
  })
})

describe('the report', () => {
  it('says where, what and what to do, mistakes before warnings', () => {
    const settings = good()
    settings.log = { level: 'loud' }
    const environment = { ...goodEnvironment, PUBLIC_URL: 'http://localhost:9000' }
    const { thrown } = refusal(() => load(settings, { environment }))
    expect(reportMistakes(thrown)?.slice(1)).toEqual([
      '  log.level [NOT_ONE_OF]',
      '    The value is none of those that are known.',
      '    Write one of debug, info, warn, error.',
      'Warnings:',
      '  PUBLIC_URL [PUBLIC_URL_PORT]',
      '    The public URL is on this machine, but names another port than the server listens on.',
      '    Write the same port, unless something forwards it.',
    ])
    expect(reportMistakes(thrown)?.[0]).toMatch(/config\.json has 1 mistake:$/)
  })

  it('is one line for a file without mistakes and warnings', () => {
    expect(reportConfig(load(good()))).toEqual([expect.stringMatching(/ has no mistakes\.$/)])
  })

  it('is none for another error', () => {
    expect(reportMistakes(new Error('other'))).toBeUndefined()
  })

  it('tells what is missing and what belongs there', () => {
    const settings = good()
    delete settings.account.address
    const { mistakes } = refusal(() => load(settings))
    expect(mistakes[0]?.remedy).toBe('Add account.address: an address, as a text.')
  })
})
