/** An enclave in a real guest on this machine, with its parent and its KMS, from the sources of this clone. @module */
import { readFileSync } from 'node:fs'
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

/** @param {import('./set-up.mjs').EnclaveTools} tools */
async function preparation(tools) {
  const { createGuestRamdisks } = await import('./guest-ramdisks.mjs')
  const { measure } = await import('./measurements.mjs')
  return async (/** @type {Uint8Array} */ configuration) => {
    const { ramdisks, commandLine } = await createGuestRamdisks({ tools, configuration })
    const kernel = readFileSync(tools.kernel)
    const { pcr0, pcr1, pcr2 } = measure({ kernel, commandLine, ramdisks })
    return { ramdisks, commandLine, pcrs: { 0: pcr0, 1: pcr1, 2: pcr2 } }
  }
}
