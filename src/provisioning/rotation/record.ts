/** A rotation as it is stored: JSON of version 1, read as strictly as it is written. @module */

import { hexToBytes } from '../../crypto/hex.ts'
import { transactionId } from '../../crypto/transaction.ts'
import { decodeTransaction } from '../../crypto/transaction-decoding.ts'
import { SignerError } from '../../errors.ts'
import { parseStrictJson } from '../../policy/strict-json.ts'
import {
  list,
  number,
  object,
  oneOf,
  type Read,
  RecordFault,
  telling,
  text,
  yesOrNo,
} from './record-fields.ts'
import type {
  HolderWeight,
  PlannedTransaction,
  RotatedKey,
  RotationEntry,
  RotationKey,
  RotationPending,
  RotationPlan,
  RotationPurpose,
  RotationRecord,
  RotationStep,
} from './types.ts'

/** Characters of the longest record. */
export const MAX_RECORD_LENGTH = 8_388_608

/** Entries of a history that are kept. */
export const MAX_HISTORY = 200

/** Transactions that were given up, of which the record knows. */
export const MAX_GIVEN_UP = 100

const MAX_KEYS = 100_000
const MAX_INDEX = 0xffff_ffff
/** All of them, in no order that a plan has. */
export const allSteps: readonly RotationStep[] = [
  'create',
  'add',
  'prove',
  'sign',
  'hold',
  'drain',
  'cut',
  'swap',
  'restore',
  'revoke',
  'resume',
  'verify',
  'alias',
  'disable',
  'unused',
  'delete',
  'done',
]
const purposes: readonly RotationPurpose[] = [
  'add',
  'prove',
  'swap',
  'revoke',
  'cut',
  'restore',
  'withdraw',
]

const step = oneOf(...allSteps)
const purpose = oneOf(...purposes)
const time = number(0, Number.MAX_SAFE_INTEGER)
const count = number(0, MAX_KEYS)
const index = number(0, MAX_INDEX)
const weight = number(0, 1_000)
const address = text(/^0x[0-9a-f]{16}$/)
const publicKey = text(/^[0-9a-f]{128}$/)
const hexId = text(/^[0-9a-f]{64}$/)
const sentence = text(/^[^\0]{0,4000}$/s)
const name = text(/^[^\0]{1,2048}$/s)

const keyFields = {
  publicKey,
  signatureAlgorithm: oneOf('ECDSA_P256', 'ECDSA_secp256k1'),
  hashAlgorithm: oneOf('SHA2_256', 'SHA3_256'),
} satisfies Readonly<Record<keyof RotationKey, Read<unknown>>>

const holder: Read<HolderWeight> = object({
  publicKey,
  signatureAlgorithm: keyFields.signatureAlgorithm,
  // The network lets an account have several keys of one holder.
  weight: number(1, 1_000 * MAX_KEYS),
})

const planned: Read<PlannedTransaction> = object({
  purpose,
  adds: count,
  revokes: count,
  weightNeeded: oneOf(1000),
})

const plan: Read<RotationPlan> = object({
  address,
  chainId: text(/^[a-z0-9-]{1,64}$/),
  mode: oneOf('swap', 'cut'),
  emergency: yesOrNo,
  old: object({
    ...keyFields,
    keyIndex: index,
    weight,
    copies: list(index, MAX_KEYS),
  }),
  weight,
  hashAlgorithm: keyFields.hashAlgorithm,
  copies: count,
  holders: list(holder, MAX_KEYS),
  othersWeight: number(0, 1_000 * MAX_KEYS),
  steps: list(step, allSteps.length),
  transactions: list(planned, MAX_KEYS),
  notes: list(sentence, 100),
})

const newKey: Read<RotatedKey> = object<RotatedKey>(
  {
    ...keyFields,
    kind: name,
    reference: name,
    keyIndexes: list(index, MAX_KEYS),
    weightedIndex: index,
  },
  'weightedIndex',
)

const pending: Read<RotationPending> = object<RotationPending>(
  {
    purpose,
    transaction: text(/^[0-9a-f]+$/),
    transactionId: hexId,
    state: oneOf('signing', 'signed', 'sent'),
    missing: sentence,
    referenceHeight: time,
    shared: oneOf<true>(true),
  },
  'missing',
  'shared',
)

const entry: Read<RotationEntry> = object<RotationEntry>(
  { step, at: time, text: sentence, transactionId: hexId },
  'transactionId',
)

const record: Read<RotationRecord> = object<RotationRecord>(
  {
    version: oneOf(1),
    id: text(/^[0-9a-f]{16}$/),
    revision: time,
    address,
    chainId: text(/^[a-z0-9-]{1,64}$/),
    createdAt: time,
    updatedAt: time,
    state: oneOf('open', 'done', 'aborted'),
    plan,
    step,
    newKey,
    pending,
    revokedAt: time,
    heldStores: yesOrNo,
    aborting: oneOf<true>(true),
    givenUp: list(hexId, MAX_GIVEN_UP),
    askAgainAt: time,
    history: list(entry, MAX_HISTORY),
  },
  'newKey',
  'pending',
  'revokedAt',
  'heldStores',
  'aborting',
  'givenUp',
  'askAgainAt',
)

/**
 * @param stored - As `encodeRecord` wrote it; anything else is refused, also a record of a later version.
 * @param expected - Of the account that it was asked for.
 * @throws {SignerError} `ROTATION_RECORD_INVALID`.
 */
export function parseRecord(stored: string, expected: string): RotationRecord {
  return telling(expected, () => {
    if (stored.length > MAX_RECORD_LENGTH) throw new RecordFault('the record is too long')
    const parsed = parseStrictJson(stored)
    if (parsed.reason !== undefined) throw new RecordFault(parsed.reason)
    return checked(parsed.value, expected)
  })
}

function checked(value: unknown, expected: string): RotationRecord {
  const found = record(value, 'record')
  if (found.address !== expected || found.plan.address !== expected)
    throw new RecordFault('it is of another account')
  if (!found.plan.steps.includes(found.step)) throw new RecordFault('its step is not in its plan')
  if (found.pending !== undefined) assertReadable(found.pending)
  return Object.freeze(found)
}

function assertReadable({ transaction, transactionId: id }: RotationPending): void {
  let found = ''
  try {
    found = transactionId(decodeTransaction(hexToBytes(transaction, 'transaction')))
  } catch {
    // Told as what it is: not the one that was stored.
  }
  if (found !== id) throw new RecordFault('its transaction is not the one that it names')
}

/**
 * @returns JSON, with a line end.
 * @throws {SignerError} `ROTATION_RECORD_INVALID` for what could not be read again: nothing is stored that
 *   a later process would not understand.
 */
export function encodeRecord(value: RotationRecord): string {
  const stored = `${JSON.stringify(value)}\n`
  const { address: expected } = value
  if (stored.length > MAX_RECORD_LENGTH)
    throw new SignerError('ROTATION_RECORD_INVALID', { address: expected, reason: 'too long' })
  parseRecord(stored, expected)
  return stored
}

/** Whether the one that is stored may be replaced: the same, open, and not changed since. */
export const isExpected = (
  found: RotationRecord | undefined,
  { id }: RotationRecord,
  revision: number,
): boolean => found?.id === id && found.state === 'open' && found.revision === revision

/** @returns The 1,000 that a list tells. */
export const openFirst = (records: readonly RotationRecord[]): readonly RotationRecord[] =>
  [...records]
    .sort(
      (one, other) =>
        Number(other.state === 'open') - Number(one.state === 'open') ||
        other.createdAt - one.createdAt,
    )
    .slice(0, 1_000)
