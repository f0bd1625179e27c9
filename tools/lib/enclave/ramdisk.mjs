/**
 * A ramdisk as the Linux kernel unpacks it (cpio, the form `newc`), the same bytes each time: sorted,
 * without times, everything owned by root. @module
 */

/**
 * @typedef {object} Entry one thing in the ramdisk; folders above it are made by themselves (0755)
 * @property {string} path from the root, without a slash at its start, such as `app/enclave.mjs`
 * @property {Uint8Array} [contents] of a file; borrowed
 * @property {string} [target] of a symbolic link, as it will be read in the guest
 * @property {number} [mode] the nine permission bits: by default 0644 of a file and 0755 of a folder
 */

/** Of the file's type, in its mode. @see inode(7) */
const types = { folder: 0o040000, file: 0o100000, link: 0o120000 }
/** A ramdisk follows another in the enclave's memory: the kernel finds an archive at a multiple of 4. */
const block = 512

/**
 * Packs entries, in whatever order they come. It is not compressed: zlib's bytes differ between
 * versions of Node.js, and a guest unpacks in seconds what it copies in moments.
 *
 * @param {readonly Entry[]} entries an entry with neither contents nor a target is an empty folder
 * @returns {Uint8Array} a multiple of 512 bytes
 * @throws {Error} in one sentence, for an entry that no ramdisk can have
 */
export function createRamdisk(entries) {
  /** @type {Map<string, { type: number, mode: number, contents: Uint8Array }>} */
  const files = new Map()
  for (const { path, contents, target, mode } of entries) {
    assertPath(path)
    if (contents !== undefined && target !== undefined)
      throw new Error(`${path} cannot be a file and a link: leave out its contents or its target.`)
    if (mode !== undefined && (!Number.isInteger(mode) || mode < 0 || mode > 0o777))
      throw new Error(`The mode of ${path} is not nine permission bits: take one up to 0777.`)
    if (files.has(path)) throw new Error(`${path} is there twice: a ramdisk has each path once.`)
    files.set(path, describe(contents, target, mode))
  }
  for (const path of [...files.keys()]) addParents(files, path)
  const names = [...files.keys()].sort((a, b) => (a < b ? -1 : 1))
  /** @type {Uint8Array[]} */
  const parts = []
  names.forEach((name, at) => {
    const { type, mode, contents } = /** @type {NonNullable<ReturnType<typeof files.get>>} */ (
      files.get(name)
    )
    parts.push(header(name, at + 1, type | mode, type === types.folder ? 2 : 1, contents.length))
    parts.push(contents, new Uint8Array(-contents.length & 3))
  })
  parts.push(header('TRAILER!!!', 0, 0, 1, 0))
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat(parts, Math.ceil(length / block) * block) // filled up with zeros
}

/** @param {Uint8Array | undefined} contents @param {string | undefined} target @param {number} [mode] */
function describe(contents, target, mode) {
  if (contents !== undefined) return { type: types.file, mode: mode ?? 0o644, contents }
  if (target === undefined)
    return { type: types.folder, mode: mode ?? 0o755, contents: new Uint8Array() }
  return { type: types.link, mode: 0o777, contents: Buffer.from(target) }
}

/** Sorted by code unit only where each name is ASCII. @param {string} path */
function assertPath(path) {
  const odd = path.split('/').some((part) => part === '' || part === '.' || part === '..')
  if (odd || !/^[\x21-\x7e]{1,255}$/.test(path) || path === 'TRAILER!!!')
    throw new Error(
      `${JSON.stringify(path)} is no path of a ramdisk: write it from the root, in ASCII, without a slash at either end.`,
    )
}

/** @param {Map<string, { type: number, mode: number, contents: Uint8Array }>} files @param {string} path */
function addParents(files, path) {
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  if (parent === '') return
  const found = files.get(parent)
  if (found === undefined) files.set(parent, describe(undefined, undefined, undefined))
  else if (found.type !== types.folder)
    throw new Error(`${parent} is no folder, and ${path} lies in it: name another path.`)
  addParents(files, parent)
}

/**
 * @param {string} name @param {number} inode @param {number} mode @param {number} links
 * @param {number} length
 * @see Documentation/driver-api/early-userspace/buffer-format.rst of Linux
 */
function header(name, inode, mode, links, length) {
  if (length > 0xffff_ffff) throw new Error(`${name} is too large: a ramdisk takes up to 4 GiB.`)
  // inode, mode, uid, gid, links, time, length, device (2), device of a node (2), length of the name, sum
  const fields = [inode, mode, 0, 0, links, 0, length, 0, 0, 0, 0, name.length + 1, 0]
  const text = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`
  return Buffer.from(text.padEnd(Math.ceil(text.length / 4) * 4, '\0'), 'latin1')
}
