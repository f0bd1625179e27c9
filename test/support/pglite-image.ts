/**
 * What tests get as `@electric-sql/pglite` (jest.config.mjs): the same, whose new databases start from
 * an image. Making an empty one takes PGlite two to three seconds of a processor, loading it a tenth.
 * @module
 */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PGlite, type PGliteOptions } from '../../node_modules/@electric-sql/pglite/dist/index.js'

export * from '../../node_modules/@electric-sql/pglite/dist/index.js'

const pathOf = (path: string) =>
  fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url))
const create = PGlite.create.bind(PGlite)

/** Of tools/jest-environment.cjs. */
declare const keepPglite: () => Promise<void>

/** No test makes a database of a template, and each has 300 files to be written. */
const removeTemplates = [
  "UPDATE pg_database SET datistemplate = false WHERE datname LIKE 'template_'",
  'DROP DATABASE template0',
  'DROP DATABASE template1',
  'CHECKPOINT',
]

/** An image of what this version makes; kept for the next file. */
async function readImage(): Promise<Blob> {
  const { version } = JSON.parse(readFileSync(pathOf('@electric-sql/pglite/package.json'), 'utf8'))
  const path = pathOf(`.cache/fcl-kms/pglite-alone-${version}.tar`)
  try {
    return new Blob([readFileSync(path)])
  } catch {
    const empty = await create('memory://')
    for (const statement of removeTemplates) await empty.query(statement)
    const bytes = new Uint8Array(await (await empty.dumpDataDir('none')).arrayBuffer())
    await empty.close()
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${path}.${process.pid}`, bytes)
    renameSync(`${path}.${process.pid}`, path) // whole, or not there
    return new Blob([bytes])
  }
}

let image: Promise<Blob> | undefined

/**
 * Of the 128 MB of buffers that PGlite takes, and writes zeros to, no test needs more. What is sorted
 * or kept stays in memory: a file of its own grows by an eighth and is copied each time. The tests on
 * PostgreSQL keep to its defaults.
 */
const settings = ['shared_buffers=16MB', 'work_mem=256MB'].flatMap((one) => ['-c', one])
const startParams = [...PGlite.defaultStartParams, ...settings]

Object.assign(PGlite, {
  async create(folder: string | PGliteOptions = 'memory://', options?: PGliteOptions) {
    // By itself, when it makes an empty one: that is what the image is made of.
    if (typeof folder === 'object') return create(folder)
    await keepPglite()
    const isNew = folder === 'memory://' || !existsSync(join(folder, 'PG_VERSION'))
    if (!isNew) return create(folder, options)
    image ??= readImage()
    return create(folder, { startParams, ...options, loadDataDir: await image })
  },
})
