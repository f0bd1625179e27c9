/** Which of the keys held sign: the fewest that reach the weight, or exactly those named. @module */

import { REQUIRED_WEIGHT } from '../crypto/account-key-rlp.ts'
import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import type { BoundAccount, BoundKey } from './bound-account.ts'
import type { ProposalKeySource } from './proposal-key-source.ts'
import type { Rotated } from './rotated.ts'

/** Options of `authorize`. */
export type AuthorizeOptions = {
  /** Sign with exactly these keys, in whatever role. They need not reach 1,000 if others sign too. */
  readonly keyIndexes?: number | readonly number[]
  /** The key whose sequence number is used. Default: the first that signs. */
  readonly proposalKeyIndex?: number
  /**
   * A pool to take the proposal key from: one lease for each transaction, shared by all roles of the
   * account, so that any number of transactions can be sent at once.
   */
  readonly proposalKeys?: ProposalKeySource
  /** Ends reading of keys and signing. */
  readonly signal?: AbortSignal
}

/** A checked choice of keys. */
export type Selection = {
  readonly keyIndexes?: readonly number[]
  readonly proposalKeyIndex?: number
  readonly proposalKeys?: ProposalKeySource
}

/**
 * @throws {SignerError} `INVALID_KEY_INDEX`, `INVALID_OPTION`.
 */
export function parseSelection(
  selection: number | readonly number[] | AuthorizeOptions | undefined,
): Selection & { readonly signal?: AbortSignal } {
  if (selection === undefined) return {}
  if (typeof selection === 'number' || Array.isArray(selection))
    return { keyIndexes: parseIndexes(selection) }
  // Neither a number nor an array, so it is the object; TypeScript does not narrow readonly arrays.
  const options = selection as AuthorizeOptions
  assertKnownKeys(options, ['keyIndexes', 'proposalKeyIndex', 'proposalKeys', 'signal'])
  const { keyIndexes, proposalKeyIndex, proposalKeys, signal } = options
  if (proposalKeyIndex !== undefined) assertKeyIndex(proposalKeyIndex)
  if (proposalKeyIndex !== undefined && proposalKeys !== undefined)
    throw new SignerError('INVALID_OPTION', {
      option: 'proposalKeyIndex',
      reason: 'the pool chooses the proposal key',
    })
  return {
    ...(keyIndexes === undefined ? {} : { keyIndexes: parseIndexes(keyIndexes) }),
    ...(proposalKeyIndex === undefined ? {} : { proposalKeyIndex }),
    ...(proposalKeys === undefined ? {} : { proposalKeys }),
    ...(signal === undefined ? {} : { signal }),
  }
}

function parseIndexes(given: number | readonly number[]): readonly number[] {
  const indexes: readonly number[] = typeof given === 'number' ? [given] : given
  if (!Array.isArray(indexes))
    throw new SignerError('INVALID_OPTION', {
      option: 'keyIndexes',
      reason: 'it is neither a number nor a list of numbers',
    })
  for (const index of indexes) assertKeyIndex(index)
  if (indexes.length === 0 || new Set(indexes).size !== indexes.length)
    throw new SignerError('INVALID_OPTION', {
      option: 'keyIndexes',
      reason: indexes.length === 0 ? 'it is empty' : 'an index is named twice',
    })
  return [...indexes]
}

function assertKeyIndex(index: number): void {
  if (!Number.isInteger(index) || index < 0 || index > 0xffff_ffff)
    throw new SignerError('INVALID_KEY_INDEX', { value: String(index).slice(0, 40) })
}

/**
 * The keys that sign as payer or authorizer.
 *
 * @returns The keys named, or the fewest that weigh 1,000 together: the heaviest first, then those
 * whose signature is shared with one already chosen, then the lowest index.
 * @throws {SignerError} `KEY_INDEX_UNKNOWN`, `KEY_REVOKED`, `KEY_NOT_HELD`; `WEIGHT_TOO_LOW` when
 * none is named and all together do not reach 1,000; `KEY_ROTATED` for either when that is why.
 */
export function chooseKeys(account: BoundAccount, selection: Selection): readonly BoundKey[] {
  const { keyIndexes } = selection
  if (keyIndexes !== undefined) return keyIndexes.map((index) => heldKey(account, index))
  const candidates = [...account.held.values()].filter(({ weight }) => weight > 0)
  const chosen: BoundKey[] = []
  let weight = 0
  while (weight < REQUIRED_WEIGHT) {
    const signsAlready = (key: BoundKey) =>
      chosen.some(({ publicKey }) => publicKey === key.publicKey)
    candidates.sort(
      (a, b) =>
        b.weight - a.weight ||
        Number(signsAlready(b)) - Number(signsAlready(a)) ||
        a.keyIndex - b.keyIndex,
    )
    const next = candidates.shift()
    if (next === undefined) throw weightTooLow(account, weight)
    chosen.push(next)
    weight += next.weight
  }
  return chosen
}

/**
 * The one key whose sequence number the transaction uses; any weight will do.
 *
 * @throws {SignerError} `KEY_INDEX_UNKNOWN`, `KEY_REVOKED`, `KEY_ROTATED`, `KEY_NOT_HELD`.
 */
export function chooseProposalKey(account: BoundAccount, selection: Selection): BoundKey {
  const { proposalKeyIndex, keyIndexes } = selection
  const named = proposalKeyIndex ?? keyIndexes?.[0]
  if (named !== undefined) return heldKey(account, named)
  const [heaviest] = [...account.held.values()].sort(
    (a, b) => b.weight - a.weight || a.keyIndex - b.keyIndex,
  )
  if (heaviest !== undefined) return heaviest
  // None of the keys held can sign: say so of a revoked one, or else of the first.
  const { keys, rotated } = account
  if (rotated !== undefined) throw keyRotated(account, rotated)
  return heldKey(account, (keys.find(({ revoked }) => revoked) ?? keys[0])?.index ?? 0)
}

function heldKey(account: BoundAccount, keyIndex: number): BoundKey {
  const { address } = account
  const held = account.held.get(keyIndex)
  if (held !== undefined) return held
  const key = account.keys.find(({ index }) => index === keyIndex)
  if (key === undefined) throw new SignerError('KEY_INDEX_UNKNOWN', { address, keyIndex })
  const { rotated } = account
  if (key.revoked && rotated?.publicKeys.has(key.publicKey)) throw keyRotated(account, rotated)
  throw new SignerError(key.revoked ? 'KEY_REVOKED' : 'KEY_NOT_HELD', { address, keyIndex })
}

const weightTooLow = (account: BoundAccount, weight: number): SignerError =>
  account.rotated === undefined
    ? new SignerError('WEIGHT_TOO_LOW', {
        address: account.address,
        weight,
        required: REQUIRED_WEIGHT,
      })
    : keyRotated(account, account.rotated)

function keyRotated({ address, held }: BoundAccount, { keyIndexes }: Rotated): SignerError {
  const weight = [...held.values()].reduce((sum, key) => sum + key.weight, 0)
  return new SignerError('KEY_ROTATED', { address, keyIndexes, weight })
}
