/** The databases that the relay is measured with, each durable: in a folder of its own. @module */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importFromRoot } from './own-package.mjs'
import { findPostgres, startPostgres } from './postgres.mjs'

const { PGlite } = await importFromRoot('@electric-sql/pglite')

/**
 * @param {{ signal: AbortSignal, onStop: (stop: () => unknown) => void }} scope
 * @returns By name; PostgreSQL is missing where it is not installed
 */
export async function openDatabases({ signal, onStop }) {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-bench-pglite-'))
  onStop(() => rmSync(folder, { recursive: true, force: true }))
  const pglite = await PGlite.create(folder) // relaxedDurability is off unless asked for
  onStop(() => pglite.close())
  const bin = findPostgres()
  if (bin === undefined) return { pglite }
  return { pglite, postgres: await startPostgres(bin, { signal, onStop }) }
}
