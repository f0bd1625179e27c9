/**
 * `npm run enclave -- parent [--output <folder>]`: what goes into the image of the machine beside that of the
 * enclave: `parent.mjs`, and `bridge`, without which it has no vsock. @module
 */
import { createHash } from 'node:crypto'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureInit } from '../init.mjs'
import { bundleParent } from '../inside.mjs'
import { write } from './build.mjs'

/** @param {string[]} args @returns {Promise<number>} */
export async function run(args) {
  const { output = '.' } = parseArgs({ args, options: { output: { type: 'string' } } }).values
  const files = {
    'parent.mjs': await bundleParent(),
    bridge: new Uint8Array(readFileSync(await ensureInit())),
  }
  write(output, files)
  chmodSync(join(output, 'bridge'), 0o755)
  for (const [name, contents] of Object.entries(files)) {
    const sha256 = createHash('sha256').update(contents).digest('hex')
    console.log(`${sha256}  ${join(output, name)}  ${(contents.length / 1e6).toFixed(1)} MB`)
  }
  return 0
}
