/** Enclaves of an EC2 instance, by nitro-cli. @module */

import { pause } from '../../deadline.ts'
import { SignerError } from '../../errors.ts'
import { assertKnownKeys } from '../../options.ts'
import { type NitroCli, type NitroEnclave, nitroCli } from './nitro-cli.ts'
import type { EnclaveRunner, RunningEnclave } from './supervisor.ts'
import { invalidOption } from './unix-door.ts'

/** Options of `createNitroRunner`. */
export type NitroRunnerOptions = {
  /** The image, by its absolute path. */
  readonly image: string
  /** Whole cores: 2 with hyper-threading. At most what the allocator has set aside. */
  readonly cpuCount: number
  /** At least four times the image; at most what the allocator has set aside. */
  readonly memoryMib: number
  /** From 4. It stays the same at each start, so that the bridge finds the enclave again. */
  readonly cid: number
  /** Default `nitro-cli`, as the PATH finds it. */
  readonly program?: string
  /** Milliseconds between two looks whether it runs. Default 2,000. */
  readonly lookMs?: number
}

const known = ['image', 'cpuCount', 'memoryMib', 'cid', 'program', 'lookMs']

/** How often in a row nitro-cli may fail to tell, before the enclave counts as gone. */
const MAX_MISSES = 5

/**
 * Never in debug mode: then its parent reads its memory, and its measurements are zeros. An enclave
 * that has the same CID, left by a parent that ended, is ended first.
 *
 * @throws {SignerError} `INVALID_OPTION`. Starting rejects with `ENCLAVE_NOT_STARTED`.
 */
export function createNitroRunner(options: NitroRunnerOptions): EnclaveRunner {
  assertKnownKeys(options, known)
  const { image, cpuCount, memoryMib, cid, program = 'nitro-cli', lookMs = 2_000 } = options
  if (typeof image !== 'string' || !/^\/[^\p{Cc}]+$/u.test(image))
    throw invalidOption('image', 'it is not an absolute path')
  if (typeof program !== 'string' || !/^[^-\p{Cc}][^\p{Cc}]*$/u.test(program))
    throw invalidOption('program', 'it is not the name or the path of a program')
  assertCount('cpuCount', cpuCount, 1, 1_024)
  assertCount('memoryMib', memoryMib, 64, 4_194_304)
  assertCount('cid', cid, 4, 0xffff_fffe)
  assertCount('lookMs', lookMs, 1, 60_000)
  const cli = nitroCli(program)
  const settings = { image, cpuCount, memoryMib, cid }

  return Object.freeze({
    async start({ signal }) {
      const before = (await cli.describe(signal)).filter((one) => one.cid === cid)
      for (const { id } of before) await cli.terminate(id, signal)
      const id = await cli.run(settings, signal)
      const found = (await cli.describe(signal)).find((one) => one.id === id)
      if (found?.flags !== 'NONE') {
        await cli.terminate(id).catch(() => undefined)
        throw inDebugMode(found)
      }
      return follow(cli, id, lookMs)
    },
  } satisfies EnclaveRunner)
}

/** Looks at it until it is gone. */
function follow(cli: NitroCli, id: string, lookMs: number): RunningEnclave {
  const over = new AbortController()
  const isRunning = async () =>
    (await cli.describe()).some((one) => one.id === id && one.state === 'RUNNING')

  async function watch(): Promise<string> {
    for (let misses = 0; misses < MAX_MISSES; ) {
      await pause(lookMs, over.signal)
      const runs = await isRunning().catch(() => undefined)
      if (runs === false) return 'nitro-cli does not count it among those that run'
      misses = runs === undefined ? misses + 1 : 0
    }
    return 'nitro-cli does not tell any more whether it runs'
  }

  const ended = watch().catch(() => 'it was terminated')
  return Object.freeze({
    ended,
    async stop() {
      over.abort(new Error('it is terminated'))
      await cli.terminate(id)
    },
  } satisfies RunningEnclave)
}

function assertCount(option: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw invalidOption(option, `it is not a whole number from ${min} to ${max}`)
}

const inDebugMode = (found: NitroEnclave | undefined) =>
  new SignerError('ENCLAVE_NOT_STARTED', {
    reason: found === undefined ? 'it was gone at once' : 'it runs in debug mode',
    remedy: 'read /var/log/nitro_enclaves, and see what the program really is that was named',
  })
