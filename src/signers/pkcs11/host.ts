/** One process of the module, seen from this one: it is asked, it has a time to answer, it is ended. @module */

import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
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
  const child = fork(PROGRAM, [], {
    // A signature occupies a thread of libuv's pool, of which there are four by default.
    env: { UV_THREADPOOL_SIZE: String(Math.max(4, sessions)), ...env },
    execArgv: [],
    serialization: 'advanced',
    // What a library prints may hold anything, and nobody reads it.
    stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
  })
  release(child)
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
    for (const [number, settle] of waiting) {
      waiting.delete(number)
      settle(gone)
    }
  }

  function flush(): void {
    const message = outbox
    outbox = []
    // A failure to send shows as the end of the process.
    if (gone === undefined) child.send(message, () => undefined)
  }

  child.on('message', (answers: AnswerMessage) => {
    for (const { number, value, fault } of answers) {
      const settle = waiting.get(number)
      waiting.delete(number)
      patience.end(number)
      // The program answers each task with the value of that task.
      settle?.(fault === undefined ? { value: value as never } : { fault })
    }
  })
  child.on('error', () => lose('its process could not be started', false))
  child.on('exit', (code, signal) => {
    lose(`its process ended by ${signal ?? `exit code ${code}`}`, false)
    tellEnded()
  })
  child.stdin?.on('error', () => undefined) // shows as the end of the process

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
      child.stdin?.write(pin, () => pin.fill(0))
    },
    end: () => lose('it was closed', false),
    ended,
    isGone: () => gone !== undefined,
  } satisfies Host)
}

/** Neither the process nor its pipes keep this one alive: the timers of its tasks do. */
function release(child: ChildProcess): void {
  child.unref()
  child.channel?.unref()
  if (child.stdin instanceof Socket) child.stdin.unref()
}
