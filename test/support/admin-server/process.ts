/** The built admin server in a process of its own, as its parent sees it: started, called, killed. @module */

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../../examples/admin-server/src/config/config.ts'
import { type Caller, callAs } from './world.ts'

/** Where its state is: one process at a time owns a folder, many share a URL. */
export type ServerPlace = { readonly folder: string } | { readonly databaseUrl: string }

/** What a process is started with. */
export type ServerSettings = {
  readonly config: Config
  readonly place: ServerPlace
  /** A folder for configuration files. */
  readonly files: string
}

/** One process. Times are milliseconds of this process's clock. */
export type ServerProcess = AsyncDisposable & {
  readonly pid: number
  readonly url: string
  readonly startedAt: number
  /** Resolves when `/readyz` is green. Rejects when the process ends first. */
  readonly ready: Promise<void>
  readonly ended: Promise<ServerEnd>
  readonly hasEnded: () => boolean
  /** What it logged, its end. */
  readonly log: () => string
  readonly callAs: (token?: string) => Caller['call']
  /** By process id, and only this one. Resolves when it is gone. */
  readonly signal: (name: 'SIGKILL' | 'SIGTERM') => Promise<ServerEnd>
}

/** How a process ended. */
export type ServerEnd = {
  readonly at: number
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const READY_MS = 60_000
const COMMAND_MS = 60_000
const program = fileURLToPath(
  new URL('../../../examples/admin-server/dist/main.js', import.meta.url),
)

/** Whether `npm run build` has made the program. */
export const isBuilt = (): boolean => existsSync(program)

/**
 * Starts it at once.
 *
 * @param options - `port`: free, on loopback. `nodeArguments`: such as `--cpu-prof`.
 */
export function startServerProcess(
  settings: ServerSettings,
  { port, nodeArguments = [] }: { readonly port: number; readonly nodeArguments?: string[] },
): ServerProcess {
  const url = `http://127.0.0.1:${port}`
  const file = writeConfig(settings, port)
  const child = spawn(process.execPath, [...nodeArguments, program, '--config', file], {
    env: environmentOf(settings.place),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const startedAt = performance.now()
  let log = ''
  let end: ServerEnd | undefined
  for (const pipe of [child.stdout, child.stderr])
    pipe.setEncoding('utf8').on('data', (text: string) => {
      log = `${log}${text}`.slice(-8_000)
    })
  const release = killWithParent(pidOf(child))
  const ended = once(child, 'exit').then(([code, signal]: (number | NodeJS.Signals | null)[]) => {
    const at = performance.now()
    end = {
      at,
      code: typeof code === 'number' ? code : null,
      signal: typeof signal === 'string' ? signal : null,
    }
    release()
    return end
  })
  const ready = waitUntilReady(url, () => end === undefined).catch((cause: Error) => {
    const how = end === undefined ? 'was not ready' : `ended with ${end.signal ?? end.code}`
    throw new Error(`the server ${how}. It said:\n${log}`, { cause })
  })
  ready.catch(() => undefined)
  const signal: ServerProcess['signal'] = (name) => {
    if (end === undefined) child.kill(name)
    return ended
  }
  return {
    pid: pidOf(child),
    url,
    startedAt,
    ready,
    ended,
    hasEnded: () => end !== undefined,
    log: () => log,
    callAs: (token) => callAs(url, token),
    signal,
    async [Symbol.asyncDispose]() {
      await signal('SIGKILL')
    },
  }
}

/** Runs `main.js` with these arguments to its end; of a folder only while no process has it. */
export function runServerCommand(
  settings: ServerSettings,
  args: readonly string[],
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const file = writeConfig(settings, 8_080)
  const options = { env: environmentOf(settings.place), timeout: COMMAND_MS }
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program, ...args, '--config', file],
      options,
      (failure, stdout, stderr) => {
        if (failure === null) resolve({ stdout, stderr })
        else reject(new Error(`main.js ${args.join(' ')} failed: ${stderr}`, { cause: failure }))
      },
    )
  })
}

/** The file that an operator would write. The URL of the database comes by environment. */
function writeConfig({ config, place, files }: ServerSettings, port: number): string {
  const { database: _, webhooks, http, ...others } = config
  const settings = {
    ...others,
    ...('folder' in place ? { database: { folder: place.folder } } : {}),
    http: { ...http, port, publicUrl: `http://127.0.0.1:${port}` },
    webhooks: { allow: webhooks.allow },
  }
  const path = `${files}/admin-server-${port}.json`
  writeFileSync(path, JSON.stringify(settings), { mode: 0o600 })
  return path
}

/** Nothing else of this process's environment: neither a profile of AWS nor a database of somebody. */
const environmentOf = (place: ServerPlace): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  ...('databaseUrl' in place ? { DATABASE_URL: place.databaseUrl } : {}),
})

async function waitUntilReady(url: string, isAlive: () => boolean): Promise<void> {
  const deadline = performance.now() + READY_MS
  while (isAlive()) {
    const reply = await fetch(`${url}/readyz`).catch(() => undefined)
    await reply?.body?.cancel()
    if (reply?.ok) return
    if (performance.now() > deadline) throw new Error(`not within ${READY_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('it ended')
}

/** A shell waits on a pipe that only this process holds: unwritten when it closes, we are dead. */
function killWithParent(pid: number): () => void {
  const script = 'trap "" INT TERM HUP; read -r _ || kill -9 "$1"'
  const guard = spawn('/bin/sh', ['-c', script, 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.on('error', () => undefined)
  guard.stdin.on('error', () => undefined)
  guard.unref()
  return () => guard.stdin.end('done\n')
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the process did not start')
  return pid
}
