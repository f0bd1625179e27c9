/** The rows of one account in one store, as far as a rotation has taken them. @module */

import { randomUUID } from 'node:crypto'
import {
  drainReason,
  heldReason,
  rotatedReason,
  rotationHoldOf,
} from '../../stores/rotation-hold.ts'
import type { LeaseFact, ProposalKeyRow, ProposalKeyStore } from '../../stores/store.ts'

/** A proposal key and its sequence number on chain. */
export type DrainKey = { readonly keyIndex: number; readonly sequenceNumber: bigint }

/** Rows that a rotation takes and gives back. Each method rejects with what the store rejects with. */
export type HeldRows = {
  /** Adds those that the store does not know. */
  readonly enroll: (keys: readonly DrainKey[]) => Promise<void>
  /** Takes all that is free. */
  readonly lease: () => Promise<void>
  /** Asks the others to begin nothing. @returns Whether a row says so. */
  readonly flag: (forMs: number) => Promise<boolean>
  /** Keeps what is leased. */
  readonly extend: () => Promise<void>
  /** Rows that somebody may use: neither quarantined nor leased by us, for certain, at this moment. */
  readonly others: () => Promise<readonly ProposalKeyRow[]>
  /** What is leased is held for good, whatever becomes of this process. */
  readonly makeDurable: () => Promise<void>
  /** Those of these keys that are free or leased by us are not used again. */
  readonly retire: (keyIndexes: ReadonlySet<number>) => Promise<void>
  /** Gives these back at these numbers; without a list all, at the numbers that they have. */
  readonly giveBack: (keys?: readonly DrainKey[]) => Promise<void>
  /** Gives back what is leased, with the numbers that they have. */
  readonly letGo: () => Promise<void>
}

/** Rows in one step of the store. */
const MAX_STEP = 500
/** As a pool says it of a row that it does not know: one that finds it a copy later uses it. */
const NO_COPY = 'it is no copy of a key that signs'

/**
 * @param id - Of the rotation.
 * @param flagKey - A key that no pool uses yet, for the row that asks the others to begin nothing.
 */
export function createHeldRows(options: {
  readonly store: ProposalKeyStore
  readonly address: string
  readonly id: string
  readonly leaseMs: number
  readonly flagKey: DrainKey | undefined
}): HeldRows {
  const { store, address, id, leaseMs, flagKey } = options
  type Entry = { readonly fact: LeaseFact; readonly holder: string; until: number }
  const leased = new Map<number, Entry>()
  const newHolder = () => `rotation:${id}:${randomUUID()}`
  let holder = newHolder()
  const isOurs = (row: ProposalKeyRow) => rotationHoldOf(row)?.id === id

  async function lease(): Promise<void> {
    for (;;) {
      const askedAt = performance.now()
      try {
        const request = { address, count: MAX_STEP, holder, leaseMs }
        const facts = await store.leaseKeys(request)
        const until = askedAt + leaseMs
        for (const fact of facts) leased.set(fact.keyIndex, { fact, holder, until })
        if (facts.length < MAX_STEP) return
      } catch (thrown) {
        // What the store may have given is not known: under this name it would be kept for ever.
        holder = newHolder()
        throw thrown
      }
    }
  }

  /** @returns How many were still ours; the others are left to whom they belong. */
  async function settle(
    entries: readonly Entry[],
    change: (fact: LeaseFact) => { nextSequenceNumber: bigint; quarantine?: string },
  ): Promise<number> {
    let count = 0
    for (let start = 0; start < entries.length; start += MAX_STEP) {
      const step = entries.slice(start, start + MAX_STEP).map(({ fact }) => fact)
      const answers = await store.settleLeases(
        step.map(({ sequenceNumber, ...lease }) => ({
          ...lease,
          ...change({ ...lease, sequenceNumber }),
        })),
      )
      count += answers.filter((kept) => kept).length
      for (const { keyIndex } of step) leased.delete(keyIndex)
    }
    return count
  }

  const quarantine = (entries: readonly Entry[], reason: string) =>
    settle(entries, ({ sequenceNumber }) => ({
      nextSequenceNumber: sequenceNumber,
      quarantine: reason,
    }))

  const only = (keyIndexes: ReadonlySet<number>) =>
    [...leased.values()].filter(({ fact }) => keyIndexes.has(fact.keyIndex))

  /** Another process may have met the row and put it away, or an earlier try of ours has. */
  async function offerFlag(key: DrainKey): Promise<void> {
    await store.enrollKeys(address, [key])
    const row = (await store.listKeys(address)).find(({ keyIndex }) => keyIndex === key.keyIndex)
    const isOfAnother = row !== undefined && rotationHoldOf(row) !== undefined && !isOurs(row)
    if (row?.state === 'quarantined' && !isOfAnother)
      await store.restoreKey(address, key.keyIndex, key.sequenceNumber)
  }

  /** No pool can use the key before the swap: the row is put away as it would do itself. */
  async function putFlagAway({ keyIndex }: DrainKey): Promise<void> {
    const row = (await store.listKeys(address)).find((one) => one.keyIndex === keyIndex)
    if (row === undefined || !isOurs(row)) return
    await store.restoreKey(address, keyIndex, row.sequenceNumber)
    await lease()
    await quarantine(only(new Set([keyIndex])), NO_COPY)
  }

  return {
    enroll: (keys) => store.enrollKeys(address, keys),
    lease,
    async flag(forMs) {
      if (flagKey !== undefined && !leased.has(flagKey.keyIndex)) await offerFlag(flagKey)
      await lease()
      const [first] = leased.values()
      const entry = (flagKey && leased.get(flagKey.keyIndex)) ?? first
      if (entry === undefined) return false
      return (await quarantine([entry], drainReason(id, randomUUID(), forMs))) > 0
    },
    async extend() {
      const name = holder
      const askedAt = performance.now()
      if (leased.size > 0) await store.extend(name, leaseMs)
      for (const entry of leased.values())
        if (entry.holder === name) entry.until = Math.max(entry.until, askedAt + leaseMs)
    },
    async others() {
      const rows = await store.listKeys(address)
      const now = performance.now() // after the answer: what has lapsed meanwhile may be another's
      return rows.filter((row) => {
        if (row.state === 'quarantined') return false
        const entry = leased.get(row.keyIndex)
        const isHeld = row.state === 'leased' && entry?.fact.fence === row.fence
        return !(isHeld && now < entry.until)
      })
    },
    async makeDurable() {
      await quarantine([...leased.values()], heldReason(id))
    },
    async retire(keyIndexes) {
      await lease()
      await quarantine(only(keyIndexes), rotatedReason(id))
    },
    async giveBack(keys) {
      if (keys === undefined && flagKey !== undefined) await putFlagAway(flagKey)
      const numbers = new Map(keys?.map((key) => [key.keyIndex, key.sequenceNumber]))
      const isMeant = (keyIndex: number) => keys === undefined || numbers.has(keyIndex)
      for (const row of await store.listKeys(address))
        if (isOurs(row) && isMeant(row.keyIndex))
          await store.restoreKey(
            address,
            row.keyIndex,
            numbers.get(row.keyIndex) ?? row.sequenceNumber,
          )
      await settle(
        [...leased.values()].filter(({ fact }) => isMeant(fact.keyIndex)),
        ({ keyIndex, sequenceNumber }) => ({
          nextSequenceNumber: numbers.get(keyIndex) ?? sequenceNumber,
        }),
      )
    },
    async letGo() {
      await settle([...leased.values()], ({ sequenceNumber }) => ({
        nextSequenceNumber: sequenceNumber,
      }))
    },
  }
}
