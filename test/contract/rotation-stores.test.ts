import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import {
  createFileRotations,
  createMemoryRotations,
  createSqlRotations,
} from '../../src/provisioning/index.ts'
import { describeRotationStore } from './rotation-stores.ts'

describeRotationStore('rotations in memory', async () => {
  const store = createMemoryRotations()
  return { store, other: store }
})

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

describeRotationStore('rotations in files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-rotations-'))
  folders.push(folder)
  return {
    store: await createFileRotations(folder),
    other: await createFileRotations(`${folder}/`),
  }
})

let database: PGlite
beforeAll(async () => {
  database = await PGlite.create()
})
afterAll(() => database.close())

describeRotationStore('rotations in PGlite', async (test) => {
  const schema = `test_${createHash('sha256').update(test).digest('hex').slice(0, 16)}`
  return {
    store: await createSqlRotations(database, { schema }),
    other: await createSqlRotations(database, { schema }),
  }
})
