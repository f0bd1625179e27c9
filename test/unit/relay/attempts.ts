/** Attempts for tests of the relay's parts. */
import { encodeTransaction, type Transaction } from '../../../src/crypto/transaction.ts'
import type { OutcomeFact } from '../../../src/relay/facts.ts'
import type { AttemptRow } from '../../../src/stores/store.ts'

export const address = '0xf8d6e0586b0a20c7'
export const transactionId = '11'.repeat(32)

const transaction: Transaction = {
  cadence: 'transaction(id: String) {}',
  arguments: [],
  referenceBlockId: new Uint8Array(32),
  computeLimit: 100,
  proposalKey: { address, keyIndex: 1, sequenceNumber: 7n },
  payer: address,
  authorizers: [address],
  payloadSignatures: [],
  envelopeSignatures: [],
}

/** Key 1 with number 7, which refers to block 100. */
export const attemptOf = (
  jobIds: readonly string[],
  change: Partial<Transaction> = {},
): AttemptRow => ({
  transactionId,
  address,
  keyIndex: 1,
  sequenceNumber: 7n,
  fence: 3,
  transaction: encodeTransaction({ ...transaction, ...change }),
  referenceHeight: 100,
  jobIds,
  blockHeight: null,
})

/** In block 110. */
export const outcomeOf = (
  verdict: OutcomeFact['verdict'],
  errorCodes: readonly number[] = [],
): OutcomeFact => ({
  verdict,
  transactionId,
  height: 110,
  errorCodes,
  reason: errorCodes.map((code) => `[Error Code: ${code}] error: no`).join(' '),
})
