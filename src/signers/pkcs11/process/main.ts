/**
 * The process in which the vendor's library runs, so that nothing it does can hold up, end or read
 * the process that wants signatures. Started by `host.ts`; ends with it, at the latest. @module
 */

import { Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { createLineReader, toLine } from '../lines.ts'
import type { AnswerMessage, Answers, FoundKey, Task, TaskMessage } from '../protocol.ts'
import { faultError, faultOf } from './faults.ts'
import { createKey, findKey, type KeyObject } from './keys.ts'
import { type Library, loadLibrary } from './library.ts'
import { readPin } from './pin.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { openToken, type Token } from './token.ts'

/** What `open` made. */
type State = {
  readonly library: Library
  readonly token: Token
  readonly sessions: Sessions
  readonly keys: KeyObject[]
}

let state: State | undefined
let outbox: AnswerMessage[number][] = []

/**
 * Waits in a thread of its own until standard input closes, which it does when the other process is
 * gone: a call that hangs in the library would keep this one otherwise.
 */
const GUARD = `
const { readSync } = require('node:fs')
try { while (readSync(0, Buffer.alloc(1), 0, 1, null) > 0); } catch {}
process.kill(process.pid, 'SIGKILL')`

const end = () => process.kill(process.pid, 'SIGKILL')

/** To the other process. */
const channel = new Socket({ fd: 3 })

async function open(task: Extract<Task, { name: 'open' }>): Promise<Answers['open']> {
  const pin = readPin(task)
  try {
    new Worker(GUARD, { eval: true }).unref()
    const library = await loadLibrary(task.modulePath, task.libraryParameters)
    const token = openToken(library, task, pin)
    const { module } = library
    const sessions = createSessions(
      { open: token.openSession, close: (session) => module.C_CloseSession(session) },
      task.sessions,
    )
    state = { library, token, sessions, keys: [] }
    return { ...token.opened, pinFileIsOpen: pin?.fileIsOpen ?? false }
  } finally {
    pin?.bytes.fill(0)
  }
}

function known({ keys }: State, { object, ...key }: KeyObject): FoundKey {
  return { ...key, handle: keys.push({ ...key, object }) - 1 }
}

async function sign({ library, sessions, keys }: State, handle: number, digest: Uint8Array) {
  const key = keys[handle]
  // Modules sign whatever they are given; what is no digest of 32 bytes is no message of Flow.
  if (key === undefined || digest.length !== 32)
    throw faultError({ kind: 'key-unusable', reason: 'what is to be signed is not 32 bytes' })
  const { js, module } = library
  const session = await sessions.take()
  // Named here: the native half does not keep them while it works.
  const [data, space] = [Buffer.from(digest), Buffer.alloc(144)]
  try {
    module.C_SignInit(session, { mechanism: js.CKM_ECDSA }, key.object)
    const signature = await module.C_SignAsync(session, data, space)
    sessions.giveBack(session)
    return new Uint8Array(signature)
  } catch (thrown) {
    sessions.discard(session)
    throw thrown
  }
}

async function inSession<T>({ sessions }: State, use: (session: Buffer) => T): Promise<T> {
  const session = await sessions.take()
  try {
    const result = use(session)
    sessions.giveBack(session)
    return result
  } catch (thrown) {
    sessions.discard(session)
    throw thrown
  }
}

async function run(task: Task): Promise<Answers[keyof Answers]> {
  if (task.name === 'open') return open(task)
  const opened = state
  if (opened === undefined) throw faultError({ kind: 'device', reason: 'not open', lost: true })
  const { library } = opened
  switch (task.name) {
    case 'sign':
      return sign(opened, task.handle, task.digest)
    case 'find':
      return inSession(opened, (session) => known(opened, findKey(library, session, task.key)))
    case 'create':
      return inSession(opened, (session) => known(opened, createKey(library, session, task.key)))
    case 'close':
      library.module.C_Finalize()
      return null
  }
}

/** Answers that are ready in one turn of the loop go in one message. */
function answer(one: AnswerMessage[number]): void {
  if (outbox.push(one) > 1) return
  setImmediate(() => {
    const message = outbox
    outbox = []
    channel.write(toLine(message))
  })
}

function start({ number, task }: TaskMessage[number]): void {
  run(task).then(
    (value) => answer({ number, value }),
    (thrown) => answer({ number, fault: faultOf(thrown) }),
  )
}

// `host.ts` writes tasks and nothing else.
const read = createLineReader((tasks) => (tasks as TaskMessage).forEach(start), end)
channel.setEncoding('utf8').on('data', read)
channel.on('error', end)
channel.on('close', end)
// Sent to a whole group by a terminal or a supervisor: the other process may still want signatures.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined)
