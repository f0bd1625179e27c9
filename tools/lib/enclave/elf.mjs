/** Programs without what only debuggers read. `strip` of binutils does more, and differently by version. @module */

/**
 * Cuts a program off behind the last byte that the kernel loads: symbols, debug information and the
 * table of sections go.
 *
 * @param {Buffer} file ELF of 64 bits, little-endian; borrowed
 * @returns {Buffer} a new one
 * @throws {Error} in one sentence, for anything else
 * @see elf(5)
 */
export function trimElf(file) {
  if (file.length < 64 || file.toString('latin1', 0, 6) !== '\x7fELF\x02\x01')
    throw new Error('This is no program for a 64-bit Linux: take one for x86-64.')
  if (file.readUInt16LE(18) !== 62) throw new Error('This program is not for x86-64.')
  const start = Number(file.readBigUInt64LE(32))
  const [size, count] = [file.readUInt16LE(54), file.readUInt16LE(56)]
  if (start + size * count > file.length || size < 56 || count === 0)
    throw new Error('This program is cut off: its table of segments is not in it.')
  let end = start + size * count
  for (let at = start; at < start + size * count; at += size) {
    const last = Number(file.readBigUInt64LE(at + 8) + file.readBigUInt64LE(at + 32))
    if (last > file.length)
      throw new Error('This program is cut off: a segment ends behind its end.')
    end = Math.max(end, last)
  }
  const trimmed = Buffer.from(file.subarray(0, end))
  trimmed.fill(0, 40, 48) // where the table of sections is, its length, the section with their names
  trimmed.fill(0, 58, 64)
  return trimmed
}
