/** Files that are whole or not there, and stay when the power goes. @module */

import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { link, mkdir, open, readdir, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SignerError } from '../../../errors.ts'
import { invalid } from '../../../options.ts'
import { READ_BYTES } from '../key-store.ts'
import { temporaryName } from './file-names.ts'

export const codeOfSystem = (thrown: unknown): string =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : ''

/** @returns `value` for an error of this code; what else is thrown passes. */
const unless =
  <T>(code: string, value: T) =>
  (thrown: unknown): T => {
    if (codeOfSystem(thrown) === code) return value
    throw thrown
  }

/** @returns Undefined when there is no such folder. */
export const namesIn = (folder: string): Promise<readonly string[] | undefined> =>
  readdir(folder).catch(unless('ENOENT', undefined))

/**
 * Follows no link at its end, and waits for nobody: a pipe would hold a thread until somebody writes to it.
 *
 * @param limit - In bytes: more is not read.
 * @returns Undefined when there is no such file.
 */
export async function readSmallFile(
  path: string,
  limit: number = READ_BYTES,
): Promise<Uint8Array | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | (constants.O_NONBLOCK ?? 0)
  const file = await open(path, flags).catch(unless('ENOENT', undefined))
  if (file === undefined) return undefined
  try {
    if (!(await file.stat()).isFile())
      throw new SignerError('STORE_DENIED', { operation: 'read', reason: 'a record is no file' })
    const buffer = new Uint8Array(limit)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, limit - length, length)
      length += bytesRead
      if (bytesRead === 0 || length === limit) return buffer.slice(0, length)
    }
  } finally {
    await file.close()
  }
}

/**
 * Writes a file in full, and only then gives it its name, if nothing has that name.
 *
 * @returns False when something has, or the folder was emptied meanwhile.
 */
export async function publish(folder: string, name: string, bytes: Uint8Array): Promise<boolean> {
  const temporary = join(folder, temporaryName(randomBytes(12).toString('hex')))
  const file = await open(temporary, 'wx', 0o600)
  try {
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(temporary, join(folder, name))
  } catch (thrown) {
    if (/^(EEXIST|ENOENT)$/.test(codeOfSystem(thrown))) return false
    throw thrown
  } finally {
    await remove(temporary) // also when the disk is full
  }
  await syncFolder(folder)
  return true
}

export const remove = (path: string): Promise<void> =>
  unlink(path).catch(unless('ENOENT', undefined))

/** Made where it is missing. @throws {SignerError} `INVALID_OPTION` for one that others may enter. */
export async function openPrivateFolder(root: string): Promise<void> {
  if ((await mkdir(root, { recursive: true, mode: 0o700 })) !== undefined)
    await syncFolder(dirname(root))
  const found = await stat(root)
  if (!found.isDirectory()) throw invalid('folder', 'it is not a folder')
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0)
    throw invalid('folder', 'others than its owner may enter it: chmod 700')
}

/** Private; one that is there stays as it is. */
export const makeFolder = (folder: string): Promise<void> =>
  mkdir(folder, { mode: 0o700 }).catch(unless('EEXIST', undefined))

/** What was named or removed in it stays so. Windows has no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
