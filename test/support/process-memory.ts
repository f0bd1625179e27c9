/** The memory of a child of this process, as somebody would search it. Linux only. @module */
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs'

/** Whether this machine lets a parent read its child's memory. */
export const canReadMemory = (): boolean => existsSync('/proc/self/mem')

const CHUNK = 16 * 1_048_576

/**
 * @param pid - Of a child. It should stand still meanwhile.
 * @param needles - By name. None longer than 4,096 bytes.
 * @returns How often each was found in what the process may write.
 */
export function searchMemory(
  pid: number,
  needles: Readonly<Record<string, Uint8Array>>,
): Record<string, number> {
  const found = Object.fromEntries(Object.keys(needles).map((name) => [name, 0]))
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  const buffer = Buffer.alloc(CHUNK)
  try {
    for (const { start, end } of writableRegions(pid))
      for (let at = start; at < end; at += CHUNK - 4_096) {
        const length = readAt(memory, buffer, at, Math.min(CHUNK, end - at))
        // What lies in the overlap of two chunks is counted with the second.
        const isLast = at + CHUNK >= end
        const limit = isLast ? length : length - 4_096
        for (const [name, needle] of Object.entries(needles))
          found[name] = (found[name] ?? 0) + countIn(buffer.subarray(0, length), needle, limit)
        if (isLast) break
      }
  } finally {
    closeSync(memory)
  }
  return found
}

/**
 * @param path - Of a file that is the memory of a machine, which should stand still meanwhile.
 * @param needles - By name. None longer than 4,096 bytes.
 * @returns How often each was found.
 */
export function searchMemoryFile(
  path: string,
  needles: Readonly<Record<string, Uint8Array>>,
): Record<string, number> {
  const found = Object.fromEntries(Object.keys(needles).map((name) => [name, 0]))
  const memory = openSync(path, 'r')
  const buffer = Buffer.alloc(CHUNK)
  const nothing = Buffer.alloc(CHUNK)
  try {
    for (let at = 0; ; at += CHUNK - 4_096) {
      const length = readSync(memory, buffer, 0, CHUNK, at)
      const isLast = length < CHUNK
      const limit = isLast ? length : length - 4_096
      // Most of a machine was never written.
      if (buffer.compare(nothing, 0, length, 0, length) !== 0)
        for (const [name, needle] of Object.entries(needles))
          found[name] = (found[name] ?? 0) + countIn(buffer.subarray(0, length), needle, limit)
      if (isLast) return found
    }
  } finally {
    closeSync(memory)
  }
}

function writableRegions(pid: number) {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, start, end, rights = ''] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? []
      if (start === undefined || end === undefined || !rights.startsWith('rw')) return []
      return [{ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) }]
    })
}

function readAt(memory: number, buffer: Buffer, at: number, length: number): number {
  try {
    return readSync(memory, buffer, 0, length, at)
  } catch {
    return 0 // reserved, and nothing behind it
  }
}

function countIn(bytes: Buffer, needle: Uint8Array, limit: number): number {
  let count = 0
  for (let at = bytes.indexOf(needle); at !== -1 && at < limit; at = bytes.indexOf(needle, at + 1))
    count += 1
  return count
}
