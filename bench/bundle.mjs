/** Size of all that the root entry brings into a bundle, without what the user brings. @module */
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { root } from './own-package.mjs'

/** The peer dependencies of fcl-kms; for fcl-kms-authorizer the same ones are left out. */
const external = ['@aws-sdk/client-kms', '@onflow/fcl']

/** @returns Bytes of the bundle, minified, and of the same after gzip. */
export async function measureBundle(specifier) {
  const { outputFiles } = await build({
    stdin: { contents: `export * from '${specifier}'`, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external,
    write: false,
    logLevel: 'silent',
  })
  const { contents } = outputFiles[0]
  return { minifiedBytes: contents.length, gzipBytes: gzipSync(contents, { level: 9 }).length }
}
