/** What a library of the guest needs besides itself, found where a loader looks for it. @module */
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** @typedef {import('./ramdisk.mjs').Entry} Entry */

/** Where the loader of the guest looks by itself. */
const home = 'lib/x86_64-linux-gnu'
/** Where distributions keep libraries, on the machine that builds. */
const places = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/lib64',
  '/usr/lib64',
  '/lib',
  '/usr/lib',
  '/usr/local/lib',
]
const LOAD = 1
const DYNAMIC = 2
/** Numbers of the dynamic section. */
const tags = { needed: 1, strings: 5, stringsSize: 10, rpath: 15, runpath: 29 }
/** What libraries of GNU call the versions of their functions. */
const VERSION = /^(GLIBC|GLIBCXX|CXXABI|GCC)_\d[\d.]*$/

/**
 * Libraries, at the paths that they have on this machine, and what they need that is not there yet: that
 * goes where the loader of the guest looks.
 *
 * @param {readonly string[]} paths absolute
 * @param {readonly Entry[]} provided what the ramdisk has already
 * @returns {Entry[]}
 * @throws {Error} in one sentence, for what is missing, for another machine, or newer than the guest
 */
export function libraryEntries(paths, provided) {
  /** @type {Map<string, Entry>} */
  const found = new Map(paths.map((path) => [path.slice(1), entryOf(path.slice(1), path)]))
  const names = new Set(
    [...provided, ...found.values()].flatMap(({ path }) =>
      path.startsWith(home) ? [basename(path)] : [],
    ),
  )
  const queue = [...paths]
  for (let from = queue.shift(); from !== undefined; from = queue.shift()) {
    const { needed, folders } = readDynamic(from)
    for (const name of needed) {
      if (names.has(name) || name.startsWith('ld-linux')) continue
      names.add(name)
      const own = folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
      const common = [...places, dirname(from)].map((folder) => join(folder, name))
      const path = own ?? common.find((one) => existsSync(one))
      if (path === undefined)
        throw new Error(`${from} needs ${name}, which is nowhere on this machine: install it.`)
      const place = own?.slice(1) ?? `${home}/${name}`
      found.set(place, entryOf(place, path))
      queue.push(path)
    }
  }
  assertVersions([...found.values()], paths.length, provided)
  return [...found.values()]
}

/** @param {string} path @param {string} source @returns {Entry} */
const entryOf = (path, source) => ({ path, contents: read(source), mode: 0o755 })

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    throw new Error(`The library ${path} cannot be read (${code}): name another.`)
  }
}

/**
 * @param {string} path
 * @returns {{ needed: string[], folders: string[], versions: string[] }} `folders`: where it says itself
 *   that others are
 * @see elf(5)
 */
function readDynamic(path) {
  const file = read(path)
  try {
    const { values, strings } = dynamicOf(file)
    const text = (/** @type {number} */ at) =>
      strings.toString('latin1', at, strings.indexOf(0, at))
    const own = [...values(tags.runpath), ...values(tags.rpath)].flatMap((at) =>
      text(at).split(':'),
    )
    return {
      needed: values(tags.needed).map(text),
      folders: own.map((folder) => folder.replace(/\$(ORIGIN|\{ORIGIN\})/g, dirname(path))),
      versions: versionsOf(strings),
    }
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error)
    const isCut = code === 'ERR_OUT_OF_RANGE' || code === 'ERR_BUFFER_OUT_OF_BOUNDS'
    throw new Error(isCut ? `${path} is cut off: take the whole file.` : `${path}: ${message}`)
  }
}

/** @param {Buffer} file */
function dynamicOf(file) {
  if (file.toString('latin1', 0, 6) !== '\x7fELF\x02\x01' || file.readUInt16LE(18) !== 62)
    throw new Error('this is no library for x86-64, which the guest is.')
  const segments = Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const at = Number(file.readBigUInt64LE(32)) + index * file.readUInt16LE(54)
    const number = (/** @type {number} */ offset) => Number(file.readBigUInt64LE(at + offset))
    return { type: file.readUInt32LE(at), offset: number(8), address: number(16), size: number(32) }
  })
  const dynamic = segments.find(({ type }) => type === DYNAMIC)
  if (dynamic === undefined) throw new Error('this is no library that a program can load.')
  const pairs = Array.from({ length: Math.floor(dynamic.size / 16) }, (_, index) => {
    const at = dynamic.offset + index * 16
    return [Number(file.readBigUInt64LE(at)), Number(file.readBigUInt64LE(at + 8))]
  })
  const values = (/** @type {number} */ tag) =>
    pairs.flatMap(([found, value = 0]) => (found === tag ? [value] : []))
  const [address = 0] = values(tags.strings)
  const [size = 0] = values(tags.stringsSize)
  const load = segments.find(
    (one) => one.type === LOAD && address >= one.address && address < one.address + one.size,
  )
  if (load === undefined) throw new Error('its dynamic section names no strings.')
  const start = address - load.address + load.offset
  if (start + size > file.length) throw new Error('this is no library, or it is cut off.')
  return { values, strings: file.subarray(start, start + size) }
}

/** Of what it needs and what it gives: both are in its strings. @param {Buffer} strings */
const versionsOf = (strings) =>
  strings
    .toString('latin1')
    .split('\0')
    .filter((text) => VERSION.test(text))

/**
 * The loader refuses a library that asks for newer functions than there are.
 *
 * @param {readonly Entry[]} added @param {number} asked how many of them, at the start, nobody needs
 * @param {readonly Entry[]} provided
 */
function assertVersions(added, asked, provided) {
  const known = new Set(
    [...provided, ...added.slice(asked)].flatMap(({ path, contents }) =>
      path.startsWith(home) && contents !== undefined
        ? versionsOf(dynamicOf(Buffer.from(contents)).strings)
        : [],
    ),
  )
  for (const { path, contents } of added)
    for (const version of versionsOf(dynamicOf(Buffer.from(contents ?? [])).strings))
      if (!known.has(version))
        throw new Error(
          `/${path} needs ${version}, and the libraries of the guest are older: take a build for Debian 12.`,
        )
}
