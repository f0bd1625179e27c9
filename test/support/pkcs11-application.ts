/** An application of its own process that signs with a token. Gone with the test. @module */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { until } from './until.ts'

const program = fileURLToPath(new URL('./pkcs11-process.mjs', import.meta.url))

/** An application. Write `await using application = …`. */
export type Application = {
  readonly pid: number
  /** All that it printed. */
  readonly printed: () => string
  /** Resolves when it has signed so often. */
  readonly signed: (times: number) => Promise<void>
  readonly signAgain: () => void
  /** Resolves to its exit code. */
  readonly ended: Promise<number | null>
  readonly kill: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** @param pinFile - Read by the function `pin`; without it the URI says where the PIN is. */
export async function startApplication(options: {
  readonly uri: string
  readonly env: Record<string, string>
  readonly mode: 'go' | 'stay'
  readonly pinFile?: string
}): Promise<Application> {
  const { uri, env, mode, pinFile = '-' } = options
  const { NODE_OPTIONS: _, ...built } = env // it runs no sources
  const child = spawn(process.execPath, [program, uri, pinFile, mode], { env: built })
  let printed = ''
  for (const pipe of [child.stdout, child.stderr])
    pipe.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  await once(child, 'spawn')
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  return {
    pid: child.pid ?? 0,
    printed: () => printed,
    signed: (times) =>
      until(() => {
        if (child.exitCode !== null && child.exitCode !== 0) throw new Error(printed)
        return printed.split('signed\n').length > times
      }),
    signAgain: () => void child.stdin.write('again\n'),
    ended,
    kill,
    [Symbol.asyncDispose]: kill,
  }
}
