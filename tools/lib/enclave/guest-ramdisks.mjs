/** What a guest for tests boots: the code and the configuration of an image, and a distribution's kernel. @module */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeEntries, commandLine, configurationEntries } from './image.mjs'
import { bundleInside } from './inside.mjs'
import { nodeEntries } from './node.mjs'
import { createRamdisk } from './ramdisk.mjs'

/** @typedef {import('./ramdisk.mjs').Entry} Entry */

/**
 * @param {object} options
 * @param {import('./set-up.mjs').EnclaveTools} options.tools
 * @param {Uint8Array} options.configuration enclave.json
 * @param {readonly Entry[]} [options.overlay] what lies over the shipped code, for a test
 * @param {boolean} [options.hasModules] whether the kernel has them apart. Default true
 * @returns {Promise<{ ramdisks: Uint8Array[], commandLine: string }>} the first ramdisk is byte for byte
 *   that of an image; the last has the modules of the kernel, and the overlay
 */
export async function createGuestRamdisks(options) {
  const { tools, configuration, overlay = [], hasModules = true } = options
  const program = await bundleInside()
  const code = codeEntries({ init: tools.init, program, node: nodeEntries(tools.node) })
  const names = hasModules ? readdirSync(tools.modules) : []
  const modules = names.map((name) => ({
    path: `modules/${name}`,
    contents: readFileSync(join(tools.modules, name)),
  }))
  const over = [...modules, ...overlay]
  return {
    ramdisks: [
      createRamdisk(code),
      createRamdisk(configurationEntries(configuration)),
      ...(over.length === 0 ? [] : [createRamdisk(over)]),
    ],
    commandLine,
  }
}
