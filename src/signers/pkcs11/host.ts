/** One process of the module, seen from this one: it is asked, it has a time to answer, it is ended. @module */

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { createLineReader, toLine } from './lines.ts'
import { createPatience } from './patience.ts'
import type { AnswerMessage, Answers, Fault, Task, TaskMessage } from './protocol.ts'

/** What became of a task. `gone`: the process ended, or was ended since it did not answer. */
export type Outcome<Value> =
  | { readonly value: Value }
  | { readonly fault: Fault }
  | { readonly gone: string; readonly isTimeout: boolean }

/** A process of the module. */
export type Host = {
  /**
   * Never rejects. When `timeoutMs` passes without an answer, the process is ended, with all tasks. The
   * time of a task that needs a session begins when one must be free for it.
   */
  readonly ask: <T extends Task>(task: T, timeoutMs: number) => Promise<Outcome<Answers[T['name']]>>
  /** Sends the PIN by a way of its own and overwrites these bytes. */
  readonly handOver: (pin: Uint8Array) => void
  /** Ends the process at once. */
  readonly end: () => void
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
  readonly isGone: () => boolean
}

/** Beside this file, in whatever language this one is. */
const PROGRAM = fileURLToPath(
  new URL(`./process/main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
)

/** Tasks that wait in the process until a session is free. */
const inSession: ReadonlySet<Task['name']> = new Set(['sign', 'find', 'create'])

/** Whether a bundler left the program behind. */
export const isProgramThere = (): boolean => existsSync(PROGRAM)

type Settle = (outcome: Outcome<never> | { value: never }) => void

/**
 * Starts a process. It keeps this one alive only while a task waits for its answer.
 *
 * @param env - All of its environment.
 * @param sessions - That it has. It serves tasks in their order.
 */
export function startHost(env: NodeJS.ProcessEnv, sessions: number): Host {
  const child = spawn(process.execPath, [PROGRAM], {
    // A signature occupies a thread of libuv's pool, of which there are four by default.
    env: { UV_THREADPOOL_SIZE: String(Math.max(4, sessions)), ...env },
    // What a library prints may hold anything, and nobody reads it.
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
  })
  const { stdin }: { stdin?: Writable | null } = child
  const channel = channelOf(child)
  // Neither the process nor its pipes keep this one alive: the timers of its tasks do.
  child.unref()
  channel?.unref()
  if (stdin instanceof Socket) stdin.unref()
  const waiting = new Map<number, Settle>()
  const patience = createPatience(sessions, (_, timeoutMs) =>
    lose(`it did not answer within ${timeoutMs} ms`, true),
  )
  let outbox: TaskMessage[number][] = []
  let count = 0
  let gone: { readonly gone: string; readonly isTimeout: boolean } | undefined
  let tellEnded: () => void = () => undefined
  const ended = new Promise<void>((resolve) => {
    tellEnded = resolve
  })

  function lose(reason: string, isTimeout: boolean): void {
    gone ??= { gone: reason, isTimeout }
    child.kill('SIGKILL')
    child.ref() // somebody may wait for its end, which is near
    patience.endAll()
    for (const [number, tell] of waiting) {
      waiting.delete(number)
      tell(gone)
    }
  }

  function flush(): void {
    const message = outbox
    outbox = []
    // A failure to send shows as the end of the process.
    if (gone === undefined) channel?.write(toLine(message))
  }

  function settle({ number, value, fault }: AnswerMessage[number]): void {
    const tell = waiting.get(number)
    waiting.delete(number)
    patience.end(number)
    // The program answers each task with the value of that task.
    tell?.(fault === undefined ? { value: value as never } : { fault })
  }

  const read = createLineReader(
    // Each is an object, of the program's making: whatever else it may be fails at its reader.
    (answers) => (answers as AnswerMessage).forEach(settle),
    () => lose('it answered what is no answer', false),
  )
  channel?.setEncoding('utf8').on('data', read)
  channel?.on('error', () => undefined) // and then it closes
  channel?.on('close', () => child.kill('SIGKILL')) // its exit tells more, if it had one of its own
  child.on('error', () => lose('its process could not be started', false))
  if (channel === undefined) lose('its process could not be started', false)
  child.on('exit', (code, signal) => {
    lose(`its process ended by ${signal ?? `exit code ${code}`}`, false)
    tellEnded()
  })
  stdin?.on('error', () => undefined) // shows as the end of the process

  return Object.freeze({
    ask(task, timeoutMs) {
      if (gone !== undefined) return Promise.resolve(gone)
      const number = ++count
      return new Promise((resolve) => {
        waiting.set(number, resolve)
        patience.begin(number, { timeoutMs, needsSession: inSession.has(task.name) })
        if (outbox.push({ number, task }) === 1) queueMicrotask(flush)
      })
    },
    handOver(pin) {
      stdin?.write(pin, () => pin.fill(0))
    },
    end: () => lose('it was closed', false),
    ended,
    isGone: () => gone !== undefined,
  } satisfies Host)
}

/** A pipe of a process is a socket, of which types know one half; there is none when files ran out. */
function channelOf({ stdio }: Partial<Pick<ChildProcess, 'stdio'>>): Socket | undefined {
  const stream: unknown = stdio?.[3]
  return stream instanceof Socket ? stream : undefined
}
