/** Programs run by the tools: with progress, or in the foreground. None outlives the tool. @module */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()
/** @type {NodeJS.Signals | undefined} */
let received

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    received ??= signal
    for (const child of running) child.kill(signal)
    if (running.size === 0) process.exit(signalExitCode(signal))
    setTimeout(() => process.exit(signalExitCode(signal)), 5_000).unref()
  })
}
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** @param {NodeJS.Signals} signal */
const signalExitCode = (signal) => 128 + constants.signals[signal]

/**
 * @param {string} file
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @param {(text: string) => void} [onOutput]
 * @param {boolean} [exitOnSignal] whether a signal ends this process once the program is gone
 * @returns {Promise<number>} its exit code; 127 when it cannot be run
 */
function start(file, args, options, onOutput = () => undefined, exitOnSignal = true) {
  return new Promise((resolve) => {
    const child = spawn(file, args, options)
    running.add(child)
    for (const pipe of [child.stdout, child.stderr]) pipe?.setEncoding('utf8').on('data', onOutput)
    const end = (/** @type {number} */ code) => {
      running.delete(child)
      if (received && exitOnSignal) process.exit(signalExitCode(received))
      resolve(code)
    }
    child.on('error', (error) => {
      onOutput(`${error.message}\n`)
      end(127)
    })
    child.on('close', (code, signal) => end(code ?? signalExitCode(signal ?? 'SIGTERM')))
  })
}

/**
 * Runs a program that shares this terminal; signals to this process reach it.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export const runForeground = (file, args, options = {}) =>
  start(file, args, { ...options, stdio: 'inherit' })

/**
 * Runs a program in the place of this one: signals go to it, and it decides when and how to end.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} its exit code
 */
export const become = (file, args, options = {}) =>
  start(file, args, { ...options, stdio: 'inherit' }, undefined, false)

/**
 * What a program says, without showing it. Ends it after a minute, unless the options say otherwise.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeout?: number }} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function capture(file, args, options = {}) {
  let output = ''
  const code = await start(
    file,
    args,
    { timeout: 60_000, ...options, stdio: ['ignore', 'pipe', 'pipe'] },
    (text) => {
      output += text
    },
  )
  return { code, output: output.trim() }
}

/**
 * Runs a long program: a line at its start, one every 10 seconds, one at its end.
 * @param {string} title what it does, such as `Building the emulator`
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, describe?: (output: string) => string }} [options]
 *   `describe` makes the progress of the whole output; without it, the last line is shown
 * @returns {Promise<string>} its output
 * @throws {Error} with the ends of its output, when it fails
 */
export async function runWithProgress(title, file, args, options = {}) {
  const { describe = lastLine, ...rest } = options
  const started = Date.now()
  const say = (/** @type {string} */ text) => console.log(`${title}: ${text}`)
  let output = ''
  say('started')
  const timer = setInterval(() => {
    say(`${duration(Date.now() - started)} ${describe(output)}`.trimEnd())
  }, 10_000)
  try {
    const code = await start(file, args, { ...rest, stdio: ['ignore', 'pipe', 'pipe'] }, (text) => {
      output += text
    })
    if (code !== 0) {
      throw new Error(`${title} failed with exit code ${code}. It said:\n${shorten(output.trim())}`)
    }
    say(`done in ${duration(Date.now() - started)}`)
    return output
  } finally {
    clearInterval(timer)
  }
}

/** Programs name the cause first or last. @param {string} output */
const shorten = (output) =>
  output.length > 3_000 ? `${output.slice(0, 1_000)}\n[…]\n${output.slice(-2_000)}` : output

/** @param {string} output */
const lastLine = (output) => output.trimEnd().split('\n').at(-1)?.trim().slice(0, 100) ?? ''

/**
 * `0.4 s`, `12.3 s`, `5 min 41 s`
 * @param {number} ms
 */
export function duration(ms) {
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
