/** Keeps the requests to a backend below its quota, so that callers wait here and not there. @module */

import { isSignerError, SignerError } from '../../errors.ts'
import { tellObserver } from '../../observers.ts'
import { assertKnownKeys } from '../../options.ts'
import type { SignPace } from '../signer.ts'
import { createAdaptiveRate } from './adaptive-rate.ts'
import { createLocalTurns, type ReserveTurns } from './local-turns.ts'
import { createTurnLine } from './turn-line.ts'

/** How one quota stands. */
export type QuotaStats = {
  /** Callers that wait for their turn. */
  readonly queued: number
  /** Tasks that had their turn and have not ended. */
  readonly running: number
  /** Turns a second now: the rate set, or less for some seconds after the backend has throttled. */
  readonly ratePerSecond: number
  /** Requests that the backend throttled. */
  readonly throttled: number
  /** Milliseconds until a caller who comes now would have its turn. */
  readonly waitMs: number
}

/** Something an operator may want to know, and how the quota stands after it. */
export type GovernorReport = QuotaStats & {
  readonly name: string
  /**
   * - `slowed`: the backend throttled, and the rate was halved.
   * - `reserve-failed`: the turns could not be shared; this process took them from its own count.
   */
  readonly event: 'slowed' | 'reserve-failed'
}

/** Options of `createSigningGovernor`. */
export type SigningGovernorOptions = {
  /** Turns a second for each name, 1 to 10,000. Default 300, the smallest quota that KMS has had. */
  readonly ratePerSecond?: number
  /** Shares the rate with other processes: `reserveTurns` of a store. Default: in this process. */
  readonly reserve?: ReserveTurns
  /** Callers that may wait for one name, 1 to 1,000,000. Default 10,000. */
  readonly maxQueued?: number
  readonly onReport?: (report: GovernorReport) => void
}

/** Give the same one to all authorizers that share a quota. */
export type SigningGovernor = {
  /**
   * Runs the task when its turn has come, first come first served.
   *
   * @param name - Of the quota: a rate is kept for each.
   * @throws {SignerError} `SIGNING_QUEUE_FULL`. Rejects with `signal.reason` when that aborts while
   * it waits, and with what the task rejects with.
   */
  readonly run: <T>(
    name: string,
    task: (pace: SignPace) => Promise<T>,
    signal?: AbortSignal,
  ) => Promise<T>
  /** By name, for metrics. */
  readonly stats: () => ReadonlyMap<string, QuotaStats>
}

/**
 * The rate is kept over any second of this process, however late its timers are. Turns are reserved
 * in chunks of at most 50 ms, so that a database is asked about 20 times a second at the full rate.
 * When the backend throttles, the rate is halved, and is back within 10 s.
 *
 * @throws {SignerError} `INVALID_OPTION`.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html for the quotas
 * of KMS, which all ECC keys of an account share in a Region.
 */
export function createSigningGovernor(options: SigningGovernorOptions = {}): SigningGovernor {
  assertKnownKeys(options, ['ratePerSecond', 'reserve', 'maxQueued', 'onReport'])
  const { ratePerSecond = 300, maxQueued = 10_000, reserve = createLocalTurns() } = options
  assertWhole('ratePerSecond', ratePerSecond, 10_000)
  assertWhole('maxQueued', maxQueued, 1_000_000)
  for (const option of ['reserve', 'onReport'] as const)
    if (options[option] !== undefined && typeof options[option] !== 'function')
      throw new SignerError('INVALID_OPTION', { option, reason: 'it is not a function' })
  const quotas = new Map<string, Quota>()
  const quotaOf = (name: string): Quota => {
    const quota = quotas.get(name) ?? createQuota(name, ratePerSecond, reserve, options.onReport)
    quotas.set(name, quota)
    return quota
  }

  return Object.freeze({
    async run(name, task, signal) {
      const quota = quotaOf(name)
      const queued = quota.line.length()
      if (queued >= maxQueued) throw new SignerError('SIGNING_QUEUE_FULL', { name, queued })
      await quota.line.wait({ first: false, signal })
      return quota.run(task)
    },
    stats: () => new Map([...quotas].map(([name, { stats }]) => [name, stats()])),
  } satisfies SigningGovernor)
}

type Quota = ReturnType<typeof createQuota>

function createQuota(
  name: string,
  ratePerSecond: number,
  reserve: ReserveTurns,
  onReport: SigningGovernorOptions['onReport'],
) {
  const rate = createAdaptiveRate(ratePerSecond)
  let running = 0
  let throttled = 0
  const line = createTurnLine({
    name,
    maxPerSecond: ratePerSecond,
    perSecond: () => rate.at(performance.now()),
    reserve,
    onReserveFailed: () => report('reserve-failed'),
  })
  const stats = (): QuotaStats =>
    Object.freeze({
      queued: line.length(),
      running,
      ratePerSecond: rate.at(performance.now()),
      throttled,
      waitMs: line.waitMs(),
    })

  function report(event: GovernorReport['event']): void {
    const observed = { name: 'onReport', spared: 'the signature is' }
    tellObserver(onReport, { ...stats(), name, event }, observed)
  }

  async function run<T>(task: (pace: SignPace) => Promise<T>): Promise<T> {
    let startedAt = performance.now()
    let told = false
    const pace: SignPace = Object.freeze({
      async nextTurn(signal?: AbortSignal) {
        await line.wait({ first: true, signal })
        startedAt = performance.now()
      },
      throttled() {
        told = true
        throttled += 1
        if (rate.slow(performance.now(), startedAt)) report('slowed')
      },
    })
    running += 1
    try {
      return await task(pace)
    } catch (thrown) {
      if (!told && isSignerError(thrown, 'KMS_THROTTLED')) pace.throttled()
      throw thrown
    } finally {
      running -= 1
    }
  }

  return { line, stats, run }
}

function assertWhole(option: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new SignerError('INVALID_OPTION', {
      option,
      reason: `it is not a whole number from 1 to ${max}`,
    })
}
