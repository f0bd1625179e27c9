/**
 * A chain in memory with one account: blocks, sequence numbers and expiry as Flow has them. It runs
 * no Cadence and checks no signature, so it is as fast as it is told to be. @module
 */

import { createHash } from 'node:crypto'
import { bytesToHex } from '../../src/crypto/hex.ts'
import { type Transaction, transactionId } from '../../src/crypto/transaction.ts'

/** How the chain goes. */
export type ChainSettings = {
  /** Blocks from finalized to executed, and from finalized to sealed. */
  readonly executionDelayBlocks: number
  readonly sealDelayBlocks: number
  /** Blocks after its reference block until which a transaction may be taken. */
  readonly expiry: number
  /** Empty, or the message of a failure: a failed transaction has spent its sequence number. */
  readonly execute: (transaction: Transaction) => string
}

/** A transaction in a block. */
export type Included = {
  readonly id: string
  readonly transaction: Transaction
  readonly height: number
  readonly errorMessage: string
}

export type SimulatedBlock = {
  readonly id: string
  readonly parentId: string
  readonly height: number
  readonly timestamp: Date
  readonly included: readonly Included[]
}

/** The chain. Heights begin with 1. */
export type SimulatedChain = {
  /** `final`, executed and `sealed` heights. */
  readonly heights: () => {
    readonly final: number
    readonly executed: number
    readonly sealed: number
  }
  readonly block: (height: number) => SimulatedBlock | undefined
  readonly blockById: (id: string) => SimulatedBlock | undefined
  readonly find: (transactionId: string) => Included | undefined
  /** After the block of this height. */
  readonly sequenceNumber: (keyIndex: number, height: number) => number
  /** @returns Why it is not taken; empty when it is, also when it was before. */
  readonly take: (transaction: Transaction) => string
  /** Makes blocks. `withhold`: nothing that was taken goes into them. */
  readonly mine: (options?: { readonly count?: number; readonly withhold?: boolean }) => void
  /** Puts transactions into the next block before those that were taken. */
  readonly intrude: (transaction: Transaction) => void
  /** What was taken and is in no block yet. */
  readonly pending: () => readonly Transaction[]
  /** Transactions that were taken while another of their key and number could still execute. */
  readonly conflicts: readonly string[]
}

export function createSimulatedChain(settings: ChainSettings): SimulatedChain {
  const blocks: SimulatedBlock[] = []
  const byId = new Map<string, SimulatedBlock>()
  const found = new Map<string, Included>()
  const taken = new Map<string, Transaction>()
  let intruders: Transaction[] = []
  let pending = new Map<string, Transaction>()
  /** By key index, the height of each use: the sequence number is how many there are. */
  const uses = new Map<number, number[]>()
  const conflicts: string[] = []

  const next = (keyIndex: number) => BigInt(uses.get(keyIndex)?.length ?? 0)
  const referenceHeight = ({ referenceBlockId }: Transaction) =>
    byId.get(bytesToHex(referenceBlockId))?.height

  function isOver(transaction: Transaction): boolean {
    const height = referenceHeight(transaction)
    return height === undefined || blocks.length > height + settings.expiry
  }

  function execute(id: string, transaction: Transaction, height: number): Included {
    const { keyIndex, sequenceNumber } = transaction.proposalKey
    const expected = next(keyIndex)
    const included = { id, transaction, height }
    if (sequenceNumber !== expected)
      return { ...included, errorMessage: `[Error Code: 1007] the key has number ${expected}` }
    uses.set(keyIndex, [...(uses.get(keyIndex) ?? []), height])
    return { ...included, errorMessage: settings.execute(transaction) }
  }

  function mineOne(withhold: boolean): void {
    const height = blocks.length + 1
    const parentId = blocks.at(-1)?.id ?? '0'.repeat(64)
    const id = createHash('sha256').update(`${parentId} ${Math.random()}`).digest('hex')
    const ready = new Map(intruders.map((one) => [transactionId(one), one]))
    if (!withhold)
      for (const [key, one] of pending) if (!isOver(one) && !found.has(key)) ready.set(key, one)
    if (!withhold) pending = new Map()
    intruders = []
    const included = [...ready].map(([key, one]) => execute(key, one, height))
    for (const one of included) found.set(one.id, one)
    const block = { id, parentId, height, timestamp: new Date(), included }
    blocks.push(block)
    byId.set(id, block)
  }

  const couldExecute = (id: string, transaction: Transaction) =>
    !found.has(id) &&
    !isOver(transaction) &&
    next(transaction.proposalKey.keyIndex) <= transaction.proposalKey.sequenceNumber

  function noteConflicts(id: string, transaction: Transaction): void {
    const slot = slotOf(transaction)
    for (const [other, one] of taken)
      if (other !== id && slotOf(one) === slot && couldExecute(other, one))
        conflicts.push(`${id} was sent while ${other} could execute`)
  }

  mineOne(false)
  return {
    heights: () => {
      const before = (delay: number) => Math.max(1, blocks.length - delay)
      return {
        final: blocks.length,
        executed: before(settings.executionDelayBlocks),
        sealed: before(settings.sealDelayBlocks),
      }
    },
    block: (height) => blocks[height - 1],
    blockById: (id) => byId.get(id),
    find: (id) => found.get(id),
    sequenceNumber: (keyIndex, height) =>
      (uses.get(keyIndex) ?? []).filter((used) => used <= height).length,
    take(transaction) {
      const id = transactionId(transaction)
      if (taken.has(id)) return ''
      const height = referenceHeight(transaction)
      if (height === undefined) return `${refused}unknown reference block`
      if (isOver(transaction))
        return `${refused}transaction is expired: ref_height=${height} final_height=${blocks.length}`
      noteConflicts(id, transaction)
      taken.set(id, transaction)
      pending.set(id, transaction)
      return ''
    },
    mine({ count = 1, withhold = false } = {}) {
      for (let made = 0; made < count; made++) mineOne(withhold)
    },
    intrude: (transaction) => void intruders.push(transaction),
    pending: () => [...pending.values()],
    conflicts,
  }
}

/** What an access node says before the sentence of its validator. */
const refused = 'Invalid Flow argument: invalid transaction: '

const slotOf = ({ proposalKey }: Transaction) =>
  `${proposalKey.keyIndex} ${proposalKey.sequenceNumber}`
