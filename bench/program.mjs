/** A program of this folder in a process of its own, to which one speaks by IPC. @module */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/**
 * @param {string} file beside this one
 * @param {object} settings its only argument, as JSON
 * @param {{ signal: AbortSignal, execArgv?: string[] }} options
 * @returns `next` resolves to its next message and rejects when it ends before; `stop` ends it
 */
export function startProgram(file, settings, { signal, execArgv = [] }) {
  signal.throwIfAborted()
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = fork(path, [JSON.stringify(settings)], {
    execArgv,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let tail = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    tail = `${tail}${text}`.slice(-1_000)
  })
  /** @type {unknown[]} */
  const messages = []
  let wake = () => undefined
  child.on('message', (message) => {
    messages.push(message)
    wake()
  })
  child.on('error', () => undefined) // its exit tells
  const exited = once(child, 'exit').finally(() => wake())
  const stop = async () => {
    signal.removeEventListener('abort', stop)
    child.kill('SIGKILL') // it has nothing to save
    await exited.catch(() => undefined)
  }
  signal.addEventListener('abort', stop, { once: true })
  return {
    send: (message) => child.send(message),
    async next() {
      while (messages.length === 0) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(
            `${file} ended with ${child.exitCode ?? child.signalCode}: ${tail.trim()}`,
          )
        await new Promise((resolve) => {
          wake = resolve
        })
      }
      return messages.shift()
    },
    stop,
  }
}

/** Runs it to its one result. */
export async function resultOfProgram(file, settings, options) {
  const program = startProgram(file, settings, options)
  try {
    return await program.next()
  } finally {
    await program.stop()
  }
}
