/** Where things lie, and what is installed on this machine. @module */
import { createHash } from 'node:crypto'
import { accessSync, constants, readFileSync, rmSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The clone. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/**
 * The one folder outside the clone that set-up writes to. A relative XDG_CACHE_HOME does not count.
 * @see XDG Base Directory Specification 0.8
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string}
 */
export function cacheFolder(env = process.env) {
  const base = env.XDG_CACHE_HOME
  return join(base && isAbsolute(base) ? base : join(homedir(), '.cache'), 'fcl-kms')
}

/**
 * The first 16 hex digits of the SHA-256 of these files and words.
 * @param {readonly string[]} files paths in the clone
 * @param {readonly string[]} words
 */
export function fingerprint(files, words) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(join(root, file)))
  return hash.update(words.join('\0')).digest('hex').slice(0, 16)
}

/**
 * @param {string} path
 * @returns {boolean}
 */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/**
 * The full path of a program: itself when it names a path, else the first one on PATH.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined}
 */
export function findProgram(name, env = process.env) {
  if (name.includes('/')) return isExecutable(name) ? name : undefined
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/**
 * A command as users give it in a variable: a path, which may hold spaces, or words split on spaces.
 * @param {string} command
 * @returns {[file: string, ...args: string[]]}
 */
export function splitCommand(command) {
  if (isExecutable(command)) return [command]
  const [file = '', ...args] = command.split(' ').filter((word) => word !== '')
  return [file, ...args]
}

/**
 * Removes a folder that nobody needs any more. What a killed attempt still writes to may stay.
 * @param {string} folder
 */
export function tidy(folder) {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch {
    // not worth failing for
  }
}
