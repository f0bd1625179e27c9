/** The bridge to AF_VSOCK, which Node.js cannot open: a process that is kept running. @module */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, rm } from 'node:fs/promises'
import { SignerError } from 'fcl-kms'
import { pause } from '../../../src/deadline.ts'
import { doubling } from '../../../src/retry.ts'

/** What to run. */
export type BridgeOptions = {
  /** `init` of examples/enclave/init, by its absolute path. */
  readonly program: string
  /** Of the enclave. It stays, so that one bridge serves every start of it. */
  readonly cid: number
  readonly socketPath: string
  /** Told each time that it ended and is started again, with its last words. */
  readonly onEnd: (reason: string) => void
  readonly signal: AbortSignal
}

/** A bridge that runs. */
export type Bridge = { readonly close: () => Promise<void> }

const START_MS = 5_000
const LOOK_MS = 20
const [MIN_PAUSE_MS, MAX_PAUSE_MS] = [500, 10_000]
/** Time up that begins a new row of ends. */
const STABLE_MS = 60_000
const MAX_WORDS = 300
const KILL_MS = 2_000

/**
 * Resolves when its socket is there. From then on it is started again whenever it ends; the enclave, and
 * the ledger in its memory, live on.
 *
 * @throws {SignerError} `ENCLAVE_NOT_STARTED`. Rejects with `signal.reason` on abort.
 */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const { socketPath, onEnd, signal } = options
  const closing = new AbortController()
  let running = await run(options)
  const first = new AbortController()
  const died = running.ended.then((reason) => {
    if (!first.signal.aborted) throw notStarted(reason)
  })
  try {
    await Promise.race([died, appears(socketPath, AbortSignal.any([signal, first.signal]))])
  } catch (thrown) {
    await stop(running)
    throw thrown
  } finally {
    first.abort()
    died.catch(() => undefined)
  }

  async function keep(): Promise<void> {
    for (let ends = 0; ; ) {
      const since = performance.now()
      const reason = await running.ended
      if (closing.signal.aborted) return
      ends = performance.now() - since >= STABLE_MS ? 1 : ends + 1
      onEnd(reason)
      await pause(doubling(MIN_PAUSE_MS, MAX_PAUSE_MS, ends), closing.signal)
      running = await run(options)
      if (closing.signal.aborted) running.child.kill('SIGTERM')
    }
  }
  const kept = keep().catch(() => undefined) // it rejects by the end of a pause alone

  return {
    async close() {
      closing.abort(new Error('it is closed'))
      await stop(running)
      await kept
      await rm(socketPath, { force: true })
    },
  }
}

type Running = {
  readonly child: ChildProcess
  /** Why, in a few words. Never rejects. */
  readonly ended: Promise<string>
}

async function run({ program, cid, socketPath }: BridgeOptions): Promise<Running> {
  await rm(socketPath, { force: true }) // of one that was killed
  const child = spawn(program, ['bridge', '--cid', String(cid), '--socket', socketPath], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {},
  })
  child.on('error', () => undefined) // the first one is the reason below
  let words = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    words = `${words}${chunk.toString()}`.slice(-MAX_WORDS)
  })
  const ended = once(child, 'close').then(
    ([code, signal]) => {
      const last = words.replace(/\p{C}+/gu, ' ').trim()
      return last === '' ? `it ended by ${String(signal ?? code)}` : last
    },
    (thrown: NodeJS.ErrnoException) => `it cannot be run: ${thrown.code ?? 'OTHER'}`,
  )
  return { child, ended }
}

async function appears(socketPath: string, signal: AbortSignal): Promise<void> {
  for (const since = performance.now(); performance.now() - since < START_MS; ) {
    const isThere = await access(socketPath).then(
      () => true,
      () => false,
    )
    if (isThere) return
    await pause(LOOK_MS, signal)
  }
  throw notStarted(`its socket was not there within ${START_MS} ms`)
}

async function stop({ child, ended }: Running): Promise<void> {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_MS)
  await ended
  clearTimeout(timer)
}

const notStarted = (reason: string) =>
  new SignerError('ENCLAVE_NOT_STARTED', {
    reason: `the bridge to vsock: ${reason}`,
    remedy:
      'see that the file bridge beside parent.mjs is executable, that /dev/vsock is there, and that nothing else has ports 8000 and 8001 of vsock',
  })
