/** One development server as a child process on loopback: started, polled, always stopped. @module */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { withDeadline } from '../deadline.ts'
import { SignerError } from '../errors.ts'

/** Until a server that was asked counts as not answering, in milliseconds. */
const ANSWER_MS = 2_000

/** A running child server. Write `await using server = …`, so that it stops even when a test throws. */
export type ChildServer = {
  readonly pid: number
  /** The last 8,000 characters that it wrote, without colours and without its secrets. */
  log(): string
  /** Ends it: SIGTERM, then SIGKILL after the grace period. Resolves when it is gone; may be called twice. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** What `startChildServer` needs to know about a server. */
export type ChildServerOptions = {
  /** Subject of the sentences in errors, such as `The Flow emulator`. */
  readonly name: string
  /** Path of an executable, or a command with arguments split on spaces. */
  readonly command: string
  /** What to do when the command cannot be run: the end of the sentence in the error. */
  readonly remedy: string
  readonly flags: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** The server is ready once this address answers a GET with a 2xx status. */
  readonly readyUrl: string
  readonly deadlineMs: number
  /** From SIGTERM to SIGKILL. */
  readonly graceMs?: number
  /** Never shown by `log`. */
  readonly secrets?: readonly string[]
  readonly signal?: AbortSignal | undefined
  /** A folder of the server's own, removed once its process is gone. */
  readonly folder?: string
}

/**
 * Starts the server and resolves when it answers. It dies with this process, however that ends.
 *
 * @throws {SignerError} `INVALID_OPTION` when the command cannot be run.
 * @throws {Error} With the tail of its log, when it exits early or does not answer by the deadline.
 */
export async function startChildServer(options: ChildServerOptions): Promise<ChildServer> {
  const { name, deadlineMs, signal, secrets = [] } = options
  const [file, args] = splitCommand(options.command)
  const child = spawn(file, [...args, ...options.flags], {
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let tail = ''
  const keepTail = (text: string) => {
    tail = stripVTControlCharacters(`${tail}${text}`)
    for (const secret of secrets) tail = tail.replaceAll(secret, '(secret)')
    tail = tail.slice(-8_000)
  }
  for (const pipe of [child.stdout, child.stderr]) pipe.setEncoding('utf8').on('data', keepTail)
  const removeFolder = async () => {
    if (options.folder) await rm(options.folder, { recursive: true, force: true })
  }
  const pid = await spawned(child).catch(async (cause: Error) => {
    await removeFolder()
    const reason = `${file} cannot be run (${cause.message}): ${options.remedy}`
    throw new SignerError('INVALID_OPTION', { option: 'command', reason }, { cause })
  })
  const exited = once(child, 'exit')
  const release = killWithParent(pid, options.folder)
  let stopping: Promise<void> | undefined
  const end = async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), options.graceMs ?? 3_000)
    await exited
    clearTimeout(timer)
    for (const pipe of [child.stdout, child.stderr]) pipe.destroy()
    release()
    await removeFolder()
  }
  const stop = () => {
    stopping ??= end()
    return stopping
  }
  exited.then(stop, stop)

  const isGone = () => child.exitCode !== null || child.signalCode !== null
  const started = Date.now()
  while (!(await answers(options.readyUrl, signal)) || isGone()) {
    const waitedMs = Date.now() - started
    if (!isGone() && !signal?.aborted && waitedMs < deadlineMs) {
      await sleep(50)
      continue
    }
    const ending = child.signalCode ?? `exit code ${child.exitCode}`
    const fault = isGone() ? `ended early (${ending})` : `was not ready within ${deadlineMs} ms`
    await stop()
    signal?.throwIfAborted()
    throw new Error(`${name} ${fault}. It said:\n${tail.trim() || '(nothing)'}`)
  }
  return Object.freeze({ pid, log: () => tail, stop, [Symbol.asyncDispose]: stop })
}

async function spawned(child: ChildProcess): Promise<number> {
  await once(child, 'spawn') // rejects with ENOENT, EACCES and the like
  if (child.pid === undefined) throw new Error('no process id')
  return child.pid
}

/** A path may hold spaces, so what exists as a file is taken whole. */
function splitCommand(command: string): readonly [file: string, args: readonly string[]] {
  if (existsSync(command)) return [command, []]
  const [file = '', ...args] = command.split(' ').filter((word) => word !== '')
  return [file, args]
}

async function answers(url: string, signal: AbortSignal | undefined): Promise<boolean> {
  // Not AbortSignal.any with a timeout: Node.js 20 loses that to the garbage collector.
  return withDeadline(
    { signal, timeoutMs: ANSWER_MS, onTimeout: () => new Error('no answer') },
    async (deadline) => {
      const reply = await fetch(url, { signal: deadline })
      await reply.body?.cancel()
      return reply.ok
    },
  ).catch(() => false)
}

/**
 * A shell waits on a pipe that only this process holds: when the pipe closes unwritten, this process
 * is dead, be it by SIGKILL or inside a Jest worker where exit handlers do not run.
 */
function killWithParent(pid: number, folder = ''): () => void {
  if (process.platform === 'win32') return () => undefined
  const script = 'trap "" INT TERM HUP; read -r _ || { kill -9 "$1"; test -z "$2" || rm -rf "$2"; }'
  const guard = spawn('/bin/sh', ['-c', script, 'sh', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.on('error', () => undefined)
  guard.stdin.on('error', () => undefined)
  guard.unref()
  return () => guard.stdin.end('done\n')
}

/**
 * Different ports on which nothing listens on 127.0.0.1. Taken below the range from which systems
 * choose ports for outgoing connections, so none is lost between this call and its use.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found = new Set<number>()
  while (found.size < count) {
    const port = randomInt(20_000, 32_000)
    const server = createServer().listen(port, '127.0.0.1')
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    server.close()
    if (free) found.add(port)
  }
  return [...found]
}

/** @throws {SignerError} `INVALID_OPTION` unless the value is a whole number from `least` up. */
export function assertWhole(option: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  const reason = `must be a whole number from ${least} up`
  throw new SignerError('INVALID_OPTION', { option, reason })
}
