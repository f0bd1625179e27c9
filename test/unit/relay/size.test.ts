import fc from 'fast-check'
import { encodeTransaction, type Transaction } from '../../../src/crypto/transaction.ts'
import { MAX_TRANSACTION_BYTES } from '../../../src/crypto/transaction-decoding.ts'
import { combineArguments, createBatch, type Group, packJobs } from '../../../src/relay/batch.ts'
import { assertFits, MAX_CONTENT_BYTES } from '../../../src/relay/size.ts'
import type { JobRow } from '../../../src/stores/store.ts'

const address = '0xf8d6e0586b0a20c7'
const cadence = 'transaction(ids: [String], texts: [String]) { prepare(signer: &Account) {} }'
const batches = new Map([['mints', createBatch('mints', { cadence, computePerRequest: 1 })]])

/** As it is signed by so many keys as an account may reasonably have. */
function encodedBytes(args: readonly string[], source = cadence): number {
  const signature = { address, signature: new Uint8Array(64).fill(255) }
  const transaction: Transaction = {
    cadence: source,
    arguments: args,
    referenceBlockId: new Uint8Array(32).fill(255),
    computeLimit: 9_999,
    proposalKey: { address, keyIndex: 0xffff_ffff, sequenceNumber: 2n ** 64n - 1n },
    payer: address,
    authorizers: [address],
    payloadSignatures: [],
    envelopeSignatures: Array.from({ length: 250 }, (_, index) => ({
      ...signature,
      keyIndex: 0xffff_0000 + index,
    })),
  }
  return encodeTransaction(transaction).length
}

const jobOf = (id: string, text: string): JobRow => ({
  id,
  intentHash: '0'.repeat(64),
  cadence: '',
  arguments: [id, text].map((value) => JSON.stringify({ type: 'String', value })),
  computeLimit: 0,
  batch: 'mints',
  batchGroup: null,
  address,
  state: 'claimed',
  fence: 1,
  attempts: 0,
  batchLimit: null,
  transactionId: null,
  blockHeight: null,
  executed: false,
  errorCode: null,
  reason: null,
  createdAt: 0,
  finishedAt: null,
})

const bytesOf = ({ jobs }: Group) => encodedBytes(combineArguments(jobs))

describe('a packed transaction', () => {
  it('has no more bytes than a node takes where each character has three', () => {
    const jobs = Array.from({ length: 110 }, (_, index) =>
      jobOf(`order-${index}`, '語'.repeat(5_000)),
    )
    const groups = packJobs(jobs, batches)
    expect(groups.flatMap((group) => group.jobs)).toHaveLength(110)
    for (const group of groups) expect(bytesOf(group)).toBeLessThanOrEqual(MAX_TRANSACTION_BYTES)
    expect(groups).toHaveLength(2)
  })

  it('has no more bytes than a node takes, whatever the texts', () => {
    const unit = fc.constantFrom('a', 'é', '語', '😀', '"', '\\', '\u0001')
    const text = fc.tuple(unit, fc.integer({ min: 0, max: 120_000 }))
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 25 }), (texts) => {
        const jobs = texts.map(([one, count], index) => jobOf(`order-${index}`, one.repeat(count)))
        const groups = packJobs(jobs, batches)
        expect(groups.flatMap((group) => group.jobs)).toHaveLength(jobs.length)
        for (const group of groups)
          expect(bytesOf(group)).toBeLessThanOrEqual(MAX_TRANSACTION_BYTES)
      }),
      { numRuns: 40 },
    )
  })
})

describe('assertFits', () => {
  const refusal = expect.objectContaining({ code: 'INVALID_OPTION' })
  const fits = (source: string, args: readonly string[], template?: string) => {
    try {
      assertFits({ cadence: source, arguments: args }, template)
      return true
    } catch (thrown) {
      expect(thrown).toEqual(refusal)
      return false
    }
  }

  it('refuses what no transaction can hold, to the byte of what is packed', () => {
    const most = MAX_CONTENT_BYTES - cadence.length - 10
    expect(fits(cadence, ['x'.repeat(most)])).toBe(true)
    expect(encodedBytes(['x'.repeat(most)])).toBeLessThanOrEqual(MAX_TRANSACTION_BYTES)
    expect(fits(cadence, ['x'.repeat(most + 1)])).toBe(false)
    expect(fits(cadence, ['語'.repeat(Math.floor(most / 3) + 1)])).toBe(false)
  })

  it('counts the template of a batch and the arrays of its arguments', () => {
    const most = MAX_CONTENT_BYTES - cadence.length - 5 - 32 - 1
    expect(fits('', ['x'.repeat(most)], cadence)).toBe(true)
    expect(fits('', ['x'.repeat(most + 1)], cadence)).toBe(false)
  })
})
