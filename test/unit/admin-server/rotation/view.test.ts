/** What is shown of a rotation: steps, whose keys they are, and whose signature is missing. */
import { Check } from 'typebox/value'
import type { HeldSigner } from '../../../../examples/admin-server/src/execution/signers.ts'
import {
  rotation,
  rotationList,
} from '../../../../examples/admin-server/src/http/schemas/rotations.ts'
import {
  type RotationFacts,
  viewRotation,
  viewRotationInFull,
} from '../../../../examples/admin-server/src/rotation/view.ts'
import type { RotationRecord } from '../../../../src/provisioning/index.ts'
import {
  beganAt,
  newPublicKey,
  oldPublicKey,
  pendingSwap,
  rotationOf,
} from '../../../support/admin-server/rotation-record.ts'

const account = '0x01cf0e2f2f715450'
const policyKey = 'c3'.repeat(64)
const reported = (index: number, weight: number, publicKey: string, revoked = false) => ({
  ...{ index, weight, publicKey, revoked, canSign: !revoked, sequenceNumber: 0n },
  ...{ signatureAlgorithm: 'ECDSA_P256', hashAlgorithm: 'SHA3_256' },
})
const alice = { rule: { approvers: ['alice'] }, holder: 1 }
const holders: Readonly<Record<string, Partial<HeldSigner>>> = {
  [policyKey]: { key: 'alias/policy', rule: 'automatic', holder: 0, successor: false },
  [oldPublicKey]: { key: 'alias/alice', ...alice, successor: false },
  [newPublicKey]: { key: 'alias/alice-next', ...alice, successor: true },
}
const facts: RotationFacts = {
  ...{ account, held: false, transactionExpiry: 600 },
  keys: [
    reported(0, 500, policyKey),
    reported(1, 500, oldPublicKey),
    reported(2, 0, oldPublicKey),
    reported(4, 500, 'd4'.repeat(64), true),
    reported(12, 0, newPublicKey),
  ],
  holderOf: (publicKey) => holders[publicKey] as HeldSigner | undefined, // no signer is asked
}
const shown = (change: Partial<RotationRecord> = {}, more: Partial<RotationFacts> = {}) =>
  viewRotationInFull(rotationOf(account, change), { ...facts, ...more })

it('names old and new key with their holder by the configuration', () => {
  expect(shown()).toMatchObject({
    ...{ state: 'open', step: 'sign', mode: 'swap', emergency: false, held: false },
    old: {
      ...{ index: 1, weight: 500, copies: 2, publicKey: oldPublicKey },
      holder: { key: 'alias/alice', successor: false, rule: { approvers: ['alice'] } },
    },
    new: {
      ...{ index: null, weight: 500, copies: 2, publicKey: newPublicKey, kind: 'aws-kms' },
      holder: { key: 'alias/alice-next', successor: true, rule: { approvers: ['alice'] } },
    },
    ...{ pending: null, revokedAt: null, startedAt: new Date(beganAt).toISOString() },
  })
})

it('says of each step whether it is done, and when', () => {
  const stateOf = (change: Partial<RotationRecord>) =>
    shown(change).steps.map(({ name, state }) => `${name} ${state}`)
  expect(stateOf({}).slice(0, 5)).toEqual([
    ...['create done', 'add done', 'prove done', 'sign current', 'drain to-do'],
  ])
  expect(shown().steps[1]?.at).toBe(new Date(beganAt + 10_000).toISOString())
  expect(stateOf({ state: 'done', step: 'done' }).at(-1)).toBe('done done')
  expect(stateOf({ state: 'aborted' }).slice(2, 5)).toEqual([
    ...['prove done', 'sign left-out', 'drain left-out'],
  ])
})

it('says who has signed what waits, and whose weight is missing', () => {
  const { pending } = shown({ pending: pendingSwap(account, 1, 12) })
  expect(pending).toMatchObject({
    ...{ purpose: 'swap', state: 'signing', missing: 'The key of weight 500 at index 0.' },
    expiresAfterBlock: 1_600,
    signatures: [
      { index: 0, weight: 500, signed: false, holder: { rule: 'automatic' } },
      { index: 1, weight: 500, signed: true, holder: { rule: { approvers: ['alice'] } } },
      { index: 12, weight: 0, signed: true, holder: { successor: true } },
    ],
  })
  expect(pending?.signatures).toHaveLength(3)
})

it('counts no signature of another account, and none of bytes that are no transaction', () => {
  const signedOf = (pending: RotationRecord['pending']) =>
    pending && shown({ pending }).pending?.signatures.filter(({ signed }) => signed)
  expect(signedOf(pendingSwap('0x179b6b1cb6755e31', 0, 1))).toEqual([])
  expect(signedOf({ ...pendingSwap(account, 0), transaction: 'zz' })).toEqual([])
})

it('shows of another account what the record says, and no names', () => {
  const other = rotationOf('0x179b6b1cb6755e31', {
    pending: pendingSwap('0x179b6b1cb6755e31', 0),
    heldStores: true,
  })
  expect(viewRotation(other, facts)).toMatchObject({
    ...{ held: true, old: { holder: null }, new: { holder: null } },
    pending: { signatures: [] },
  })
})

it('says when to ask again, and that it goes back', () => {
  expect(shown()).toMatchObject({ askAgainAt: null, aborting: false })
  const askAgainAt = beganAt + 86_400_000
  expect(shown({ step: 'unused', askAgainAt, aborting: true })).toMatchObject({
    ...{ askAgainAt: new Date(askAgainAt).toISOString(), aborting: true },
  })
})

it('is held while the keys are, and not once it is over', () => {
  expect(shown({}, { held: true }).held).toBe(true)
  expect(shown({ state: 'done' }, { held: true }).held).toBe(false)
})

it('has the shape that the description of the API says, and no bytes that could be sent', () => {
  const pending = pendingSwap(account, 0, 1)
  for (const change of [{}, { pending, revokedAt: beganAt }, { state: 'aborted' as const }]) {
    const view = shown(change)
    expect(Check(rotation, view)).toBe(true)
    expect(JSON.stringify(view)).not.toContain(pending.transaction)
    const rotations = [viewRotation(rotationOf(account, change), facts)]
    expect(Check(rotationList, { rotations })).toBe(true)
  }
})
