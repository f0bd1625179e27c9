/** Attempts that no version of the relay should have stored, and stores in which they stand. @module */

import { encodeTransaction, type Transaction } from '../../src/crypto/transaction.ts'
import type { RelayStore } from '../../src/stores/index.ts'

const transactionOf = (args: readonly string[]): Transaction => {
  const address = '0xf8d6e0586b0a20c7'
  return {
    cadence: 'transaction(id: String) {}',
    arguments: args,
    referenceBlockId: new Uint8Array(32),
    computeLimit: 100,
    proposalKey: { address, keyIndex: 1, sequenceNumber: 0n },
    payer: address,
    authorizers: [address],
    payloadSignatures: [],
    envelopeSignatures: [],
  }
}

/** Bytes that are no transaction, each in its own way. */
export const malformedRowOf: Readonly<Record<string, () => Uint8Array>> = {
  'more bytes than a node takes': () => encodeTransaction(transactionOf(['語'.repeat(600_000)])),
  'no bytes': () => new Uint8Array(),
  'cut bytes': () => encodeTransaction(transactionOf([])).slice(0, -10),
  'other bytes': () => new TextEncoder().encode('this is no RLP'),
}

/** Stores it as a process that has ended without a word left it. */
export async function storeAttempt(
  store: RelayStore,
  given: {
    readonly address: string
    readonly id: string
    readonly keyIndex: number
    readonly transaction: Uint8Array
  },
): Promise<void> {
  const { address, id, keyIndex, transaction } = given
  const holder = 'a process that has ended'
  const leaseMs = 60_000
  const intent = { intentHash: 'cd'.repeat(32), batchGroup: null, batch: null, computeLimit: 100 }
  const args = [JSON.stringify({ type: 'String', value: id })]
  const cadence = 'transaction(id: String) {}'
  await store.addJobs(address, [{ ...intent, id, cadence, arguments: args }], 10)
  await store.enrollKeys(address, [{ keyIndex, sequenceNumber: 0n }])
  const [lease] = await store.leaseKeys({ address, count: 1, holder, leaseMs })
  const [job] = await store.claimJobs({ address, limit: 1, holder, leaseMs })
  if (lease === undefined || job === undefined) throw new RangeError('the store was not empty')
  const transactionId = '99'.repeat(32)
  const block = { referenceBlockId: '88'.repeat(32), referenceHeight: 1 }
  const jobs = [{ id, fence: job.fence }]
  await store.openAttempts([{ ...lease, transactionId, transaction, ...block, leaseMs, jobs }])
  await store.extend(holder, 0)
}
