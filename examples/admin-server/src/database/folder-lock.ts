/** One process at a time on one folder: a second one would lose what the first has written. @module */

import { createHash } from 'node:crypto'
import { mkdirSync, realpathSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AdminError } from '../errors.ts'

/**
 * Held by listening on a name that the operating system gives to one process and takes back when that
 * ends, however it ends: nothing is left behind that somebody would have to remove.
 *
 * It is a name of this machine: processes in containers of their own, or on two machines that mount
 * one folder, do not see each other's.
 *
 * @param folder - Made when it is not there.
 * @returns Gives it back.
 * @throws {AdminError} `DATABASE_IN_USE`.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const hash = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 32)
  const name = nameOf(`fcl-kms-admin-${hash}`)
  const server = createServer((socket) => socket.destroy())
  if (!(await listens(server, name))) {
    const isLeft = name.startsWith('/') && !(await answers(name))
    if (isLeft) rmSync(name, { force: true }) // its process is gone: only where names are files
    if (!isLeft || !(await listens(server, name)))
      throw new AdminError('DATABASE_IN_USE', { folder })
  }
  server.unref()
  return () => new Promise((resolve) => server.close(() => resolve()))
}

function nameOf(text: string): string {
  if (process.platform === 'linux') return `\0${text}` // a name without a file
  if (process.platform === 'win32') return `\\\\.\\pipe\\${text}`
  return join(tmpdir(), `${text}.sock`)
}

const listens = (server: Server, path: string): Promise<boolean> =>
  new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ path }, () => resolve(true))
  })

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
    socket.unref()
  })
