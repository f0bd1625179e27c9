/** Accounts whose keys were read and bound: once, and again when the chain says that a key changed. @module */

import type { Transaction } from '../crypto/transaction.ts'
import { abortable } from '../deadline.ts'
import { SignerError } from '../errors.ts'
import { readAccountKey } from '../flow/accounts.ts'
import type { NodeConnection } from '../flow/http.ts'
import type { Signer } from '../signers/signer.ts'
import { type BoundAccount, type BoundKey, bindAccount } from './bound-account.ts'

/** The accounts of one authorizer. */
export type AccountDirectory = {
  /**
   * The account as last read; `reread` reads it now, and `since` when it was read before that moment
   * of `performance.now()`.
   */
  readonly get: (
    node: NodeConnection,
    address: string,
    options: {
      readonly reread: boolean
      readonly since?: number | undefined
      readonly signal?: AbortSignal | undefined
    },
  ) => Promise<BoundAccount>
  /** Whether the account was read before, and so may have changed since. */
  readonly has: (node: NodeConnection, address: string) => boolean
  /**
   * Reads the sequence number of one key (299 bytes). `changed` when the chain hints that the keys
   * are no longer those read: the key is revoked, or a transaction was signed with this very
   * sequence number, so that it has not executed and may have been refused.
   */
  readonly readSequenceNumber: (
    node: NodeConnection,
    key: BoundKey,
    signal: AbortSignal | undefined,
  ) => Promise<{ readonly sequenceNumber: number; readonly changed: boolean }>
  /** Remembers the sequence number of a transaction that was signed. */
  readonly noteSigned: (node: NodeConnection, proposalKey: ProposalKey) => void
  readonly forget: (address: string) => void
}

type ProposalKey = Transaction['proposalKey']

/** Remembers at most this many accounts, and forgets the one that was read longest ago. */
const MAX_ACCOUNTS = 10_000
/** A signer that did not tell its public key is asked again after so many milliseconds. */
const AGAIN_MS = 10_000

/** @param signers - Those whose keys may be on the accounts. */
export function createAccountDirectory(signers: readonly Signer[]): AccountDirectory {
  type Entry = {
    readonly address: string
    readonly account: Promise<BoundAccount>
    /** When it was asked for, by `performance.now()`. */
    readonly askedAt: number
    settled: boolean
    /** When a signer did not tell its key: when to ask again, by `performance.now()`. */
    againAt: number
  }
  const entries = new Map<string, Entry>()
  const signed = new Map<string, bigint>()
  const nameOf = (node: NodeConnection, address: string) => `${node.url} ${address}`

  function read(node: NodeConnection, address: string): Entry {
    const name = nameOf(node, address)
    // Without a caller's signal: others may wait for the same reply. It is bounded in time.
    const entry: Entry = {
      address,
      account: bindAccount(node, address, signers),
      askedAt: performance.now(),
      settled: false,
      againAt: Infinity,
    }
    entries.delete(name)
    entries.set(name, entry)
    entry.account.then(
      ({ complete }) => {
        entry.settled = true
        if (!complete) entry.againAt = performance.now() + AGAIN_MS
      },
      () => entries.get(name) === entry && entries.delete(name),
    )
    trim(entries)
    return entry
  }

  /** Asks once more in the background; what is bound stays in use meanwhile. */
  function complete(entry: Entry, node: NodeConnection): void {
    entry.againAt = performance.now() + AGAIN_MS
    const { address } = entry
    const name = nameOf(node, address)
    const askedAt = performance.now()
    bindAccount(node, address, signers).then(
      (bound) => {
        if (!bound.complete || entries.get(name) !== entry) return
        const account = Promise.resolve(bound)
        entries.set(name, { ...entry, account, askedAt, againAt: Infinity })
      },
      () => undefined, // the next use asks again
    )
  }

  return {
    get(node, address, { reread, since = 0, signal }) {
      const existing = entries.get(nameOf(node, address))
      if (existing !== undefined && existing.againAt <= performance.now()) complete(existing, node)
      const usable =
        existing !== undefined && !(reread && existing.settled) && existing.askedAt >= since
      return abortable((usable ? existing : read(node, address)).account, signal)
    },
    has: (node, address) => entries.get(nameOf(node, address))?.settled ?? false,
    async readSequenceNumber(node, { address, keyIndex }, signal) {
      const key = await readAccountKey(node, address, keyIndex, { signal })
      const sequenceNumber = Number(key.sequenceNumber)
      if (!Number.isSafeInteger(sequenceNumber))
        throw new SignerError('ACCESS_NODE_REPLY_INVALID', {
          accessNode: node.url,
          reason: 'a sequence number that FCL cannot take',
        })
      const last = signed.get(`${nameOf(node, address)} ${keyIndex}`)
      const changed = key.revoked || last === key.sequenceNumber
      return { sequenceNumber, changed }
    },
    noteSigned(node, { address, keyIndex, sequenceNumber }) {
      const name = `${nameOf(node, address)} ${keyIndex}`
      signed.delete(name)
      signed.set(name, sequenceNumber)
      trim(signed)
    },
    forget(address) {
      for (const [name, entry] of entries) if (entry.address === address) entries.delete(name)
    },
  }
}

/** A map keeps the order of insertion: the first is the oldest. */
function trim(map: Map<string, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= MAX_ACCOUNTS) return
    map.delete(oldest)
  }
}
