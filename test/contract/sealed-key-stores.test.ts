import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { createFileKeyStore, createSqlKeyStore } from '../../src/signers/sealed-key/index.ts'
import { createMapStore } from '../support/map-store.ts'
import { describeKeyStoreContract } from './sealed-key-stores.ts'

describeKeyStoreContract('a store of four functions', async () => {
  const store = createMapStore()
  return { store, other: store }
})

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

describeKeyStoreContract('the store of files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-sealed-'))
  folders.push(folder)
  return {
    store: await createFileKeyStore({ folder }),
    other: await createFileKeyStore({ folder: `${folder}/` }),
  }
})

let database: PGlite
beforeAll(async () => {
  database = await PGlite.create()
})
afterAll(() => database.close())

describeKeyStoreContract('the store in PGlite', async (test) => {
  const schema = `test_${createHash('sha256').update(test).digest('hex').slice(0, 16)}`
  return {
    store: await createSqlKeyStore(database, { schema }),
    other: await createSqlKeyStore(database, { schema }),
  }
})
