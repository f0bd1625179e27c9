import { PGlite } from '@electric-sql/pglite'
import { describeUnreadable } from '../../contract/store-unreadable.ts'

describe('the SQL store on PGlite, whose rows somebody has spoilt', () => {
  let database: PGlite
  beforeAll(async () => {
    database = await PGlite.create()
  })
  afterAll(() => database.close())

  describeUnreadable(() => ({ database, exec: (text) => database.exec(text) }))
})
