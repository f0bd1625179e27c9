/**
 * The file that a Nitro enclave starts from: the Enclave Image Format, version 4, for x86-64, without
 * a signature. Every number in it is big-endian. @module
 */
import { crc32 } from 'node:zlib'

/** @typedef {import('./measurements.mjs').ImageParts} ImageParts */

const headerLength = 548
const sectionHeaderLength = 12
const maxSections = 32
const magic = '.eif'
const version = 4
/** Bit 0 of the flags. */
const arm64 = 1
const types = { kernel: 1, commandLine: 2, ramdisk: 3, metadata: 5 }
/** What nitro-cli takes where it is not told; AWS's own builder writes the same. */
const defaultMemory = 2n ** 30n
const defaultProcessors = 2n

/**
 * @param {ImageParts} parts
 * @param {{ name: string, version: string, kernelVersion: string }} about what `nitro-cli describe-eif`
 *   shows, which is not measured. No times: the same parts make the same file
 * @returns {Uint8Array} the whole file
 * @throws {Error} in one sentence, when the parts are none of an image for x86-64
 */
export function createImage({ kernel, commandLine, ramdisks }, about) {
  assertKernel(kernel)
  if (!/^[\x20-\x7e]{1,1500}$/.test(commandLine))
    throw new Error('The command line of the kernel is not 1 to 1,500 printable ASCII characters.')
  if (ramdisks.length < 1 || ramdisks.length > maxSections - 3)
    throw new Error(`An image holds 1 to ${maxSections - 3} ramdisks, not ${ramdisks.length}.`)
  const metadata = {
    ImageName: about.name,
    ImageVersion: about.version,
    BuildMetadata: {
      BuildTime: '1970-01-01T00:00:00+00:00',
      BuildTool: 'fcl-kms',
      BuildToolVersion: about.version,
      OperatingSystem: 'Linux',
      KernelVersion: about.kernelVersion,
    },
    DockerInfo: {},
    CustomMetadata: {},
  }
  /** @type {readonly (readonly [type: number, contents: Uint8Array])[]} */
  const sections = [
    [types.kernel, kernel],
    [types.commandLine, Buffer.from(commandLine)],
    [types.metadata, Buffer.from(JSON.stringify(metadata))],
    ...ramdisks.map((ramdisk) => /** @type {const} */ ([types.ramdisk, ramdisk])),
  ]
  const header = Buffer.alloc(headerLength)
  header.write(magic, 0, 'latin1')
  header.writeUInt16BE(version, 4)
  header.writeBigUInt64BE(defaultMemory, 8)
  header.writeBigUInt64BE(defaultProcessors, 16)
  header.writeUInt16BE(sections.length, 26)
  /** @type {Uint8Array[]} */
  const parts = [header]
  let at = headerLength
  sections.forEach(([type, contents], index) => {
    header.writeBigUInt64BE(BigInt(at), 28 + index * 8)
    header.writeBigUInt64BE(BigInt(contents.length), 284 + index * 8)
    const sectionHeader = Buffer.alloc(sectionHeaderLength)
    sectionHeader.writeUInt16BE(type, 0)
    sectionHeader.writeBigUInt64BE(BigInt(contents.length), 4)
    parts.push(sectionHeader, contents)
    at += sectionHeaderLength + contents.length
  })
  header.writeUInt32BE(checksum(parts), headerLength - 4)
  return Buffer.concat(parts, at)
}

/**
 * Takes an image apart, whoever built it, unless something about it is not understood. A signature is
 * refused too: what is signed is not what can be rebuilt.
 *
 * @param {Uint8Array} file borrowed: the parts are views of it
 * @returns {ImageParts & { metadata: unknown }} `metadata` is what its JSON says
 * @throws {Error} in one sentence
 */
export function readImage(file) {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  if (bytes.length < headerLength || bytes.toString('latin1', 0, 4) !== magic)
    throw new Error('This is no enclave image: it does not begin as one.')
  const [found, flags, count] = [4, 6, 26].map((at) => bytes.readUInt16BE(at))
  if (found !== version) throw new Error(`The image is of version ${found}: only 4 is understood.`)
  if (flags === arm64)
    throw new Error(
      'The image is for arm64: build one for x86-64, or verify it where it was built.',
    )
  if (flags !== 0 || bytes.readUInt16BE(24) !== 0 || bytes.readUInt32BE(540) !== 0)
    throw new Error('The image has bits set that version 4 does not know.')
  const sections = readSections(bytes, count ?? 0)
  const rest = [bytes.subarray(0, headerLength), bytes.subarray(headerLength)]
  if (checksum(rest) !== bytes.readUInt32BE(headerLength - 4))
    throw new Error('The image is damaged: its checksum is not that of its bytes.')
  const [kernel, commandLine, metadata, ...ramdisks] = sections
  if (
    kernel?.type !== types.kernel ||
    commandLine?.type !== types.commandLine ||
    metadata?.type !== types.metadata ||
    ramdisks.length === 0 ||
    ramdisks.some(({ type }) => type !== types.ramdisk)
  )
    throw new Error('The image is not kernel, command line, metadata and ramdisks, in this order.')
  return {
    kernel: kernel.contents,
    commandLine: commandLine.contents.toString('latin1'),
    metadata: parseJson(metadata.contents),
    ramdisks: ramdisks.map(({ contents }) => contents),
  }
}

/** @param {Buffer} bytes @param {number} count */
function readSections(bytes, count) {
  const sections = []
  let at = headerLength
  for (let index = 0; index < maxSections; index++) {
    const offset = bytes.readBigUInt64BE(28 + index * 8)
    const length = bytes.readBigUInt64BE(284 + index * 8)
    if (index >= count && offset === 0n && length === 0n) continue
    const start = at + sectionHeaderLength
    if (index >= count || offset !== BigInt(at) || BigInt(start) + length > BigInt(bytes.length))
      throw new Error('The image is damaged: its sections are not where its header says.')
    const end = start + Number(length)
    if (bytes.readUInt16BE(at + 2) !== 0 || bytes.readBigUInt64BE(at + 4) !== length)
      throw new Error('The image is damaged: a section contradicts its header.')
    sections.push({ type: bytes.readUInt16BE(at), contents: bytes.subarray(start, end) })
    at = end
  }
  if (at !== bytes.length) throw new Error('The image is damaged: bytes follow its last section.')
  return sections
}

/** @param {Buffer} contents @returns {unknown} */
function parseJson(contents) {
  try {
    return JSON.parse(contents.toString())
  } catch {
    throw new Error('The metadata of the image is not JSON.')
  }
}

/** Of everything but itself, the last four bytes of the header. @param {readonly Uint8Array[]} parts */
function checksum([header, ...rest]) {
  const first = /** @type {Uint8Array} */ (header).subarray(0, headerLength - 4)
  return [first, ...rest].reduce((sum, part) => crc32(part, sum), 0)
}

/**
 * @param {Uint8Array} kernel
 * @see Documentation/arch/x86/boot.rst of Linux, for the signature and where the version is
 */
function assertKernel(kernel) {
  const bytes = Buffer.from(kernel.buffer, kernel.byteOffset, kernel.length)
  if (bytes.length < 0x238 || bytes.toString('latin1', 0x202, 0x206) !== 'HdrS')
    throw new Error(
      'The kernel is no bzImage for x86: an enclave of another architecture is not built.',
    )
  if ((bytes.readUInt16LE(0x236) & 1) === 0)
    throw new Error('The kernel is for 32 bits: an enclave takes one for x86-64.')
}
