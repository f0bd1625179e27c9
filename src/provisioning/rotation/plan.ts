/** What a rotation will do to an account, from nothing but the account: no key is made, no node asked. @module */

import { REQUIRED_WEIGHT } from '../../crypto/account-key-rlp.ts'
import {
  type HashAlgorithm,
  isHashAlgorithm,
  isSignatureAlgorithm,
} from '../../crypto/algorithms.ts'
import { bytesToHex, hexToBytes } from '../../crypto/hex.ts'
import { SignerError } from '../../errors.ts'
import type { Account } from '../../flow/accounts.ts'
import { invalid } from '../../options.ts'
import { assertWeightedOnce } from '../proposal-keys/copies.ts'
import { copyIndexesOf, MAX_COPIES, proofBatches, revocationBatches } from './copies.ts'
import { canReach1000, holdersOf, holdersWithout, weightOfHolders } from './holders.ts'
import { notesOf } from './plan-notes.ts'
import type {
  PlannedTransaction,
  RotationMode,
  RotationPlan,
  RotationPurpose,
  RotationStep,
} from './types.ts'

/** What is to be planned. */
export type PlanRequest = {
  /** As it is on the chain. */
  readonly account: Account
  /** For example `flow-testnet`. */
  readonly chainId: string
  /** Of the key to rotate: 128 hexadecimal digits, X‖Y. */
  readonly publicKey: string
  /** Of the new key. Default that of the old one. */
  readonly newHashAlgorithm?: HashAlgorithm | undefined
  /** Keys of weight 0 of the new key, 1 to 10,000. Default as many as the old one has, at least 1. */
  readonly copies?: number | undefined
  /** The old key may be in other hands. */
  readonly emergency: boolean
}

/** @throws {SignerError} `INVALID_OPTION`. */
export function assertNewKey(wanted: {
  readonly hashAlgorithm?: HashAlgorithm | undefined
  readonly copies?: number | undefined
}): void {
  const { hashAlgorithm, copies } = wanted
  if (hashAlgorithm !== undefined && !isHashAlgorithm(hashAlgorithm))
    throw invalid('hashAlgorithm', 'it is neither SHA2_256 nor SHA3_256')
  if (copies !== undefined && !(Number.isInteger(copies) && copies >= 1 && copies <= MAX_COPIES))
    throw invalid('copies', `it is not a whole number from 1 to ${MAX_COPIES}`)
}

/**
 * @throws {SignerError} `MALFORMED_HEX`, `INVALID_OPTION` for a public key that the account does not
 * have or that carries no weight, and for what is out of range; `KEY_REVOKED` when the key is revoked
 * already; `INVALID_WEIGHT` when two keys with one public key carry weight; `WEIGHT_TOO_LOW` when
 * nobody can sign for the account.
 */
export function planOf(request: PlanRequest): RotationPlan {
  const { account, chainId, emergency } = request
  assertWeightedOnce(account)
  const old = oldKeyOf(account, publicKeyOf(request.publicKey))
  const holders = holdersOf(account)
  if (!canReach1000(holders))
    throw new SignerError('WEIGHT_TOO_LOW', {
      address: account.address,
      weight: weightOfHolders(holders),
      required: REQUIRED_WEIGHT,
    })
  const hashAlgorithm = request.newHashAlgorithm ?? old.hashAlgorithm
  const copies = request.copies ?? Math.min(Math.max(old.copies.length, 1), MAX_COPIES)
  assertNewKey({ hashAlgorithm, copies })

  const others = holdersWithout(holders, old)
  const mode: RotationMode = emergency && canReach1000(others) ? 'cut' : 'swap'
  const facts = {
    address: account.address,
    chainId,
    mode,
    emergency,
    old,
    weight: old.weight,
    hashAlgorithm,
    copies,
    holders,
    othersWeight: weightOfHolders(others),
    steps: stepsOf(mode, emergency),
    transactions: transactionsOf(mode, old, copies),
  }
  return { ...facts, notes: notesOf(facts, account) }
}

function publicKeyOf(text: string): string {
  const bytes = hexToBytes(text, 'publicKey')
  if (bytes.length !== 64) throw invalid('publicKey', 'it has not 128 digits')
  return bytesToHex(bytes)
}

/** The heaviest of its keys: only one carries weight. */
function oldKeyOf(account: PlanRequest['account'], publicKey: string): RotationPlan['old'] {
  const [found] = account.keys
    .filter((key) => key.publicKey === publicKey)
    .sort((a, b) => Number(a.revoked) - Number(b.revoked) || b.weight - a.weight)
  if (found === undefined) throw invalid('publicKey', 'the account has no such key')
  const { index: keyIndex, signatureAlgorithm, hashAlgorithm, weight, revoked } = found
  if (revoked) throw new SignerError('KEY_REVOKED', { address: account.address, keyIndex })
  if (weight === 0)
    throw invalid(
      'publicKey',
      'the key carries no weight: there is nothing that a new one would get',
    )
  if (!isSignatureAlgorithm(signatureAlgorithm) || !isHashAlgorithm(hashAlgorithm))
    throw invalid('publicKey', 'the key cannot sign transactions: it counts for nothing')
  const copies = copyIndexesOf(account, { publicKey, signatureAlgorithm })
  return { publicKey, signatureAlgorithm, hashAlgorithm, keyIndex, weight, copies }
}

const beforeSwap: readonly RotationStep[] = ['create', 'add', 'prove', 'sign']
const afterSwap: readonly RotationStep[] = [
  'resume',
  'verify',
  'alias',
  'disable',
  'unused',
  'delete',
  'done',
]

/** The new signer has proved itself before a key is revoked, except where the revoking cannot wait. */
function stepsOf(mode: RotationMode, emergency: boolean): readonly RotationStep[] {
  if (mode === 'cut') return ['hold', 'cut', 'create', 'add', 'prove', 'restore', ...afterSwap]
  return [...beforeSwap, emergency ? 'hold' : 'drain', 'swap', 'revoke', ...afterSwap]
}

function transactionsOf(
  mode: RotationMode,
  old: RotationPlan['old'],
  copies: number,
): readonly PlannedTransaction[] {
  const { first, rest } = revocationBatches(old)
  const together = first.length + 1
  const left = rest.map(({ length }) => length)
  const proved = [one('add', 1, 0), ...proofBatches(copies).map((adds) => one('prove', adds, 0))]
  return mode === 'cut'
    ? [...[together, ...left].map((gone) => one('cut', 0, gone)), ...proved, one('restore', 1, 0)]
    : [...proved, one('swap', 1, together), ...left.map((gone) => one('revoke', 0, gone))]
}

const one = (purpose: RotationPurpose, adds: number, revokes: number): PlannedTransaction => ({
  purpose,
  adds,
  revokes,
  weightNeeded: REQUIRED_WEIGHT,
})
