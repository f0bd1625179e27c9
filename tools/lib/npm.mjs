/** The npm packages of the lockfile in node_modules. @module */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from './lock.mjs'
import { cacheFolder, findProgram, fingerprint, root } from './paths.mjs'
import { runWithProgress } from './run.mjs'

/**
 * Installs the packages of the lockfile, checked against its hashes, unless they are there. npm
 * writes its own list last, so a list that agrees with the lockfile is a completed installation.
 */
export async function ensureNpm() {
  if (isInstalled()) return
  await withLock(`npm-${fingerprint([], [root])}`, async () => {
    if (isInstalled()) return
    const [file, ...args] = npmCommand()
    // Not `npm ci`: it refuses a lockfile without the optional packages of every other platform.
    const install = ['install', '--no-save', '--ignore-scripts', '--prefer-offline']
    await runWithProgress('Installing npm packages', file, [...args, ...install], {
      cwd: root,
      env: npmEnvironment(),
    })
  })
}

/**
 * What makes npm write below the cache folder.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {NodeJS.ProcessEnv}
 */
export const npmEnvironment = (env = process.env) => ({
  ...env,
  npm_config_cache: join(cacheFolder(), 'npm'),
})

/** @returns {[file: string, ...args: string[]]} the npm that started this, else the one on PATH */
export function npmCommand() {
  const script = process.env.npm_execpath
  if (script?.endsWith('npm-cli.js') && existsSync(script)) return [process.execPath, script]
  const npm = findProgram('npm')
  if (npm) return [npm]
  throw new Error('npm is missing: install it with Node.js 20.19 or newer from https://nodejs.org.')
}

function isInstalled() {
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'))
  const wanted = readPackages(join(root, 'package-lock.json'))
  if (!installed || !wanted) return false
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    const found = installed[path]
    if (!found) return entry.optional === true
    return found.version === entry.version && found.integrity === entry.integrity
  })
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean }} Entry
 * @param {string} path
 * @returns {Record<string, Entry> | undefined}
 */
function readPackages(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined
}
