/** An enclave in a real guest on this machine, with its parent and its KMS, from the sources of this clone. @module */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../paths.mjs'

/**
 * @param {string} file that $FCL_KMS_ENCLAVE names
 * @param {{ port: number, configuration?: object }} options of `startLocalEnclave`
 * @returns {Promise<import('../../../examples/enclave/local/start.ts').LocalEnclave>}
 */
export async function startLocal(file, options) {
  const tools = JSON.parse(readFileSync(file, 'utf8'))
  const { startLocalEnclave } = await load()
  return startLocalEnclave({ ...options, tools, prepare: await preparation(tools) })
}

/** The TypeScript of examples/enclave/local, for this Node.js. @returns {Promise<any>} */
async function load() {
  const { build } = await import('esbuild')
  const outfile = join(root, 'node_modules', '.cache', 'fcl-kms', 'enclave-start.mjs')
  await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'examples', 'enclave', 'local', 'start.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    tsconfig: join(root, 'tsconfig.json'),
    logLevel: 'error',
  })
  return import(pathToFileURL(outfile).href)
}

/**
 * With the kernel of images where this machine has built it, and then byte for byte what an image of this
 * configuration measures; else with Debian's.
 * @param {import('./set-up.mjs').EnclaveTools} tools
 */
async function preparation(tools) {
  const { createGuestRamdisks } = await import('./guest-ramdisks.mjs')
  const { kernelPath } = await import('./kernel.mjs')
  const { measure } = await import('./measurements.mjs')
  const isShipped = existsSync(kernelPath())
  const kernel = isShipped ? kernelPath() : tools.kernel
  const machine = /** @type {const} */ (isShipped ? 'microvm' : 'pc')
  return async (/** @type {Uint8Array} */ configuration) => {
    const options = { tools, configuration, hasModules: !isShipped }
    const { ramdisks, commandLine } = await createGuestRamdisks(options)
    const { pcr0, pcr1, pcr2 } = measure({ kernel: readFileSync(kernel), commandLine, ramdisks })
    const pcrs = { 0: pcr0, 1: pcr1, 2: pcr2 }
    return { ramdisks, commandLine, machine, kernel, pcrs }
  }
}
