/** What the system knows of processes, by Linux's /proc. @module */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'

/** @returns The processes that this one started and that have not ended. */
export function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    const [state, of] = statOf(Number(name))
    return of === parent && state !== 'Z' ? [Number(name)] : []
  })
}

/** @returns Whether it runs, and is not only waiting for its parent to look. */
export const isRunning = (pid: number): boolean => !['Z', ''].includes(statOf(pid)[0])

/** State and parent, which come after the name of the program in parentheses. */
function statOf(pid: number): readonly [state: string, parent: number] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state = '', parent] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return [state, Number(parent)]
  } catch {
    return ['', 0]
  }
}

/** @returns The command line and environment with which it was started. */
export const startOf = (pid: number): string =>
  ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'latin1')).join('\0')

/**
 * Counts places in the memory of another process that hold these bytes. Needs the right to debug it,
 * which its parent has where `kernel.yama.ptrace_scope` is 0 or 1.
 */
export function countInMemory(pid: number, bytes: Uint8Array): number {
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  let found = 0
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')) {
      const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
      if (from === '') continue
      const [start, end] = [Number.parseInt(from, 16), Number.parseInt(to, 16)]
      const region = Buffer.alloc(end - start)
      try {
        readSync(memory, region, 0, region.length, start)
      } catch {
        continue // reserved, and never written to
      }
      for (let at = region.indexOf(bytes); at >= 0; at = region.indexOf(bytes, at + 1)) found += 1
    }
  } finally {
    closeSync(memory)
  }
  return found
}
