/**
 * `npm run enclave -- verify --configuration <file> --measurements <file> [--kernel <file>]
 * [--pkcs11 <module or JSON>]`: builds the image again and compares it with what was published of it. @module
 */
import { parseArgs } from 'node:util'
import { buildImage } from '../build-image.mjs'
import { MAX_TEXT_BYTES, readGiven } from '../given-file.mjs'

/** @typedef {import('../build-image.mjs').Published} Published */

/** @param {string[]} args @returns {Promise<number>} 1 when something differs */
export async function run(args) {
  const text = /** @type {const} */ ({ type: 'string' })
  const options = { configuration: text, measurements: text, kernel: text, pkcs11: text }
  const { configuration, measurements, kernel, pkcs11 } = parseArgs({ args, options }).values
  if (!configuration || !measurements)
    throw new Error(
      'Name --configuration <enclave.json> and --measurements <its measurements.json>.',
    )
  const published = readPublished(measurements)
  const built = await buildImage({
    configuration,
    ...(kernel === undefined ? {} : { kernel }),
    ...(pkcs11 === undefined ? {} : { pkcs11 }),
  })
  const differences = compare(published, built.published)
  for (const line of differences) console.log(line)
  if (differences.length > 0) return 1
  console.log(`The same in every part. PCR0 ${published.measurements.pcr0}`)
  return 0
}

/**
 * @param {Published} published
 * @param {Published} built
 * @returns {string[]} a line for each part that differs, then for each measurement
 */
export function compare(published, built) {
  const names = new Set([...Object.keys(published.parts), ...Object.keys(built.parts)])
  const parts = [...names].flatMap((name) => {
    const [theirs, ours] = [published.parts[name], built.parts[name]]
    if (theirs === ours) return []
    if (theirs === undefined) return [`${name}: built here, and not published`]
    if (ours === undefined) return [`${name}: published, and not built here`]
    return [`${name} differs: published ${theirs}, built ${ours}`]
  })
  const measurements = /** @type {const} */ (['pcr0', 'pcr1', 'pcr2']).flatMap((name) => {
    const [theirs, ours] = [published.measurements[name], built.measurements[name]]
    return theirs === ours
      ? []
      : [`${name.toUpperCase()} differs: published ${theirs}, built ${ours}`]
  })
  return [...parts, ...measurements]
}

/** @param {string} path @returns {Published} */
function readPublished(path) {
  /** @type {any} */
  let value
  try {
    value = JSON.parse(readGiven(path, MAX_TEXT_BYTES).toString())
  } catch {
    throw new Error(`${path} is no JSON that can be read: name the file that the build wrote.`)
  }
  return assertPublished(value, path)
}

/** @param {any} value @param {string} path @returns {Published} */
export function assertPublished(value, path) {
  const has = (
    /** @type {any} */ object,
    /** @type {RegExp} */ form,
    /** @type {string[]} */ keys,
  ) =>
    typeof object === 'object' &&
    object !== null &&
    keys.every((key) => Object.hasOwn(object, key)) &&
    Object.values(object).every((text) => typeof text === 'string' && form.test(text))
  const names = ['measurements', 'name', 'parts']
  if (
    typeof value !== 'object' ||
    value === null ||
    Object.keys(value).sort().join() !== names.join() ||
    !has(value.measurements, /^[0-9a-f]{96}$/, ['pcr0', 'pcr1', 'pcr2']) ||
    Object.keys(value.measurements).length !== 3 ||
    !has(value.parts, /^[0-9a-f]{64}$/, ['kernel', 'command line'])
  )
    throw new Error(`${path} is not what a build wrote: name its <name>.measurements.json.`)
  return value
}
