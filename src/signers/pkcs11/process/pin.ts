/** The PIN: read here, tried once, and never again when the token refused it. @module */

import { isUtf8 } from 'node:buffer'
import { scryptSync } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { OpenTask, PinMark } from '../protocol.ts'
import { faultError } from './faults.ts'

/** Bytes; longer than any PIN, and than `user:password` of AWS CloudHSM. */
const MAX_BYTES = 512

/** A PIN and where it was. */
export type Pin = { readonly bytes: Buffer; readonly fileIsOpen: boolean }

/** @returns Nothing when none is configured. The caller overwrites the bytes. */
export function readPin({ pin }: Pick<OpenTask, 'pin'>): Pin | undefined {
  if (pin.from === 'nowhere') return undefined
  const read =
    pin.from === 'input'
      ? { bytes: readInput(pin.byteLength), fileIsOpen: false }
      : readFile(pin.path)
  if (isUtf8(read.bytes)) return read
  read.bytes.fill(0)
  // It would be changed on its way to the token, which would count it as a wrong one.
  throw faultError({ kind: 'pin-missing', reason: 'the PIN is not UTF-8' })
}

/** Standard input: the bytes of the PIN, then nothing until the other process ends. */
function readInput(byteLength: number): Buffer {
  const bytes = Buffer.alloc(byteLength)
  for (let length = 0; length < byteLength; ) {
    const more = readSync(0, bytes, length, byteLength - length, null)
    if (more === 0) throw faultError({ kind: 'pin-missing', reason: 'it was not handed over' })
    length += more
  }
  return bytes
}

function readFile(path: string): Pin {
  const missing = (reason: string) => faultError({ kind: 'pin-missing', reason })
  const bytes = Buffer.alloc(MAX_BYTES + 2)
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const { mode } = fstatSync(file)
    const length = readSync(file, bytes, 0, bytes.length, 0)
    const end = bytes.subarray(0, length).findIndex((byte) => byte === 10 || byte === 13)
    const pin = bytes.subarray(0, end < 0 ? length : end)
    if (pin.length === 0) throw missing('the first line of the file of pin-source is empty')
    if (pin.length > MAX_BYTES) throw missing(`the PIN is longer than ${MAX_BYTES} bytes`)
    return { bytes: pin, fileIsOpen: (mode & 0o004) !== 0 }
  } catch (thrown) {
    bytes.fill(0)
    const { code }: { code?: unknown } = typeof thrown === 'object' && thrown !== null ? thrown : {}
    if (typeof code !== 'string') throw thrown
    throw missing(`the file of pin-source cannot be read (${code})`)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** About 0.1 s and 32 MB: who finds the mark, and salt with it, must pay that for each PIN he tries. */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 } as const

/** Says that this PIN was refused, to whoever has the same PIN again. */
export const markPin = (pin: Buffer, salt: Uint8Array): PinMark => ({
  salt,
  hash: scryptSync(pin, salt, 32, COST),
})

export const isMarked = (pin: Buffer, marks: readonly PinMark[]): boolean =>
  marks.some(({ salt, hash }) => Buffer.compare(markPin(pin, salt).hash, hash) === 0)
