/**
 * `npm run enclave -- build --configuration <file> [--output <folder>] [--kernel <file>]
 * [--pkcs11 <module or JSON>]`: an image, and the measurements that let it in. @module
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { tidy } from '../../paths.mjs'
import { buildImage } from '../build-image.mjs'

/** @param {string[]} args @returns {Promise<number>} */
export async function run(args) {
  const text = /** @type {const} */ ({ type: 'string' })
  const { values } = parseArgs({
    args,
    options: { configuration: text, output: text, kernel: text, pkcs11: text },
  })
  const { configuration, kernel, pkcs11, output = '.' } = values
  if (!configuration) throw new Error('Name the configuration with --configuration <enclave.json>.')
  const { image, published, sizes } = await buildImage({
    configuration,
    ...(kernel === undefined ? {} : { kernel }),
    ...(pkcs11 === undefined ? {} : { pkcs11 }),
  })
  const files = {
    [`${published.name}.eif`]: image,
    [`${published.name}.measurements.json`]: `${JSON.stringify(published, undefined, 2)}\n`,
  }
  write(output, files)
  for (const [name, value] of Object.entries(published.measurements))
    console.log(`${name.toUpperCase()}  ${value}`)
  for (const [name, bytes] of Object.entries(sizes))
    console.log(`${name.padEnd(13)}  ${(bytes / 1e6).toFixed(1).padStart(6)} MB`)
  for (const name of Object.keys(files)) console.log(join(output, name))
  return 0
}

/**
 * All of them, or none: a half image has a name that nobody takes for one.
 * @param {string} folder
 * @param {Record<string, Uint8Array | string>} files
 */
export function write(folder, files) {
  const part = `.part.${process.pid}`
  const paths = Object.keys(files).map((name) => join(folder, name))
  try {
    mkdirSync(folder, { recursive: true })
    for (const [name, contents] of Object.entries(files))
      writeFileSync(join(folder, name + part), contents, { flush: true })
    for (const path of paths) renameSync(path + part, path)
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    const space = code === 'ENOSPC' || code === 'EDQUOT' ? ', there is no space left' : ''
    throw new Error(
      `The files cannot be written to ${folder} (${code}${space}): name another with --output.`,
      { cause: error },
    )
  } finally {
    for (const path of paths) tidy(path + part)
  }
}
