import { createHash } from 'node:crypto'
import { PGlite } from '@electric-sql/pglite'
import { release } from '../../../src/stores/sql/release.ts'
import { describeVersions } from '../../contract/store-versions.ts'

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')

describe('a released version', () => {
  // Databases have run these texts: a change of one is a new version, and a new row here.
  it.each([
    [1, '2ea86ee168edbccabf8cbac8971c2fa0184a1e983d9b126380a210b96b2697ca'],
    [2, '13bfcb70121bd707d9f60cc3a14cae6afad2599acdc867240b1b4e2f40ee51c3'],
  ])('%i of the tables is frozen text', (version, hash) => {
    expect(hashOf(release.tables[version - 1]?.('"fcl_kms"') ?? '')).toBe(hash)
  })

  it('has a number for each text of its functions', () => {
    expect([release.tables.length, hashOf(release.functions('"fcl_kms"'))]).toEqual([
      2,
      'a1e9fbef49c750f098a383016633b13d5e72124ffba4470cb58081b8f7d318f4',
    ])
  })
})

describe('versions of the SQL store on PGlite', () => {
  let database: PGlite
  beforeAll(async () => {
    database = await PGlite.create()
  })
  afterAll(() => database.close())

  describeVersions(() => ({ database, exec: (text) => database.exec(text) }))
})
