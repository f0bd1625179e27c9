/** A rotation as the workflow stores it, for whoever only reads it. @module */

import { encodeTransaction, type Transaction, transactionId } from '../../../src/crypto/index.ts'
import type { RotationPending, RotationRecord } from '../../../src/provisioning/index.ts'

/** When it begins, in milliseconds since 1970. */
export const beganAt = 1_790_000_000_000
export const oldPublicKey = 'a1'.repeat(64)
export const newPublicKey = 'b2'.repeat(64)

const algorithms = { signatureAlgorithm: 'ECDSA_P256', hashAlgorithm: 'SHA3_256' } as const
const steps = [
  ...(['create', 'add', 'prove', 'sign', 'drain', 'swap', 'revoke', 'resume'] as const),
  ...(['verify', 'alias', 'disable', 'unused', 'delete', 'done'] as const),
]

/** Of key 1 of weight 500, to a new one whose weight-0 keys are 12 and 13. */
export const rotationOf = (
  address: string,
  change: Partial<RotationRecord> = {},
): RotationRecord => ({
  version: 1,
  ...{ id: '0123456789abcdef', revision: 0, address, chainId: 'flow-emulator' },
  ...{ createdAt: beganAt, updatedAt: beganAt + 60_000, state: 'open', step: 'sign' },
  plan: {
    ...{ address, chainId: 'flow-emulator', mode: 'swap', emergency: false },
    old: { publicKey: oldPublicKey, ...algorithms, keyIndex: 1, weight: 500, copies: [2, 3] },
    ...{ weight: 500, hashAlgorithm: 'SHA3_256', copies: 2, othersWeight: 500 },
    holders: [
      { publicKey: 'c3'.repeat(64), signatureAlgorithm: 'ECDSA_P256', weight: 500 },
      { publicKey: oldPublicKey, signatureAlgorithm: 'ECDSA_P256', weight: 500 },
    ],
    steps,
    transactions: [{ purpose: 'swap', adds: 1, revokes: 3, weightNeeded: 1000 }],
    notes: ['The other keys weigh 500: they cannot sign without this one.'],
  },
  newKey: {
    ...{ publicKey: newPublicKey, ...algorithms, kind: 'aws-kms' },
    ...{ reference: 'arn:aws:kms:us-east-1:111122223333:key/1234', keyIndexes: [12, 13] },
  },
  history: [
    { step: 'create', at: beganAt, text: 'The vault made the key.' },
    {
      step: 'add',
      at: beganAt + 10_000,
      text: 'It is on the account.',
      transactionId: 'ad'.repeat(32),
    },
  ],
  ...change,
})

/** The swap, signed by these keys of the account. */
export function pendingSwap(address: string, ...keyIndexes: readonly number[]): RotationPending {
  const transaction: Transaction = {
    ...{ cadence: 'transaction {}', arguments: [], computeLimit: 100 },
    ...{ referenceBlockId: new Uint8Array(32), payer: address, authorizers: [address] },
    proposalKey: { address, keyIndex: 12, sequenceNumber: 1n },
    payloadSignatures: [],
    envelopeSignatures: keyIndexes.map((keyIndex) => ({
      ...{ address, keyIndex, signature: new Uint8Array(64).fill(1) },
    })),
  }
  return {
    ...{ purpose: 'swap', state: 'signing', missing: 'The key of weight 500 at index 0.' },
    transaction: Buffer.from(encodeTransaction(transaction)).toString('hex'),
    ...{ transactionId: transactionId(transaction), referenceHeight: 1_000 },
  }
}
