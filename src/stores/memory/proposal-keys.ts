/** The proposal keys of the memory store. @module */

import { plainText } from '../checks.ts'
import type { LeaseFact, ProposalKeyRow, ProposalKeyStore } from '../store.ts'
import { type Key, type MemoryState, now } from './state.ts'

/** See `ProposalKeyStore` for what each method promises. */
export function createMemoryProposalKeys(state: MemoryState): ProposalKeyStore {
  const { account, accounts, next } = state
  const byIndex = (address: string) =>
    [...account(address).keys.values()].sort((one, other) => one.keyIndex - other.keyIndex)
  const held = (fact: Pick<LeaseFact, 'address' | 'keyIndex' | 'fence'>) => {
    const key = account(fact.address).keys.get(fact.keyIndex)
    return key?.fence === fact.fence ? key : undefined
  }

  return {
    enrollKeys: async (address, keys) => {
      const { keys: known } = account(address)
      for (const { keyIndex, sequenceNumber } of keys)
        if (!known.has(keyIndex)) known.set(keyIndex, enrolled(address, keyIndex, sequenceNumber))
    },
    listKeys: async (address) => byIndex(address).map(rowOf),
    leaseKeys: async ({ address, count, holder, leaseMs }) => {
      const moment = now()
      const picked = byIndex(address)
        .filter(
          (key) => key.state === 'free' || (key.state === 'leased' && key.leaseUntil <= moment),
        )
        .sort((one, other) => one.usedAt - other.usedAt)
        .slice(0, count)
      for (const key of picked) {
        const usedAt = next()
        const leaseUntil = moment + leaseMs
        const fence = key.fence + 1
        Object.assign(key, { state: 'leased', fence, holder, leaseUntil, usedAt } satisfies Change)
      }
      return picked.map(({ keyIndex, sequenceNumber, fence }) => ({
        address,
        keyIndex,
        sequenceNumber,
        fence,
      }))
    },
    commitLeases: async (commits) =>
      commits.map(({ transactionId, referenceBlockId, leaseMs, ...lease }) => {
        const key = held(lease)
        if (key?.state !== 'leased' || key.leaseUntil <= now()) return false
        if (key.sequenceNumber !== lease.sequenceNumber) return false
        fly(key, transactionId, referenceBlockId, leaseMs)
        return true
      }),
    settleLeases: async (settlements) =>
      settlements.map(({ nextSequenceNumber, quarantine, ...lease }) => {
        const key = held(lease)
        if (key?.state !== 'leased' && key?.state !== 'in-flight') return false
        settleKey(key, next(), nextSequenceNumber, quarantine)
        return true
      }),
    extend: async (holder, leaseMs) => {
      const until = now() + leaseMs
      for (const { keys, claimed, open } of accounts.values()) {
        for (const row of [...keys.values(), ...open])
          if (row.holder === holder) row.leaseUntil = until
        for (const job of claimed) if (job.holder === holder) job.until = until
      }
    },
    adoptKeys: async ({ address, holder, leaseMs }) => {
      const moment = now()
      const { open } = account(address)
      const ofRelay = (key: Key) =>
        [...open].some(
          (attempt) =>
            attempt.keyIndex === key.keyIndex &&
            (attempt.state === 'open' || attempt.transactionId === key.transactionId),
        )
      const lost = byIndex(address)
        .filter((key) => key.state === 'in-flight' && key.leaseUntil <= moment)
        .filter((key) => !ofRelay(key))
      for (const key of lost) adoptKey(key, key.fence + 1, holder, moment + leaseMs)
      return lost.map(rowOf)
    },
    restoreKey: async (address, keyIndex, sequenceNumber) => {
      const key = account(address).keys.get(keyIndex)
      if (key?.state !== 'quarantined') return false
      Object.assign(key, { state: 'free', sequenceNumber, ...landed } satisfies Change)
      return true
    },
  }
}

const enrolled = (address: string, keyIndex: number, sequenceNumber: bigint): Key => ({
  address,
  keyIndex,
  sequenceNumber,
  fence: 0,
  state: 'free',
  transactionId: null,
  referenceBlockId: null,
  reason: null,
  holder: '',
  leaseUntil: 0,
  usedAt: 0,
})

function rowOf(key: Key): ProposalKeyRow {
  const { holder: _, leaseUntil: __, usedAt: ___, ...row } = key
  return row
}

type Change = Partial<Key>

const landed = { transactionId: null, referenceBlockId: null, reason: null }

/** To `in-flight`. */
export function fly(
  key: Key,
  transactionId: string | null,
  referenceBlockId: string,
  leaseMs: number,
): void {
  const flight = { transactionId, referenceBlockId, leaseUntil: now() + leaseMs }
  Object.assign(key, { state: 'in-flight', ...flight } satisfies Change)
}

/** To `free` or `quarantined`; what was in flight stays readable for the operator of the latter. */
export function settleKey(
  key: Key,
  usedAt: number,
  sequenceNumber: bigint,
  quarantine: string | undefined,
): void {
  Object.assign(key, { sequenceNumber, usedAt, holder: '' } satisfies Change)
  if (quarantine === undefined) Object.assign(key, { state: 'free', ...landed } satisfies Change)
  else {
    const reason = plainText(quarantine)
    Object.assign(key, { state: 'quarantined', reason } satisfies Change)
  }
}

/** From a holder that is not heard of any more. */
export function adoptKey(key: Key, fence: number, holder: string, leaseUntil: number): void {
  Object.assign(key, { fence, holder, leaseUntil } satisfies Change)
}
