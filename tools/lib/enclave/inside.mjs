/** What runs inside an enclave, and beside it, as one file each, the same bytes each time. @module */
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { root } from '../paths.mjs'

const source = join(root, 'examples', 'enclave', 'inside')

/** @returns {Promise<Uint8Array>} an ES module for Node.js 20 or newer, everything in it */
export const bundleInside = () => bundle('main.ts')

/**
 * @returns {Promise<Uint8Array>} the program in which the library of an HSM runs, `process/main.js` beside
 *   the other, with pkcs11js in `node_modules`
 */
export const bundleModuleProcess = () =>
  bundle('../../../src/signers/pkcs11/process/main.ts', ['pkcs11js'])

/** @param {string} path of another program for a guest, for a test @returns {Promise<Uint8Array>} */
export const bundleProgram = (path) => bundle(path)

/**
 * Reads enclave.json as the enclave will, so that no image is built of one that it refuses.
 *
 * @param {string} text
 * @returns {Promise<import('../../../examples/enclave/inside/configuration.ts').EnclaveConfiguration>}
 * @throws {Error} `SignerError` `ENCLAVE_CONFIGURATION_INVALID`
 */
export async function readEnclaveConfiguration(text) {
  // It makes no call, so that the AWS SDK is never loaded.
  reader ??= bundle('configuration.ts', ['@aws-sdk/*', '@smithy/*']).then(
    (code) => import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`),
  )
  const { parseConfiguration } = await reader
  return parseConfiguration(text)
}

/** @type {Promise<{ parseConfiguration: (text: string) => any }> | undefined} */
let reader

/** @returns {Promise<Uint8Array>} the parent's program on EC2: an ES module for Node.js 20 or newer, everything in it */
export const bundleParent = () => bundle('../parent/main.ts', [], {})

/** An enclave has no place to look for credentials. */
const withoutChain = {
  '@aws-sdk/credential-provider-node': join(source, 'no-credential-chain.ts'),
}

/**
 * @param {string} entry
 * @param {string[]} external
 * @param {Record<string, string>} alias
 */
async function bundle(entry, external = [], alias = withoutChain) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [resolve(source, entry)],
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // The modules of the AWS SDK drop what is not used; its CommonJS is 150 kB more.
    mainFields: ['module', 'main'],
    external,
    alias,
    tsconfig: join(root, 'tsconfig.json'),
    legalComments: 'eof',
    logLevel: 'error',
    // What AWS documents for ES modules: packages in CommonJS call require.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire('file:///');",
    },
  })
  const [file] = outputFiles
  if (file === undefined) throw new Error('esbuild made no file.')
  return file.contents
}
