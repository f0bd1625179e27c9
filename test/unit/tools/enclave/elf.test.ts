import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const module = new URL('../../../../tools/lib/enclave/elf.mjs', import.meta.url).href
const { trimElf } = (await import(module)) as { trimElf(file: Buffer): Buffer } // as in its JSDoc

/** One segment of 100 bytes at 120, then 50 bytes that nobody loads. */
function program(): Buffer {
  const file = Buffer.alloc(270, 7)
  file.write('\x7fELF\x02\x01', 0, 'latin1')
  file.writeUInt16LE(62, 18)
  file.writeBigUInt64LE(64n, 32)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(1, 56)
  file.writeBigUInt64LE(120n, 72)
  file.writeBigUInt64LE(100n, 96)
  return file
}
const changed = (change: (file: Buffer) => void): Buffer => {
  const file = program()
  change(file)
  return file
}

describe('trimElf', () => {
  it('ends behind what is loaded, and names no sections', () => {
    const trimmed = trimElf(program())
    expect(trimmed.length).toBe(220)
    expect(trimmed.readBigUInt64LE(40)).toBe(0n)
    expect(trimmed.subarray(58, 64).every((byte) => byte === 0)).toBe(true)
    expect(trimmed.subarray(64).equals(program().subarray(64, 220))).toBe(true)
  })

  it('leaves a program that runs', async () => {
    if (process.platform !== 'linux' || process.arch !== 'x64') return
    const folder = await mkdtemp(join(tmpdir(), 'fcl-kms-elf-'))
    try {
      const whole = await readFile('/bin/echo')
      const trimmed = trimElf(whole)
      expect(trimmed.length).toBeLessThan(whole.length)
      await writeFile(join(folder, 'echo'), trimmed, { mode: 0o755 })
      expect(execFileSync(join(folder, 'echo'), ['it runs'], { encoding: 'utf8' })).toBe(
        'it runs\n',
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it.each([
    ['a text', Buffer.from('#!/bin/sh\n'), /no program/],
    ['a program for 32 bits', changed((file) => file.writeUInt8(1, 4)), /no program/],
    ['a program for arm64', changed((file) => file.writeUInt16LE(183, 18)), /not for x86-64/],
    ['one whose table is behind its end', changed((f) => f.writeBigUInt64LE(999n, 32)), /cut off/],
    ['one without segments', changed((file) => file.writeUInt16LE(0, 56)), /cut off/],
    ['one whose segment is not all there', program().subarray(0, 219), /cut off/],
  ])('refuses %s', (_, file, sentence) => {
    expect(() => trimElf(file)).toThrow(sentence)
  })
})
