/** The copies of an account as they were read last, and those whose number is in doubt. @module */

import type { Engine } from '../authorizer/engine.ts'
import { isSignerError, type SignerError } from '../errors.ts'
import type { NodeConnection } from '../flow/http.ts'
import { rotationHoldOf } from '../stores/rotation-hold.ts'
import type { ProposalKeyRow, ProposalKeyStore } from '../stores/store.ts'
import { type FoundCopies, findCopies } from './copies.ts'
import type { PoolReport } from './report.ts'
import { createRotationWatch } from './rotation-watch.ts'

/** What a pool knows of its keys. */
export type KnownKeys = {
  readonly size: () => number
  /** As last read. */
  readonly has: (keyIndex: number) => boolean
  /** Whether the number on chain may not be the one in the store. */
  readonly isSuspect: (keyIndex: number) => boolean
  readonly trust: (keyIndex: number) => void
  readonly suspectAll: () => void
  /**
   * Reads the account: new copies are enrolled, and those that were quarantined are brought back, for
   * the chain has them. While a rotation has the keys nothing is changed in the store.
   *
   * @returns How many copies there are.
   */
  readonly refresh: () => Promise<number>
  /** Reads the account. @returns Whether it does not have the key, or not as a copy. */
  readonly lacks: (keyIndex: number) => Promise<boolean>
  /** Whether a rotation has the keys, as far as is known. */
  readonly isHeld: () => boolean
  /**
   * Reads the rows, and the account where they tell that it may have changed.
   *
   * @returns `held`: by a rotation. `left`: a key is or will be free. `none`: no key ever will.
   */
  readonly look: () => Promise<'held' | 'left' | 'none'>
  /** Whether a rotation can change who signs and leave the copies as they are. */
  readonly signsWithSeveral: () => boolean
  /** By `performance.now()`: when the keys were found to be others than before. */
  readonly since: () => number | undefined
  /** `KEY_ROTATED`, while that is what reading the account comes to: no key is ours any more. */
  readonly rotated: () => SignerError | undefined
}

/** So often the node must not know a key, and then the account not have it: a node may lag behind. */
export const MAX_UNKNOWN = 6

const nothing: FoundCopies = { copies: [], signing: [], revoked: new Set() }
const indexesOf = (keys: readonly { readonly keyIndex: number }[]) =>
  keys.map(({ keyIndex }) => keyIndex).join()

export function createKnownKeys(options: {
  readonly engine: Engine
  readonly node: () => Promise<NodeConnection>
  readonly store: ProposalKeyStore
  readonly address: string
  readonly report: (report: PoolReport) => void
  readonly signal: AbortSignal
}): KnownKeys {
  const { engine, node, store, address, report, signal } = options
  let known = nothing
  let copies: ReadonlySet<number> = new Set()
  let since: number | undefined
  let rotated: SignerError | undefined
  /** The rows when the account was read last: others tell that somebody has changed it. */
  let seenRows = ''
  const suspects = new Set<number>()
  const rotation = createRotationWatch((rotationId) => report({ kind: 'rotating', rotationId }))

  async function read(): Promise<FoundCopies> {
    const askedAt = performance.now()
    try {
      const found = await findCopies(engine, await node(), address, signal)
      rotated = undefined
      const isOther =
        indexesOf(known.copies) !== indexesOf(found.copies) ||
        known.signing.join() !== found.signing.join()
      if (known !== nothing && isOther) since = askedAt
      return found
    } catch (thrown) {
      if (isSignerError(thrown, 'KEY_ROTATED')) {
        if (rotated === undefined) report({ kind: 'rotated' })
        rotated = thrown
      }
      throw thrown
    }
  }

  /** Nothing is enrolled or brought back that could be used while the keys are swapped. */
  async function enroll(found: FoundCopies): Promise<readonly ProposalKeyRow[]> {
    const before = await store.listKeys(address)
    rotation.note(before, found)
    const there = new Set(before.map(({ keyIndex }) => keyIndex))
    const missing = found.copies.filter(({ keyIndex }) => !there.has(keyIndex))
    if (rotation.isHeld() || missing.length === 0) return before
    await store.enrollKeys(address, missing)
    return store.listKeys(address)
  }

  async function refresh(): Promise<number> {
    const found = await read()
    const list = await enroll(found)
    const rows = new Map(list.map((row) => [row.keyIndex, row]))
    for (const { keyIndex, sequenceNumber } of found.copies) {
      const row = rows.get(keyIndex)
      const isLeft = rotation.isHeld() || (row !== undefined && rotationHoldOf(row) !== undefined)
      if (row?.state === 'quarantined' && !isLeft) {
        await store.restoreKey(address, keyIndex, sequenceNumber)
        suspects.add(keyIndex)
      } else if (row?.state !== 'in-flight' && row?.sequenceNumber !== sequenceNumber)
        suspects.add(keyIndex)
    }
    known = found
    copies = new Set(found.copies.map(({ keyIndex }) => keyIndex))
    seenRows = indexesOf(list)
    return copies.size
  }

  return {
    size: () => copies.size,
    has: (keyIndex) => copies.has(keyIndex),
    isSuspect: (keyIndex) => suspects.has(keyIndex),
    trust: (keyIndex) => void suspects.delete(keyIndex),
    suspectAll() {
      for (const keyIndex of copies) suspects.add(keyIndex)
    },
    refresh,
    async lacks(keyIndex) {
      try {
        await refresh()
        return !copies.has(keyIndex)
      } catch (thrown) {
        if (isSignerError(thrown, 'NO_PROPOSAL_KEYS')) return true
        throw thrown
      }
    },
    isHeld: rotation.isHeld,
    async look() {
      const wasHeld = rotation.isHeld()
      const rows = await store.listKeys(address)
      rotation.note(rows, known)
      const isOver = wasHeld && !rotation.isHeld()
      const mayHaveChanged = isOver || indexesOf(rows) !== seenRows || rotation.isHeldForGood()
      if (mayHaveChanged) await refresh()
      if (rotation.isHeld()) return 'held'
      return mayHaveChanged || rows.some(({ state }) => state !== 'quarantined') ? 'left' : 'none'
    },
    signsWithSeveral: () => known.signing.length > 1,
    since: () => since,
    rotated: () => rotated,
  }
}
