/** The native half of pkcs11js, which npm leaves unbuilt here: no install script runs. @module */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { withLock } from './lock.mjs'
import { npmCommand, npmEnvironment } from './npm.mjs'
import { fingerprint, root } from './paths.mjs'
import { capture, runWithProgress } from './run.mjs'

const folder = join(root, 'node_modules', 'pkcs11js')

/**
 * Builds it once for each installation of npm's packages, with the C++ compiler and the headers of
 * this Node.js. Any version of Node.js that runs here loads the result: it is of Node-API.
 *
 * @returns {Promise<boolean>} whether it is there; why not was printed, in one line
 */
export async function ensurePkcs11() {
  if (await isBuilt()) return true
  const headers = dirname(dirname(process.execPath))
  const reason = existsSync(join(headers, 'include', 'node', 'node_api.h'))
    ? await withLock(`pkcs11-${fingerprint([], [root])}`, () => build(headers))
    : `${join(headers, 'include', 'node')} has no headers of Node.js`
  if (reason === undefined) return true
  console.log(`Not built: pkcs11js (${reason}); tests that need it are skipped.`)
  return false
}

/** @param {string} headers @returns {Promise<string | undefined>} why there is none */
async function build(headers) {
  if (await isBuilt()) return undefined
  const [file, ...args] = npmCommand()
  const rebuild = ['rebuild', 'pkcs11js', '--ignore-scripts=false', `--nodedir=${headers}`]
  try {
    await runWithProgress(
      'Building pkcs11js',
      file,
      [...args, ...rebuild, '--foreground-scripts'],
      {
        cwd: root,
        env: npmEnvironment(),
      },
    )
  } catch {
    return 'node-gyp failed: it needs a C++ compiler, make and Python'
  }
  return (await isBuilt()) ? undefined : 'what node-gyp built cannot be loaded'
}

/** Loaded by another process: a library for another machine would otherwise stay in this one. */
async function isBuilt() {
  if (!existsSync(join(folder, 'build', 'Release', 'pkcs11.node'))) return false
  const { code } = await capture(process.execPath, ['--eval', 'require(process.argv[1])', folder])
  return code === 0
}
