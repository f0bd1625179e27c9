/** How often somebody may call: token buckets in bounded memory, by a clock that never goes back. @module */

import { sha256Hex } from './digest.ts'
import { addressGroup } from './network.ts'
import type { Principal } from './principal.ts'

/** An answer; `retryAfterSeconds` is 0 when it is allowed, and a whole number of at least 1 else. */
export type RateDecision = { readonly allowed: boolean; readonly retryAfterSeconds: number }

/** Buckets, one for each key. */
export type RateLimiter = {
  /** Takes one when there is one. */
  readonly take: (key: string) => RateDecision
  /** Whether there is one. */
  readonly peek: (key: string) => RateDecision
  /** Keys that are remembered. */
  readonly size: () => number
}

/** The limits of one process; several processes have these each. */
export type Limits = {
  /** Takes one for an address, before anything else is done for it. */
  readonly address: (address: string) => RateDecision
  /**
   * Takes one for a principal, whichever of its tokens and sessions it uses, and one of all. What was
   * not authenticated cannot use up what all have in common.
   */
  readonly caller: (principal: Pick<Principal, 'name'>) => RateDecision
  /**
   * Tokens and JWTs that were not right lately, by the address that brings them. One that was is let
   * through, whatever others behind its address try. It is looked up like any other.
   */
  readonly credentials: {
    /** Ask before it is looked up. */
    readonly check: (address: string, credential: string) => RateDecision
    readonly accepted: (credential: string) => void
    readonly refused: (address: string, credential: string) => void
  }
}

const FAILURES_PER_MINUTE = 10
const MAX_KEYS = 10_000
const ALLOWED: RateDecision = Object.freeze({ allowed: true, retryAfterSeconds: 0 })

/**
 * @param options.perSecond - More than 0.
 * @param options.burst - At least 1: what a full bucket holds.
 * @param options.clock - Milliseconds; never goes back. Default `performance.now`.
 * @param options.maxKeys - Past it the key that was idle longest is forgotten. Default 10,000.
 */
export function createRateLimiter(options: {
  readonly perSecond: number
  readonly burst: number
  readonly clock?: () => number
  readonly maxKeys?: number
}): RateLimiter {
  const { perSecond, burst, clock = () => performance.now(), maxKeys = MAX_KEYS } = options
  // A Map keeps the order in which keys were set: the first is the one that was idle longest.
  const buckets = new Map<string, { level: number; at: number }>()

  function levelOf(key: string, now: number): number {
    const bucket = buckets.get(key)
    if (bucket === undefined) return burst
    return Math.min(burst, bucket.level + ((now - bucket.at) / 1_000) * perSecond)
  }
  const decide = (level: number): RateDecision =>
    level >= 1
      ? ALLOWED
      : { allowed: false, retryAfterSeconds: Math.max(1, Math.ceil((1 - level) / perSecond)) }

  return Object.freeze({
    take(key) {
      const now = clock()
      const level = levelOf(key, now)
      const decision = decide(level)
      buckets.delete(key)
      buckets.set(key, { level: decision.allowed ? level - 1 : level, at: now })
      if (buckets.size > maxKeys) {
        const [oldest] = buckets.keys()
        if (oldest !== undefined) buckets.delete(oldest)
      }
      return decision
    },
    peek: (key) => decide(levelOf(key, clock())),
    size: () => buckets.size,
  } satisfies RateLimiter)
}

/**
 * @param rates - Calls a second; each bucket holds two seconds' worth, and at least one call.
 * @param options.clock - As for `createRateLimiter`.
 */
export function createLimits(
  rates: { readonly token: number; readonly address: number; readonly all: number },
  options: {
    readonly clock?: () => number
    readonly maxKeys?: number
    /** Refused credentials from one address in a minute. Default 10. */
    readonly failuresPerMinute?: number
  } = {},
): Limits {
  const { failuresPerMinute = FAILURES_PER_MINUTE, ...shared } = options
  const limiter = (perSecond: number, burst = Math.max(1, 2 * perSecond)) =>
    createRateLimiter({ perSecond, burst, ...shared })
  const addresses = limiter(rates.address)
  const callers = limiter(rates.token)
  const all = limiter(rates.all)
  const failures = limiter(failuresPerMinute / 60, failuresPerMinute)
  const { maxKeys = MAX_KEYS } = options
  // Hashes, in the order in which they were used: the first was idle longest.
  const right = new Set<string>()
  return Object.freeze({
    address: (address) => addresses.take(addressGroup(address)),
    caller({ name }) {
      const common = all.peek('all')
      if (!common.allowed) return common
      const own = callers.take(name)
      return own.allowed ? all.take('all') : own
    },
    credentials: {
      check: (address, credential) =>
        right.has(sha256Hex(credential)) ? ALLOWED : failures.peek(addressGroup(address)),
      accepted(credential) {
        const hash = sha256Hex(credential)
        right.delete(hash)
        right.add(hash)
        if (right.size <= maxKeys) return
        const [oldest] = right
        if (oldest !== undefined) right.delete(oldest)
      },
      refused(address, credential) {
        right.delete(sha256Hex(credential))
        failures.take(addressGroup(address))
      },
    },
  } satisfies Limits)
}
