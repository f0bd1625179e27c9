/** The transactions that change the keys of an account in a rotation, unsigned. @module */

import { curves, hashCodes } from '../../crypto/algorithms.ts'
import type { TransactionPayload } from '../../crypto/transaction.ts'
import { MAX_COMPUTE_LIMIT } from '../accounts/transaction.ts'
import { rotationTransactions } from './key-changes-cadence.ts'
import type { RotationKey } from './types.ts'

/** What each of them has. The account is proposer, payer and the only authorizer. */
export type KeyChange = {
  /** 32 bytes. */
  readonly referenceBlockId: Uint8Array
  /** 1 to 9,999. Default about twice what the emulator measured. */
  readonly computeLimit?: number | undefined
  /** Of the account whose keys change. */
  readonly proposalKey: TransactionPayload['proposalKey']
}

/** A key of the account, named twice: an index is what a node told. */
type NamedKey = { readonly keyIndex: number; readonly publicKey: string }

/** Keys of weight 0. */
export type AddKeys = KeyChange & {
  readonly key: RotationKey
  /** How often: 0 to 250. With 0 the transaction proves its proposer, no more. */
  readonly count: number
  /** The index of the first: how many keys the account has, revoked ones too. */
  readonly firstIndex: number
}

/** The new key in the place of the old. */
export type Swap = KeyChange & {
  readonly old: NamedKey & {
    /** The new key gets the same. */
    readonly weight: number
  }
  readonly newKey: RotationKey
  /** Of the new key: how many keys the account has, revoked ones too. */
  readonly firstIndex: number
  /** Indexes of weight 0 with the old public key, revoked with it: up to `MAX_REVOKES` − 1. */
  readonly copies: readonly number[]
}

/** Keys that go while others stay. */
export type RevokeKeys = KeyChange & {
  /** Of all of them: 128 lower-case hexadecimal digits. */
  readonly publicKey: string
  /** 1 to `MAX_REVOKES`. */
  readonly indexes: readonly number[]
  /** Keys that stay and weigh 1,000 together. */
  readonly keepers: readonly number[]
}

/** The weight of a revoked key for a new one. */
export type RestoreKey = KeyChange & {
  readonly newKey: RotationKey
  readonly revoked: NamedKey & { readonly weight: number }
  /** Of the new key: how many keys the account has, revoked ones too. */
  readonly firstIndex: number
}

/** @returns `rotation-add-keys.cdc` with its arguments. */
export function addKeysTransaction(change: AddKeys): TransactionPayload {
  const { key, count, firstIndex } = change
  return payloadOf(change, 'rotation-add-keys', addKeysComputeLimit(count), [
    ...newKeyArguments(key),
    int(count),
    int(firstIndex),
  ])
}

/** @returns `rotate-key.cdc` with its arguments. */
export function swapTransaction(change: Swap): TransactionPayload {
  const { old, newKey, firstIndex, copies } = change
  return payloadOf(change, 'rotate-key', revokeKeysComputeLimit(copies.length + 1), [
    int(old.keyIndex),
    text(old.publicKey),
    ufix64(old.weight),
    ...newKeyArguments(newKey),
    int(firstIndex),
    ints(copies),
  ])
}

/** @returns `revoke-keys.cdc` with its arguments. */
export function revokeKeysTransaction(change: RevokeKeys): TransactionPayload {
  const { publicKey, indexes, keepers } = change
  const looked = indexes.length + keepers.length
  return payloadOf(change, 'revoke-keys', revokeKeysComputeLimit(looked), [
    text(publicKey),
    ints(indexes),
    ints(keepers),
  ])
}

/** @returns `restore-key.cdc` with its arguments. */
export function restoreKeyTransaction(change: RestoreKey): TransactionPayload {
  const { newKey, revoked, firstIndex } = change
  return payloadOf(change, 'restore-key', revokeKeysComputeLimit(1), [
    ...newKeyArguments(newKey),
    ufix64(revoked.weight),
    int(firstIndex),
    int(revoked.keyIndex),
    text(revoked.publicKey),
  ])
}

/**
 * @returns The default for a transaction that adds this many keys. The emulator measured 35 for none,
 * 45 for one, 993 for 100, 2,428 for 250: at least twice that, and no more, since a payer must own the
 * fee for the limit.
 */
export function addKeysComputeLimit(count: number): number {
  return Math.min(100 + 20 * count, MAX_COMPUTE_LIMIT)
}

/**
 * @returns The default for a transaction that looks at this many keys and revokes them. The emulator
 * measured, for 1, 100 and 250: 56, 1,300 and 3,183 with a new key in the place of the first; 43,
 * 1,278 and 3,149 without.
 */
export function revokeKeysComputeLimit(count: number): number {
  return Math.min(150 + 25 * count, MAX_COMPUTE_LIMIT)
}

type Value = { readonly type: string; readonly value: string | readonly Value[] }

const int = (value: number): Value => ({ type: 'Int', value: String(value) })
const text = (value: string): Value => ({ type: 'String', value })
const uint8 = (value: number): Value => ({ type: 'UInt8', value: String(value) })
const ufix64 = (value: number): Value => ({ type: 'UFix64', value: `${value}.0` })
const ints = (values: readonly number[]): Value => ({ type: 'Array', value: values.map(int) })

const newKeyArguments = ({ publicKey, signatureAlgorithm, hashAlgorithm }: RotationKey) => [
  text(publicKey),
  uint8(curves[signatureAlgorithm].cadenceRawValue),
  uint8(hashCodes[hashAlgorithm]),
]

function payloadOf(
  { referenceBlockId, computeLimit, proposalKey }: KeyChange,
  name: keyof typeof rotationTransactions,
  defaultLimit: number,
  values: readonly Value[],
): TransactionPayload {
  return {
    cadence: rotationTransactions[name],
    arguments: values.map((value) => JSON.stringify(value)),
    referenceBlockId,
    computeLimit: computeLimit ?? defaultLimit,
    proposalKey,
    payer: proposalKey.address,
    authorizers: [proposalKey.address],
  }
}
