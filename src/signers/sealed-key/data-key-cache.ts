/** Data keys that stay open for a while: few, not for long, not for many uses, then overwritten. @module */

import { createHash } from 'node:crypto'
import { abortable } from '../../deadline.ts'
import { SignerError } from '../../errors.ts'
import { assertKnownKeys } from '../../options.ts'
import type { Unwrapped } from './data-keys.ts'
import type { SealedRecord } from './record.ts'

/** Bounds of a cache of data keys. Each has to be said. */
export type DataKeyCacheLimits = {
  /** Data keys at once, 1 to 100,000. The one that was not used for longest goes first. */
  readonly maxKeys: number
  /** Milliseconds that one stays, from its unwrapping on: 1 to 3,600,000. */
  readonly maxAgeMs: number
  /** Openings with one, 1 to 1,000,000. */
  readonly maxUses: number
}

const bounds: Readonly<Record<keyof DataKeyCacheLimits, number>> = {
  maxKeys: 100_000,
  maxAgeMs: 3_600_000,
  maxUses: 1_000_000,
}

/** A way to what a record has wrapped. */
export type Opener = {
  /**
   * @param use - Runs to its end before anything else does, and keeps nothing of the key.
   * @returns What `use` returned, and the call to KMS, if one was made for it.
   */
  readonly open: <T>(
    record: SealedRecord,
    use: (plaintext: Uint8Array) => T,
    signal?: AbortSignal,
  ) => Promise<{ readonly value: T; readonly call?: Omit<Unwrapped, 'plaintext'> }>
  /** Overwrites what lies here for this record. */
  readonly drop: (record: SealedRecord) => void
  /** Overwrites what lies here. */
  readonly wipe: () => void
}

type Unwrap = (record: SealedRecord, signal?: AbortSignal) => Promise<Unwrapped>

/** Unwraps each time, and overwrites at once. */
export function createOpener(unwrap: Unwrap): Opener {
  return {
    async open(record, use, signal) {
      const { plaintext, ...call } = await unwrap(record, signal)
      try {
        signal?.throwIfAborted()
        return { value: use(plaintext), call }
      } finally {
        plaintext.fill(0)
      }
    },
    drop: () => undefined,
    wipe: () => undefined,
  }
}

type Entry = {
  readonly plaintext: Uint8Array
  readonly call: Omit<Unwrapped, 'plaintext'>
  readonly timer: NodeJS.Timeout
  usesLeft: number
  isWiped: boolean
}

/**
 * Keeps data keys and never a private key: what KMS wrapped itself is unwrapped each time. Openings of
 * one record that come together wait for one call, which the abort of one of them does not end.
 *
 * @throws {SignerError} `INVALID_OPTION` for a bound that is missing or out of range.
 */
export function createCachingOpener(unwrap: Unwrap, limits: DataKeyCacheLimits): Opener {
  assertLimits(limits)
  const direct = createOpener(unwrap)
  const entries = new Map<string, Entry>() // least recently used first
  const unwrapping = new Map<string, Promise<Entry>>()

  function drop(name: string): void {
    const entry = entries.get(name)
    if (entry === undefined) return
    entries.delete(name)
    clearTimeout(entry.timer)
    entry.plaintext.fill(0)
    entry.isWiped = true
  }

  async function unwrapInto(name: string, record: SealedRecord): Promise<Entry> {
    const { plaintext, ...call } = await unwrap(record)
    const timer = setTimeout(() => drop(name), limits.maxAgeMs)
    timer.unref()
    const entry = { plaintext, call, timer, usesLeft: limits.maxUses, isWiped: false }
    for (const oldest of entries.keys()) {
      if (entries.size < limits.maxKeys) break
      drop(oldest)
    }
    entries.set(name, entry)
    return entry
  }

  function fresh(name: string, record: SealedRecord): Promise<Entry> {
    const running = unwrapping.get(name)
    if (running !== undefined) return running
    const started = unwrapInto(name, record).finally(() => unwrapping.delete(name))
    unwrapping.set(name, started)
    return started
  }

  return {
    async open(record, use, signal) {
      if (record.form !== 'data-key') return direct.open(record, use, signal)
      const name = nameOf(record)
      for (;;) {
        const known = entries.get(name)
        const entry = known ?? (await abortable(fresh(name, record), signal))
        signal?.throwIfAborted()
        if (entry.isWiped) continue // used up by those who waited for it, too
        entries.delete(name)
        entries.set(name, entry)
        entry.usesLeft -= 1
        try {
          const value = use(entry.plaintext)
          if (entry.usesLeft === 0) drop(name)
          return known === undefined ? { value, call: entry.call } : { value }
        } catch (thrown) {
          drop(name) // it may not be the key of this record
          throw thrown
        }
      }
    },
    drop: (record) => drop(nameOf(record)),
    wipe() {
      for (const name of [...entries.keys()]) drop(name)
    },
  }
}

const nameOf = ({ header }: SealedRecord) => createHash('sha256').update(header).digest('hex')

function assertLimits(limits: DataKeyCacheLimits): void {
  assertKnownKeys(limits, Object.keys(bounds))
  for (const [name, most] of Object.entries(bounds)) {
    const value = limits[name as keyof DataKeyCacheLimits] // its own names
    if (Number.isInteger(value) && value >= 1 && value <= most) continue
    throw new SignerError('INVALID_OPTION', {
      option: `dataKeyCache.${name}`,
      reason: `it is not a whole number from 1 to ${most}`,
    })
  }
}
