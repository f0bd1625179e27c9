/** `npm run enclave -- start`: an enclave in the foreground, in a real guest, with its KMS; on loopback. @module */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { root } from '../../paths.mjs'
import { setUp } from '../../set-up.mjs'

/** @param {string[]} args @returns {Promise<number>} */
export async function run(args) {
  const { values } = parseArgs({ args, options: { port: { type: 'string', default: '8770' } } })
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${values.port} is none: give a number up to 65535.`)
  const env = await setUp(['npm', 'aws', 'enclave'])
  if (env.FCL_KMS_ENCLAVE === undefined) return 1
  Object.assign(process.env, env)
  const tools = JSON.parse(readFileSync(env.FCL_KMS_ENCLAVE, 'utf8'))
  const { startLocalEnclave } = await load()
  console.log('Starting the enclave: its processor is emulated, so that takes a while.')
  const enclave = await startLocalEnclave({ tools, port, prepare: await preparation(tools) })
  const { url, key, pcr0, rootFile } = enclave
  console.log(`Enclave on 127.0.0.1, of this clone; what it keeps is gone when it ends.
  signing service   ${url}
  key               ${key.key}, ${key.signatureAlgorithm}, signs messages of users
  public key        ${key.publicKey}
  PCR0              ${pcr0}
  root certificate  ${rootFile}`)
  return new Promise(() => undefined) // until a signal
}

/** Of the TypeScript beside it, for this Node.js. @returns {Promise<any>} */
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

/** @param {import('../set-up.mjs').EnclaveTools} tools */
async function preparation(tools) {
  const { createGuestRamdisks } = await import('../guest-ramdisks.mjs')
  const { measure } = await import('../measurements.mjs')
  return async (/** @type {Uint8Array} */ configuration) => {
    const { ramdisks, commandLine } = await createGuestRamdisks({ tools, configuration })
    const kernel = readFileSync(tools.kernel)
    const { pcr0, pcr1, pcr2 } = measure({ kernel, commandLine, ramdisks })
    return { ramdisks, commandLine, pcrs: { 0: pcr0, 1: pcr1, 2: pcr2 } }
  }
}
