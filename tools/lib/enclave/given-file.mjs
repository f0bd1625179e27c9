/** A file that somebody named: read whole, and never more than it may have. @module */
import { readFileSync, statSync } from 'node:fs'

/** The whole of an image, several times: Node.js and the libraries of an HSM. */
export const MAX_IMAGE_BYTES = 1_073_741_824
/** Of what is written by hand. */
export const MAX_TEXT_BYTES = 1_048_576

/**
 * A device, or a pipe, may have no end, and is not read.
 * @param {string} path
 * @param {number} maxBytes
 * @returns {Buffer}
 * @throws {NodeJS.ErrnoException} whose `code` says why, for a sentence: `ENOENT` and the like
 */
export function readGiven(path, maxBytes) {
  const found = statSync(path)
  if (!found.isFile()) throw Object.assign(new Error(path), { code: 'it is no file' })
  if (found.size > maxBytes)
    throw Object.assign(new Error(path), { code: `it is longer than ${maxBytes} bytes` })
  return readFileSync(path)
}

/**
 * @param {string} path
 * @param {number} maxBytes
 * @param {string} what it is, as `The image`
 * @returns {Buffer}
 * @throws {Error} in one sentence
 */
export function readNamed(path, maxBytes, what) {
  try {
    return readGiven(path, maxBytes)
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    throw new Error(`${what} ${path} cannot be read (${code}): name another file.`)
  }
}
