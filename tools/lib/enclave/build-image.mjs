/** An image built of this clone and one configuration, and what anyone who builds it again must get. @module */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../paths.mjs'
import { createImage } from './eif.mjs'
import { MAX_IMAGE_BYTES, MAX_TEXT_BYTES, readNamed } from './given-file.mjs'
import { assertModules, hsmEntries, readHsmModule } from './hsm.mjs'
import { codeEntries, commandLine, configurationEntries } from './image.mjs'
import { ensureInit } from './init.mjs'
import { bundleInside, readEnclaveConfiguration } from './inside.mjs'
import { ensureKernel, kernelVersion } from './kernel.mjs'
import { measure } from './measurements.mjs'
import { ensureNode, nodeEntries } from './node.mjs'
import { createRamdisk } from './ramdisk.mjs'

/**
 * @typedef {object} Published what is published with an image: enough to let it in, and to tell which
 *   part of another one differs
 * @property {string} name of the configuration
 * @property {import('./measurements.mjs').Measurements} measurements
 * @property {Record<string, string>} parts SHA-256, in lower-case hex, of `kernel`, `command line`,
 *   and of each file of the `code` and the `configuration`
 */

/**
 * @param {{ configuration: string, kernel?: string, pkcs11?: string }} options paths: of an enclave.json,
 *   of a bzImage that takes the place of our own kernel, and of what `readHsmModule` takes
 * @returns {Promise<{ image: Uint8Array, published: Published, sizes: Record<string, number> }>} sizes
 *   in bytes
 * @throws {Error} in one sentence; `SignerError` `ENCLAVE_CONFIGURATION_INVALID` before anything is built
 */
export async function buildImage(options) {
  const text = readNamed(options.configuration, MAX_TEXT_BYTES, 'The configuration')
  const enclave = await readEnclaveConfiguration(text.toString())
  const { name } = enclave
  const { pkcs11 } = options
  const hsm = pkcs11 === undefined ? undefined : readHsmModule(pkcs11)
  assertModules(enclave, hsm)
  const node = nodeEntries(await ensureNode())
  const ofHsm = hsm === undefined ? [] : await hsmEntries(hsm, node)
  const path = options.kernel ?? (await ensureKernel())
  const kernel = readNamed(path, MAX_IMAGE_BYTES, 'The kernel')
  const program = await bundleInside()
  const code = [...codeEntries({ init: await ensureInit(), program, node }), ...ofHsm]
  const configuration = configurationEntries(text)
  const ramdisks = [createRamdisk(code), createRamdisk(configuration)]
  const parts = { kernel, commandLine, ramdisks }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const image = createImage(parts, { name, version, kernelVersion: kernelVersion() })
  const published = {
    name,
    measurements: measure(parts),
    parts: {
      kernel: sha256(kernel),
      'command line': sha256(commandLine),
      ...hashes('code', code),
      ...hashes('configuration', configuration),
    },
  }
  const [first, second] = ramdisks.map((ramdisk) => ramdisk.length)
  const sizes = {
    kernel: kernel.length,
    code: first ?? 0,
    configuration: second ?? 0,
    image: image.length,
  }
  return { image, published, sizes }
}

/** @param {string} part @param {readonly import('./ramdisk.mjs').Entry[]} entries */
const hashes = (part, entries) =>
  Object.fromEntries(
    entries.flatMap(({ path, contents }) =>
      contents === undefined ? [] : [[`${part}: ${path}`, sha256(contents)]],
    ),
  )

/** @param {Uint8Array | string} bytes */
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')
