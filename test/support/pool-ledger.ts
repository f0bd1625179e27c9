/** Who was lent which key and number, what was signed with it, and what of that must never be. @module */

import { bytesToHex } from '../../src/crypto/hex.ts'
import { type Transaction, transactionId } from '../../src/crypto/transaction.ts'
import type { OpenPool } from './pool-world.ts'
import { expiry, numberOf } from './pool-world.ts'
import type { SimulatedNode } from './simulated-node.ts'

type Slot = { readonly keyIndex: number; readonly sequenceNumber: bigint }

/** Records a run as the callers of its pools see it. */
export type PoolLedger = {
  /** @param asked - When the caller came, by `performance.now()`. */
  readonly lent: (slot: Slot, asked: number) => void
  /** It was signed, refused or given back. */
  readonly ended: (slot: Slot) => void
  /** All of its signatures have left the pool, whether it is sent or not. */
  readonly signed: (transaction: Transaction) => void
  /** Somebody else uses the keys: the chain may refuse a number. */
  readonly disturbed: () => void
  /** Leases end before their time: one key may be lent to two, of whom one cannot sign. */
  readonly hastened: () => void
  readonly numberOf: (keyIndex: number) => bigint
  readonly wrong: () => readonly string[]
  readonly wrongCounts: (pool: OpenPool) => readonly string[]
}

/** Clocks and timers are not exact to the millisecond. */
const SLACK_MS = 10

export function createPoolLedger(node: SimulatedNode, leaseMs: number): PoolLedger {
  const { chain } = node
  const wrong: string[] = []
  const open = new Map<string, { readonly slot: Slot; readonly asked: number }[]>()
  const signed: { readonly id: string; readonly transaction: Transaction }[] = []
  let disturbed = false
  let hastened = false
  const onChain = (keyIndex: number) => numberOf(node, keyIndex)

  /** As the chain has it now; blocks only come, so that one that cannot execute never will. */
  function couldExecute(id: string, { referenceBlockId, proposalKey }: Transaction): boolean {
    const reference = chain.blockById(bytesToHex(referenceBlockId))
    const { final } = chain.heights()
    return (
      reference !== undefined &&
      chain.find(id) === undefined &&
      final <= reference.height + expiry &&
      onChain(proposalKey.keyIndex) <= proposalKey.sequenceNumber
    )
  }

  const refusedNumbers = () =>
    signed.flatMap(({ id }) => {
      const message = chain.find(id)?.errorMessage ?? ''
      return message.includes('1007') ? [`${id} was refused: ${message}`] : []
    })

  return {
    lent(slot, asked) {
      const name = String(slot.keyIndex)
      const entries = open.get(name) ?? []
      const now = performance.now()
      // Its time in the store began after its caller came.
      for (const one of entries)
        if (!hastened && now < one.asked + leaseMs - SLACK_MS)
          wrong.push(`key ${name} was lent while it was lent with ${one.slot.sequenceNumber}`)
      open.set(name, [...entries, { slot, asked }])
    },
    ended(slot) {
      const name = String(slot.keyIndex)
      open.set(
        name,
        (open.get(name) ?? []).filter((one) => one.slot !== slot),
      )
    },
    signed(transaction) {
      const id = transactionId(transaction)
      const { keyIndex, sequenceNumber } = transaction.proposalKey
      for (const other of signed) {
        const slot = other.transaction.proposalKey
        if (slot.keyIndex !== keyIndex || slot.sequenceNumber !== sequenceNumber) continue
        if (couldExecute(other.id, other.transaction))
          wrong.push(`key ${keyIndex}, ${sequenceNumber}: signed for two that can execute`)
      }
      signed.push({ id, transaction })
    },
    disturbed() {
      disturbed = true
    },
    hastened() {
      hastened = true
    },
    numberOf: onChain,
    wrong: () => [...wrong, ...(disturbed ? [] : refusedNumbers())],
    wrongCounts(pool) {
      const stats = pool.stats()
      const { executed, refused, expired, moved, lost, abandoned, leased, inFlight } = stats
      const ended = executed + refused + expired + moved + lost + abandoned + leased + inFlight
      const begun = stats.leases + stats.adopted
      return ended <= begun ? [] : [`${begun} leases and flights began, ${ended} are counted`]
    },
  }
}
