/** `npm run enclave -- measure --image <file>`: what KMS will see of an image, whoever built it. @module */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readImage } from '../eif.mjs'
import { measure } from '../measurements.mjs'

/** @param {string[]} args @returns {Promise<number>} */
export async function run(args) {
  const { values } = parseArgs({ args, options: { image: { type: 'string' } } })
  if (!values.image) throw new Error('Name the image with --image <file>.')
  console.log(JSON.stringify(measure(readImage(readFileSync(values.image))), undefined, 2))
  return 0
}
