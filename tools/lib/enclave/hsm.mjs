/** What an image has more when it signs with an HSM: the module, and the process that it runs in. @module */
import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { root } from '../paths.mjs'
import { ensurePkcs11 } from '../pkcs11.mjs'
import { trimElf } from './elf.mjs'
import { MAX_IMAGE_BYTES, MAX_TEXT_BYTES, readGiven, readNamed } from './given-file.mjs'
import { bundleModuleProcess } from './inside.mjs'
import { libraryEntries } from './libraries.mjs'

/** @typedef {import('./ramdisk.mjs').Entry} Entry */

/**
 * @typedef {object} HsmModule
 * @property {string} module absolute path of the vendor's library: it is at the same in the guest
 * @property {readonly string[]} [libraries] absolute paths of those that it opens while it runs, which it
 *   does not name as needed
 * @property {Readonly<Record<string, string>>} [files] absolute paths in the guest, such as of the
 *   settings of the module and the certificate of the HSM, and where each is on this machine
 */

/**
 * @param {string} path of the module, or of a JSON file that is an `HsmModule`, in which the paths of
 *   `files` are from its folder
 * @returns {HsmModule}
 * @throws {Error} in one sentence
 */
export function readHsmModule(path) {
  if (!path.endsWith('.json')) return { module: resolve(path) }
  /** @type {unknown} */
  let value
  try {
    value = JSON.parse(readGiven(path, MAX_TEXT_BYTES).toString())
  } catch {
    throw new Error(`${path} is not a file of JSON: write { "module": "/path/of/the.so" } into it.`)
  }
  const { module, libraries = [], files = {}, ...others } = Object(value)
  const [unknown] = Object.keys(others)
  if (unknown !== undefined)
    throw new Error(`${path}: ${unknown} is unknown; known are module, libraries and files.`)
  const isPath = (/** @type {unknown} */ one) => typeof one === 'string' && isAbsolute(one)
  if (!isPath(module) || !Array.isArray(libraries) || !libraries.every(isPath))
    throw new Error(`${path}: module, and each of libraries, must be an absolute path.`)
  const entries = Object.entries(Object(files))
  if (!entries.every(([place, source]) => isPath(place) && typeof source === 'string'))
    throw new Error(`${path}: files must name absolute paths of the guest, and a file for each.`)
  const found = entries.map(([place, source]) => [place, resolve(dirname(path), source)])
  return { module, libraries, files: Object.fromEntries(found) }
}

/**
 * For the first ramdisk: the module with what it needs, its files, the program of its process, and
 * pkcs11js, built on this machine.
 *
 * @param {HsmModule} hsm
 * @param {readonly Entry[]} provided what the ramdisk has already, with the libraries of Node.js
 * @returns {Promise<Entry[]>}
 * @throws {Error} in one sentence
 */
export async function hsmEntries({ module, libraries = [], files = {} }, provided) {
  const ofModule = libraryEntries([module, ...libraries], provided)
  if (!(await ensurePkcs11()))
    throw new Error('An image with an HSM needs pkcs11js: the line above says what it lacks.')
  return [
    ...ofModule,
    ...Object.entries(files).map(([place, source]) => ({
      path: place.slice(1),
      contents: readFileOf(source),
    })),
    ...(await processEntries()),
  ]
}

/** @param {string} path */
const readFileOf = (path) => readNamed(path, MAX_IMAGE_BYTES, 'The file of the module')

/**
 * So that no image is built whose keys it can never use.
 *
 * @param {Pick<import('../../../examples/enclave/inside/configuration.ts').EnclaveConfiguration, 'keys'>} configuration
 * @param {HsmModule | undefined} hsm
 * @throws {Error} in one sentence
 */
export function assertModules({ keys }, hsm) {
  const { module, libraries = [], files = {} } = hsm ?? { module: '' }
  const known = [module, ...libraries, ...Object.keys(files)]
  for (const [name, key] of Object.entries(keys))
    if ('pkcs11' in key && !known.includes(key.pkcs11.modulePath))
      throw new Error(
        `The key ${name} of the configuration needs ${key.pkcs11.modulePath}, which is not in the image: name it with --pkcs11.`,
      )
}

/**
 * The program in which a module runs, where the signer of `app/enclave.mjs` looks for it.
 *
 * @returns {Promise<Entry[]>}
 */
export async function processEntries() {
  const folder = join(root, 'node_modules', 'pkcs11js')
  const native = 'build/Release/pkcs11.node'
  return [
    { path: 'app/process/main.js', contents: await bundleModuleProcess() },
    { path: 'app/process/package.json', contents: Buffer.from('{"type":"module"}\n') },
    ...['index.js', 'package.json'].map((name) => ({
      path: `app/node_modules/pkcs11js/${name}`,
      contents: readFileSync(join(folder, name)),
    })),
    {
      path: `app/node_modules/pkcs11js/${native}`,
      contents: trimElf(readFileSync(join(folder, native))),
      mode: 0o755,
    },
  ]
}
