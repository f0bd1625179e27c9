/** A relay in a process of its own, as its parent sees it. @module */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { RelayEvent, RelayOptions, RelayStats } from '../../src/relay/index.ts'

/** Those of crash-points.mjs, in the order in which a job passes them. */
export const pointNames = [
  'accept',
  'claim',
  'lease',
  'pre-sign',
  'post-sign',
  'pre-open',
  'post-open',
  'pre-send',
  'post-send',
  'pre-settle',
  'post-settle',
] as const

/** Where a process of test/support/relay-process.mjs dies, stands still or is busy. */
export type Trap = {
  readonly point: (typeof pointNames)[number]
  /** At the nth passing. */
  readonly nth: number
  readonly act: 'kill' | 'stop' | 'block'
  /** How long it is busy. */
  readonly ms?: number
}

/** What the process is told, all of it JSON. */
export type RelayProcessOptions = {
  readonly accessNode: string
  readonly address: string
  /** 64 digits. */
  readonly privateKey: string
  /** Only one process at a time may have a folder. */
  readonly store: { readonly folder: string } | { readonly databaseUrl: string }
  /** Transactions with one argument: an id, and an array of ids. */
  readonly cadence: { readonly single: string; readonly batch: string }
  readonly relay?: Partial<RelayOptions>
  readonly trap?: Trap | undefined
}

/** Events as JSON leaves them: numbers of 64 bits are texts. */
export type ToldEvent = RelayEvent & { readonly at: number }

/** A process and what it has said. Times are milliseconds of this process's clock. */
export type RelayProcess = {
  readonly pid: number
  readonly startedAt: number
  /** Ids that are durable, whatever happens. */
  readonly accepted: ReadonlySet<string>
  readonly events: readonly ToldEvent[]
  /** What was said on stderr, its end. */
  readonly complaints: () => string
  /** Rejects when the process ends first. */
  readonly ready: Promise<void>
  /** Rejects when the process ends first. */
  readonly trapped: Promise<void>
  /** When it ended, and by which signal. */
  readonly ended: Promise<{ readonly at: number; readonly signal: NodeJS.Signals | null }>
  readonly hasEnded: () => boolean
  readonly submit: (ids: readonly string[], options?: { readonly batch?: boolean }) => void
  readonly say: (command: 'pause' | 'resume' | 'close') => void
  readonly stats: () => Promise<RelayStats>
  /** By process id, and only this one. Resolves when it is gone, unless it is only stopped. */
  readonly signal: (name: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT') => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const program = fileURLToPath(new URL('./relay-process.mjs', import.meta.url))

/** Starts it at once; `ready` tells when the relay works. */
export function startRelayProcess(options: RelayProcessOptions): RelayProcess {
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env['PATH'], RELAY_PROCESS: JSON.stringify(options) },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const startedAt = performance.now()
  const accepted = new Set<string>()
  const events: ToldEvent[] = []
  const asked: ((stats: RelayStats) => void)[] = []
  let complaints = ''
  let over = false
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = `${complaints}${text}`.slice(-4_000)
  })
  child.stdin.on('error', () => undefined) // it is dead: that is told by `ended`
  const ended = once(child, 'exit').then(([, signal]: (NodeJS.Signals | null)[]) => {
    over = true
    return { at: performance.now(), signal: signal ?? null }
  })
  const ready = deferred()
  const trapped = deferred()
  // The last lines may come after the end.
  const gone = Promise.all([ended, once(child, 'close')]).then(([end]) => {
    const message = `the process ended with ${end.signal ?? child.exitCode}. It said:\n${complaints}`
    for (const one of [ready, trapped]) one.reject(new Error(message))
    return end
  })
  for (const one of [ready.promise, trapped.promise]) one.catch(() => undefined)

  createInterface({ input: child.stdout }).on('line', (text) => {
    const line: Line = JSON.parse(text)
    if (line.say === 'ready') ready.resolve()
    if (line.say === 'trapped') trapped.resolve()
    if (line.say === 'accepted') accepted.add(line.id)
    if (line.say === 'stats') asked.shift()?.(line.stats)
    if (line.say === 'event') events.push({ ...line.event, at: performance.now() })
    if (line.say === 'refused') complaints = `${complaints}\nrefused ${line.id}: ${line.code}`
  })
  const write = (command: object) => child.stdin.write(`${JSON.stringify(command)}\n`)
  const signal: RelayProcess['signal'] = async (name) => {
    if (!over) child.kill(name)
    if (name === 'SIGKILL' || name === 'SIGTERM') await gone
  }
  return {
    pid: pidOf(child),
    startedAt,
    accepted,
    events,
    complaints: () => complaints,
    ready: ready.promise,
    trapped: trapped.promise,
    ended: gone,
    hasEnded: () => over,
    submit: (ids, { batch = false } = {}) => write({ do: 'submit', ids, batch }),
    say: (command) => write({ do: command }),
    stats: () =>
      new Promise((resolve, reject) => {
        asked.push(resolve)
        void gone.then(() => reject(new Error('the process ended')))
        write({ do: 'stats' })
      }),
    signal,
    [Symbol.asyncDispose]: () => signal('SIGKILL'),
  }
}

type Line =
  | { readonly say: 'ready' | 'trapped' | 'closed' }
  | { readonly say: 'accepted'; readonly id: string }
  | { readonly say: 'refused'; readonly id: string; readonly code: string }
  | { readonly say: 'stats'; readonly stats: RelayStats }
  | { readonly say: 'event'; readonly event: RelayEvent }

function deferred() {
  let resolve: () => void = () => undefined
  let reject: (reason: Error) => void = () => undefined
  const promise = new Promise<void>((onDone, onFailed) => {
    resolve = onDone
    reject = onFailed
  })
  return { promise, resolve, reject }
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the process did not start')
  return pid
}
