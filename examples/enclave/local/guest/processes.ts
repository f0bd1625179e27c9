/** The processes of one guest: they end together, also when whoever started them is gone. @module */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'

const MAX_SAID = 64_000

/** Processes that end together. */
export type Processes = {
  /**
   * @param command - A program and its arguments.
   * @returns Its process, once it runs.
   * @throws {Error} When it cannot be run.
   */
  readonly start: (command: readonly string[]) => Promise<ChildProcess & { readonly pid: number }>
  /** The last 64,000 characters that they wrote, without colours. */
  readonly said: () => string
  /** Ends all, at once; resolves when they are gone. */
  readonly end: () => Promise<void>
}

/** @param folder - Theirs; removed with them. */
export function createProcesses(folder: string): Processes {
  const guard = spawnGuard(folder)
  const children = new Set<ChildProcess>()
  let said = ''
  let ending: Promise<void> | undefined
  const keep = (text: string) => {
    said = `${said}${stripVTControlCharacters(text)}`.slice(-MAX_SAID)
  }

  async function endAll(): Promise<void> {
    const running = [...children].filter(
      ({ exitCode, signalCode }) => (exitCode ?? signalCode) === null,
    )
    const gone = running.map((child) => once(child, 'exit'))
    for (const child of running) child.kill('SIGKILL')
    await Promise.all(gone)
    for (const { stdout, stderr } of children) {
      stdout?.destroy()
      stderr?.destroy()
    }
    const removed = once(guard, 'exit')
    guard.stdin.end()
    await removed
  }

  return Object.freeze({
    async start([file = '', ...args]: readonly string[]) {
      const env = { PATH: process.env['PATH'], TMPDIR: folder, RUST_LOG: 'error' }
      const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
      children.add(child)
      for (const pipe of [child.stdout, child.stderr]) pipe.setEncoding('utf8').on('data', keep)
      await once(child, 'spawn') // rejects with ENOENT, EACCES and the like
      if (ending !== undefined) child.kill('SIGKILL')
      guard.stdin.write(`${child.pid}\n`)
      return Object.assign(child, { pid: child.pid ?? 0 })
    },
    said: () => said,
    end() {
      ending ??= endAll()
      return ending
    },
  } satisfies Processes)
}

/**
 * A shell reads the pids from a pipe that only this process holds. When the pipe closes, be it that this
 * process is dead, it ends those processes and removes their folder.
 */
function spawnGuard(folder: string) {
  const script =
    'trap "" INT TERM HUP; while read -r pid; do pids="$pids $pid"; done; ' +
    'test -z "$pids" || kill -9 $pids 2>/dev/null; rm -rf "$1"'
  const guard = spawn('/bin/sh', ['-c', script, 'sh', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.stdin.on('error', () => undefined)
  return guard
}
