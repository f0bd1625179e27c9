/**
 * What the two processes write to each other: one line of JSON for each message, bytes in hexadecimal
 * digits. Not Node's own channel: a library that writes into the wrong file would end whoever reads
 * there. @module
 */

import { bytesToHex, hexToBytes } from '../../crypto/hex.ts'

/** Characters; far more than a thousand tasks at once. */
const MAX_LINE = 4 * 1_024 * 1_024

/** @param message - Of plain values and byte arrays. */
export const toLine = (message: readonly unknown[]): string =>
  `${JSON.stringify(message, function (this: Record<string, unknown>, name, value) {
    const bytes = this[name] // `value` of a Buffer is what its toJSON gives
    return bytes instanceof Uint8Array ? { bytes: bytesToHex(bytes) } : value
  })}\n`

/**
 * @param onMessage - Called with each array that was written. Its items are as trustworthy as the writer.
 * @param onGarbage - Called once when something else comes; nothing is read after it.
 * @returns Takes text as it comes.
 */
export function createLineReader(
  onMessage: (message: readonly unknown[]) => void,
  onGarbage: () => void,
): (text: string) => void {
  let rest = ''
  let isOver = false
  return (text) => {
    if (isOver) return
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const message = parseLine(line)
      if (message === undefined) isOver = true
      if (isOver) break
      onMessage(message ?? [])
    }
    if (rest.length > MAX_LINE) isOver = true
    if (isOver) onGarbage()
  }
}

function parseLine(line: string): readonly unknown[] | undefined {
  try {
    const message: unknown = JSON.parse(line, (_, value: unknown) => bytesOf(value) ?? value)
    const isMessage =
      Array.isArray(message) && message.every((one) => typeof one === 'object' && one)
    return isMessage ? message : undefined
  } catch {
    return undefined
  }
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'object' || value === null || !('bytes' in value)) return undefined
  return typeof value.bytes === 'string' ? hexToBytes(value.bytes, 'bytes') : undefined
}
