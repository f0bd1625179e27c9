/** What the role calls of one transaction share: signatures, sequence numbers and leases. @module */

import { equalBytes } from '../crypto/bytes.ts'
import type { NodeConnection } from '../flow/http.ts'
import type { AccountDirectory } from './account-directory.ts'
import type { BoundAccount, BoundKey } from './bound-account.ts'
import type { Engine } from './engine.ts'
import { createSignOnce, type SignOnce } from './sign-once.ts'
import { createTransactionLeases, type TransactionLeases } from './transaction-leases.ts'
import type { KeySlot } from './voucher.ts'

type SequenceNumber = { readonly sequenceNumber: number; readonly changed: boolean }

/** The state of one transaction. */
export type TransactionContext = {
  readonly signOnce: SignOnce
  /** The accounts as the first role call saw them: all roles of one transaction see the same keys. */
  readonly accounts: Map<string, BoundAccount>
  /** Reads the sequence number of a key once for the transaction. */
  readonly sequenceNumber: (
    node: NodeConnection,
    key: BoundKey,
    signal: AbortSignal | undefined,
  ) => Promise<SequenceNumber>
  /** Remembers that FCL was told of this key: we sign with such keys, and with no others. */
  readonly noteTold: (key: BoundKey) => void
  /** The key, when FCL was told of it. */
  readonly keyOf: (slot: KeySlot) => BoundKey | undefined
  readonly leases: TransactionLeases
  /** Whether the payload is the first that was asked about, or the same: a lease signs but one. */
  readonly isOnlyPayload: (payload: Uint8Array) => boolean
  /** Runs a step once for the transaction; later callers wait for the same run. */
  readonly once: (step: string, run: () => Promise<void>) => Promise<void>
  /** Remembers that a transaction with this proposal key was signed. */
  readonly noteSigned: AccountDirectory['noteSigned']
}

const contexts = new WeakMap<Engine, WeakMap<object, TransactionContext>>()

/**
 * @param interaction - FCL's object for the transaction: the same in all role calls of one
 * transaction, another for each transaction. Without it nothing is shared.
 */
export function transactionContext(
  engine: Engine,
  interaction: object | undefined,
): TransactionContext {
  if (interaction === undefined) return createContext(engine)
  const ofEngine = contexts.get(engine) ?? new WeakMap<object, TransactionContext>()
  contexts.set(engine, ofEngine)
  const context = ofEngine.get(interaction) ?? createContext(engine)
  ofEngine.set(interaction, context)
  return context
}

const nameOf = ({ address, keyIndex }: KeySlot) => `${address} ${keyIndex}`

function createContext(engine: Engine): TransactionContext {
  const numbers = new Map<string, Promise<SequenceNumber>>()
  const steps = new Map<string, Promise<void>>()
  const told = new Map<string, BoundKey>()
  let only: Uint8Array | undefined
  return {
    leases: createTransactionLeases(),
    noteTold: (key) => void told.set(nameOf(key), key),
    keyOf: (slot) => told.get(nameOf(slot)),
    isOnlyPayload(payload) {
      only ??= payload
      return equalBytes(only, payload)
    },
    once(step, run) {
      const running = steps.get(step) ?? run()
      steps.set(step, running)
      return running
    },
    signOnce: createSignOnce(engine),
    accounts: new Map(),
    noteSigned: engine.directory.noteSigned,
    sequenceNumber(node, key, signal) {
      const name = nameOf(key)
      const existing = numbers.get(name)
      if (existing !== undefined) return existing
      const reading = engine.directory.readSequenceNumber(node, key, signal)
      numbers.set(name, reading)
      return reading
    },
  }
}
