/** The Lambda of the stack `remote-signer` as one file: the same bytes each time. @module */
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from './paths.mjs'

const source = join(root, 'src', 'remote-signer-lambda')

/** @returns {Promise<Uint8Array>} an ES module for Node.js 20 or newer, everything in it */
export async function bundleRemoteSigner() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [join(source, 'handler.ts')],
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // The modules of the AWS SDK drop what is not used; its CommonJS is 150 kB more.
    mainFields: ['module', 'main'],
    alias: {
      '@aws-sdk/credential-provider-node': join(source, 'environment-credentials.ts'),
    },
    legalComments: 'eof',
    logLevel: 'error',
    // What AWS documents for ES modules: packages in CommonJS call require.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  })
  const [file] = outputFiles
  if (file === undefined) throw new Error('esbuild made no file.')
  return file.contents
}
