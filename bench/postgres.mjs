/** PostgreSQL of one's own where it is installed: on loopback, durable as it comes, gone afterwards. @module */
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { importFromRoot } from './own-package.mjs'

const { default: pg } = await importFromRoot('pg')

/** Who runs it instead of root, whom it refuses: nobody's usual number. */
const LESSER_ID = 65_534

/** @returns {string | undefined} the folder of `initdb` and `postgres` */
export function findPostgres() {
  const debian = '/usr/lib/postgresql' // outside of PATH
  const versions = existsSync(debian)
    ? readdirSync(debian).sort((a, b) => Number(b) - Number(a))
    : []
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ]
  return folders.find((folder) =>
    ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))),
  )
}

/**
 * @param {string} bin from `findPostgres`
 * @param {{ signal: AbortSignal, onStop: (stop: () => unknown) => void }} scope
 * @returns a `pg.Pool` on it
 */
export async function startPostgres(bin, { signal, onStop }) {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-bench-postgres-'))
  const data = join(folder, 'data')
  const user = process.getuid?.() === 0 ? { uid: LESSER_ID, gid: LESSER_ID } : {}
  const password = randomBytes(16).toString('hex')
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (user.uid !== undefined)
    for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid)
  const options = { ...user, cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C' } }
  const auth = ['-U', 'bench', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8']
  execFileSync(join(bin, 'initdb'), ['-D', data, ...auth], { ...options, stdio: 'ignore' })
  const port = await freePort()
  const flags = ['-D', data, '-h', '127.0.0.1', '-p', String(port)]
  const child = spawn(join(bin, 'postgres'), [...flags, '-c', 'unix_socket_directories='], {
    ...options,
    stdio: 'ignore',
  })
  await once(child, 'spawn')
  const exited = once(child, 'exit')
  const pool = new pg.Pool({
    connectionString: `postgres://bench:${password}@127.0.0.1:${port}/postgres`,
    max: 4,
  })
  pool.on('error', () => undefined)
  onStop(async () => {
    await pool.end().catch(() => undefined)
    child.kill('SIGINT') // ends its sessions, too
    await exited
    rmSync(folder, { recursive: true, force: true })
  })
  for (const deadline = Date.now() + 20_000; ; await sleep(50, undefined, { signal })) {
    if (await pool.query('SELECT 1').catch(() => undefined)) return pool
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error('PostgreSQL did not start')
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
