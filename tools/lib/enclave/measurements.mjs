/** PCR0 to PCR2 of an image of a Nitro enclave, before any enclave starts. @module */
import { createHash } from 'node:crypto'

/**
 * @typedef {object} ImageParts what an enclave starts from; all of it is measured
 * @property {Uint8Array} kernel a bzImage
 * @property {string} commandLine of the kernel, ASCII
 * @property {readonly Uint8Array[]} ramdisks code first, then what makes an enclave of it yours
 *
 * @typedef {object} Measurements lower-case hex, 96 digits each
 * @property {string} pcr0 everything: kernel, command line and all ramdisks
 * @property {string} pcr1 kernel, command line and the first ramdisk
 * @property {string} pcr2 the other ramdisks
 */

/**
 * @param {ImageParts} parts
 * @returns {Measurements}
 */
export function measure({ kernel, commandLine, ramdisks }) {
  const [first = new Uint8Array(), ...others] = ramdisks
  const boot = [kernel, Buffer.from(commandLine), first]
  return { pcr0: extend([...boot, ...others]), pcr1: extend(boot), pcr2: extend(others) }
}

/**
 * A register that starts as zeros, extended once by the hash of these bytes in a row.
 * @param {readonly Uint8Array[]} parts
 */
function extend(parts) {
  const inner = createHash('sha384')
  for (const part of parts) inner.update(part)
  return createHash('sha384').update(new Uint8Array(48)).update(inner.digest()).digest('hex')
}
