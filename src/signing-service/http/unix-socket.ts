/** A Unix socket that nobody but its owner can reach, from its first moment. @module */

import { chmod, lstat, mkdtemp, rename, rm, unlink } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { SignerError } from '../../errors.ts'

/** What Linux and macOS both take, with the temporary name beside it. */
const MAX_PATH_BYTES = 85

/**
 * Binds under a name in a private folder, closes the socket to others, and only then gives it its
 * own name. A socket that nobody listens on any more is replaced.
 *
 * @param bind - Lets the server listen on a path. When what follows fails, it listens still.
 * @returns Takes the name away again.
 * @throws {SignerError} `INVALID_OPTION` for a path that is too long, taken, or no socket.
 */
export async function bindPrivately(
  path: string,
  bind: (path: string) => Promise<void>,
): Promise<() => Promise<void>> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    throw invalid(`it has more than ${MAX_PATH_BYTES} bytes`)
  await assertFree(path)
  const folder = await mkdtemp(join(dirname(path), '.fcl-kms-')).catch((cause: unknown) => {
    throw invalid('its folder cannot be written to', cause)
  })
  try {
    const hidden = join(folder, 's')
    await bind(hidden)
    await chmod(hidden, 0o600)
    await rename(hidden, path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  const { ino } = await lstat(path)
  return async () => {
    // Another process may have replaced it meanwhile.
    const now = await lstat(path).catch(() => undefined)
    if (now?.ino === ino) await unlink(path).catch(() => undefined)
  }
}

async function assertFree(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket()) throw invalid('something that is no socket has this path')
  if (await answers(path)) throw invalid('a server listens there already')
}

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    const end = (is: boolean) => {
      socket.destroy()
      resolve(is)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })

/** Resolves when the server listens; rejects with what Node.js says where it cannot. */
export const listening = (
  server: Server,
  where: { readonly path: string } | { readonly port: number; readonly host: string },
): Promise<void> =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => {
      server.off('error', reject)
      resolve()
    })
  })

const invalid = (reason: string, cause?: unknown) =>
  new SignerError('INVALID_OPTION', { option: 'socketPath', reason }, { cause })
