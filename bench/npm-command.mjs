/** The npm that started this program, else the one beside Node.js. @module */
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** @returns {string[]} the script to run by Node.js */
export function npmCommand() {
  const script = process.env.npm_execpath
  if (script?.endsWith('npm-cli.js') && existsSync(script)) return [script]
  const folders = (process.env.PATH ?? '').split(delimiter)
  const found = folders.map((folder) => join(folder, 'npm')).find((path) => existsSync(path))
  if (found === undefined) throw new Error('npm is missing: it packs the package for its size')
  return [realpathSync(found)]
}
