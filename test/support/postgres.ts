/** A PostgreSQL server of one's own: found, made, run on loopback, gone with the test. @module */
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { freePorts } from '../../src/testing/child-server.ts'

/** A running server. Write `await using server = …`. */
export type Postgres = {
  /** On 127.0.0.1, with a password made for it. */
  readonly url: string
  /** The folder of its socket. */
  readonly socketFolder: string
  /** Ends it as a power cut does, and starts it again on the same folder and port. */
  readonly crash: () => Promise<void>
  /**
   * Ends it: `fast` tells its clients why, `immediate` tells nobody anything.
   *
   * @returns Starts it again on the same folder and port.
   */
  readonly halt: (how: 'fast' | 'immediate') => Promise<() => Promise<void>>
  readonly stop: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const least = 15

/** @returns The folder of `initdb` and `postgres`, PostgreSQL 15 or newer, if there is one. */
export function findPostgres(): string | undefined {
  const debian = '/usr/lib/postgresql' // where Debian keeps them, outside of PATH
  const versions = readdirOf(debian).sort((one, other) => Number(other) - Number(one))
  const folders = [
    ...(process.env['PATH'] ?? '').split(':'),
    ...versions.map((version) => join(debian, version, 'bin')),
  ]
  return folders.find((folder) => versionIn(folder) >= least)
}

const readdirOf = (folder: string) => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function versionIn(folder: string): number {
  try {
    execFileSync(join(folder, 'initdb'), ['--version'], { stdio: 'ignore' })
    const text = execFileSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8' })
    return Number(/\(PostgreSQL\) (\d+)/.exec(text)?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** PostgreSQL refuses to run as root, so root lends it the rights of somebody who has few. */
function lesserUser(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n')
  const found = ['postgres', 'nobody'].map((name) =>
    accounts.find((line) => line.startsWith(`${name}:`)),
  )
  const [, , uid, gid] = (found.find((line) => line !== undefined) ?? '::65534:65534').split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

/**
 * Makes a database in a new folder and starts it, syncing to disk as a real one does.
 *
 * @param bin - From `findPostgres`.
 */
export async function startPostgres(bin: string, deadlineMs = 30_000): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-postgres-'))
  const data = join(folder, 'data')
  const user = lesserUser()
  const password = randomBytes(16).toString('hex')
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (user.uid !== undefined && user.gid !== undefined)
    for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid)
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }
  execFileSync(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'tester',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--no-sync',
    ],
    { ...user, env, cwd: folder, stdio: 'pipe' },
  )
  const [port = 0] = await freePorts(1)
  const url = `postgres://tester:${password}@127.0.0.1:${port}/postgres`

  const start = async () => {
    const child = spawn(
      join(bin, 'postgres'),
      ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', folder],
      { ...user, env, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    let log = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = `${log}${text}`.slice(-4_000)
    })
    await once(child, 'spawn')
    const exited = once(child, 'exit')
    const release = endWithParent(child.pid ?? 0, folder)
    const end = async (signal: 'SIGINT' | 'SIGQUIT') => {
      child.kill(signal)
      await exited
      release()
    }
    for (const deadline = Date.now() + deadlineMs; !(await answers(url)); await sleep(50)) {
      if (child.exitCode === null && Date.now() < deadline) continue
      await end('SIGQUIT')
      throw new Error(`PostgreSQL was not ready within ${deadlineMs} ms. It said:\n${log}`)
    }
    return end
  }

  let end = await start()
  const stop = async () => {
    await end('SIGINT')
    rmSync(folder, { recursive: true, force: true })
  }
  const halt: Postgres['halt'] = async (how) => {
    await end(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
    return async () => {
      end = await start()
    }
  }
  const crash = async () => {
    const startAgain = await halt('immediate')
    await startAgain()
  }
  return { url, socketFolder: folder, crash, halt, stop, [Symbol.asyncDispose]: stop }
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** A shell waits on a pipe that only this process holds: unwritten when it closes, we are dead. */
function endWithParent(pid: number, folder: string): () => void {
  const script = 'trap "" INT TERM HUP; read -r _ || { kill -QUIT "$1"; sleep 2; rm -rf "$2"; }'
  const guard = spawn('/bin/sh', ['-c', script, 'sh', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.on('error', () => undefined)
  guard.stdin.on('error', () => undefined)
  guard.unref()
  return () => guard.stdin.end('done\n')
}
