/** `npm run enclave -- measure --image <file>`: what KMS will see of an image, whoever built it. @module */
import { parseArgs } from 'node:util'
import { readImage } from '../eif.mjs'
import { MAX_IMAGE_BYTES, readNamed } from '../given-file.mjs'
import { measure } from '../measurements.mjs'

/** @param {string[]} args @returns {Promise<number>} */
export async function run(args) {
  const { values } = parseArgs({ args, options: { image: { type: 'string' } } })
  if (!values.image) throw new Error('Name the image with --image <file>.')
  const image = readImage(readNamed(values.image, MAX_IMAGE_BYTES, 'The image'))
  console.log(JSON.stringify(measure(image), undefined, 2))
  return 0
}
