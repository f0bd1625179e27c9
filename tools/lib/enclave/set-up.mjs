/** What a real guest needs that plays the enclave: found in the cache, or prepared in it. @module */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../lock.mjs'
import { cacheFolder, fingerprint } from '../paths.mjs'
import { ensureDevices } from './cargo.mjs'
import { debianFolder, debianParts, ensureDebian } from './debian.mjs'
import { ensureInit, initGoFolder } from './init.mjs'
import { ensureNode } from './node.mjs'

/**
 * @typedef {import('./debian.mjs').DebianParts & {
 *   vsock: string
 *   nsmBridge: string
 *   init: string
 *   node: string
 *   goFolder: string
 * }} EnclaveTools what $FCL_KMS_ENCLAVE names: a JSON file of paths; `qemu` is a command, `node`
 *   a folder with Node.js and its libraries as they lie in the guest, `goFolder` Go's caches
 */

/**
 * Looks at $FCL_KMS_ENCLAVE, then in the cache; then prepares the parts beside each other.
 * @returns {Promise<string | undefined>} the value for $FCL_KMS_ENCLAVE; why there is none was
 *   printed, in one line
 * @throws {Error} in one sentence, when the variable names no file
 */
export async function ensureEnclave() {
  const given = process.env.FCL_KMS_ENCLAVE
  if (given && !existsSync(given))
    throw new Error(`FCL_KMS_ENCLAVE names ${given}, which is not there: correct or unset it.`)
  if (given) return given
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return skip(`it runs on Linux and x64, this is ${process.platform} and ${process.arch}`)
  try {
    return await withLock('enclave', prepare)
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    return skip(
      said
        .replace(/\s+/g, ' ')
        .slice(0, 500)
        .replace(/[.:]?$/, ''),
    )
  }
}

async function prepare() {
  const [debian, devices, init, node] = await Promise.allSettled([
    ensureDebian(),
    ensureDevices(),
    ensureInit(),
    ensureNode(),
  ])
  if (debian.status === 'rejected') throw debian.reason
  if (devices.status === 'rejected') throw devices.reason
  if (init.status === 'rejected') throw init.reason
  if (node.status === 'rejected') throw node.reason
  /** @type {EnclaveTools} */
  const tools = {
    ...debianParts(debianFolder()),
    ...devices.value,
    init: init.value,
    node: node.value,
    goFolder: initGoFolder(),
  }
  const text = `${JSON.stringify(tools, undefined, 2)}\n`
  const folder = join(cacheFolder(), 'enclave')
  const path = join(folder, `tools-${fingerprint([], [text])}.json`)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${path}.${process.pid}`, text)
  renameSync(`${path}.${process.pid}`, path)
  return path
}

/** @param {string} reason @returns {undefined} */
function skip(reason) {
  console.log(`SKIPPED the guest of the enclave: ${reason}; tests that need it are skipped.`)
}
