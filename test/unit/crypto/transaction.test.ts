import {
  encodeTransactionEnvelope,
  encodeTransactionPayload,
  encodeTxIdFromVoucher,
} from '@onflow/sdk'
import fc from 'fast-check'
import {
  encodeTransaction,
  envelopeMessage,
  payloadMessage,
  signerAddresses,
  type Transaction,
  transactionId,
} from '../../../src/crypto/transaction.ts'
import { decodeTransaction } from '../../../src/crypto/transaction-decoding.ts'
import { hexOf } from './independent.ts'
import { seed } from './seed.ts'
import { anyTransaction, sampleTransaction, voucherOf } from './transactions.ts'

const numRuns = 10_000

describe(`against @onflow/sdk, on ${numRuns} transactions (FCL_KMS_SEED=${seed})`, () => {
  it('payload message, envelope message and transaction id are the same', () => {
    fc.assert(
      fc.property(anyTransaction, (transaction) => {
        const voucher = voucherOf(transaction)
        // The sdk types the envelope's signatures as proposal keys.
        const sdk = voucher as unknown as Parameters<typeof encodeTransactionEnvelope>[0]
        // No `expect`: it takes longer than the encoding.
        return (
          hexOf(payloadMessage(transaction)) === encodeTransactionPayload(sdk) &&
          hexOf(envelopeMessage(transaction)) === encodeTransactionEnvelope(sdk) &&
          transactionId(transaction) === encodeTxIdFromVoucher(voucher)
        )
      }),
      { seed, numRuns },
    )
  })

  it('decoding gives back what was encoded', () => {
    fc.assert(
      fc.property(anyTransaction, (transaction) => {
        const bytes = encodeTransaction(transaction)
        const decoded = decodeTransaction(bytes)
        expect(hexOf(encodeTransaction(decoded))).toBe(hexOf(bytes))
        expect(decoded.cadence).toBe(transaction.cadence)
        expect(decoded.arguments).toEqual(transaction.arguments)
        expect(decoded.proposalKey).toEqual({
          ...transaction.proposalKey,
          address: `0x${transaction.proposalKey.address}`,
        })
        expect(decoded.computeLimit).toBe(transaction.computeLimit)
        expect(decoded.payloadSignatures).toHaveLength(transaction.payloadSignatures.length)
      }),
      { seed, numRuns: 1_000 },
    )
  })
})

describe('the encoding of a transaction', () => {
  it('writes a lone surrogate as the sdk does', () => {
    const transaction = { ...sampleTransaction, cadence: 'a\ud800b' }
    const voucher = voucherOf(transaction)
    expect(transactionId(transaction)).toBe(encodeTxIdFromVoucher(voucher))
  })

  it('is the same for addresses of either form', () => {
    const bare = (address: string) => address.slice(2).toUpperCase()
    const { proposalKey, payer, authorizers } = sampleTransaction
    const other = {
      ...sampleTransaction,
      proposalKey: { ...proposalKey, address: bare(proposalKey.address) },
      payer: bare(payer),
      authorizers: authorizers.map(bare),
    }
    expect(transactionId(other)).toBe(transactionId(sampleTransaction))
  })

  it('is the same whatever the order of the signatures', () => {
    const payloadSignatures = [...sampleTransaction.payloadSignatures].reverse()
    expect(transactionId({ ...sampleTransaction, payloadSignatures })).toBe(
      transactionId(sampleTransaction),
    )
  })

  it('keeps a sequence number of 2⁶⁴ − 1', () => {
    const sequenceNumber = 2n ** 64n - 1n
    const proposalKey = { ...sampleTransaction.proposalKey, sequenceNumber }
    const decoded = decodeTransaction(encodeTransaction({ ...sampleTransaction, proposalKey }))
    expect(decoded.proposalKey.sequenceNumber).toBe(sequenceNumber)
  })

  it('leaves the transaction as it was', () => {
    const before = structuredClone(sampleTransaction)
    transactionId(sampleTransaction)
    expect(sampleTransaction).toEqual(before)
  })

  it('names each signer once, proposer first, then payer, then authorizers', () => {
    expect(signerAddresses(sampleTransaction)).toEqual([
      '0x0102030405060708',
      '0x1112131415161718',
      '0x2122232425262728',
    ])
  })

  const { proposalKey } = sampleTransaction
  const unusable: readonly (readonly [string, Partial<Record<keyof Transaction, unknown>>])[] = [
    ['a compute limit that is not a number', { computeLimit: Number.NaN }],
    ['a fraction as the compute limit', { computeLimit: 1.5 }],
    ['a negative compute limit', { computeLimit: -1 }],
    ['an infinite compute limit', { computeLimit: Number.POSITIVE_INFINITY }],
    ['a compute limit over 2⁵³ − 1', { computeLimit: 2 ** 53 }],
    ['no compute limit', { computeLimit: undefined }],
    ['a text as the compute limit', { computeLimit: '100' }],
    ['a key index that is not a number', { proposalKey: { ...proposalKey, keyIndex: Number.NaN } }],
    ['a negative key index', { proposalKey: { ...proposalKey, keyIndex: -1 } }],
    ['a negative sequence number', { proposalKey: { ...proposalKey, sequenceNumber: -1n } }],
    ['a sequence number of 2⁶⁴', { proposalKey: { ...proposalKey, sequenceNumber: 2n ** 64n } }],
    ['a reference block of 31 bytes', { referenceBlockId: new Uint8Array(31) }],
    ['no reference block', { referenceBlockId: new Uint8Array() }],
    [
      'a signature of an account that does not sign',
      {
        payloadSignatures: [
          { address: '0x3132333435363738', keyIndex: 0, signature: new Uint8Array(64) },
        ],
      },
    ],
    [
      'a signature of a negative key index',
      {
        payloadSignatures: [
          { address: sampleTransaction.payer, keyIndex: -1, signature: new Uint8Array(64) },
        ],
      },
    ],
  ]
  const signatures: readonly (readonly [string, unknown])[] = [
    ['a signature in hexadecimal', { signature: 'ab'.repeat(64) }],
    ['a signature with 0x', { signature: `0x${'ab'.repeat(64)}` }],
    ['a signature of 3 bytes', { signature: new Uint8Array(3) }],
    ['a signature of 65 bytes', { signature: new Uint8Array(65) }],
    ['no signature', { signature: undefined }],
    ['a list as a signature', { signature: [[1, 2]] }],
    ['a number as a signature', { signature: 5 }],
    ['an extension in hexadecimal', { extensionData: 'ab' }],
    ['an extension that is a list', { extensionData: [[1]] }],
  ]
  it.each(signatures)('refuses %s before anything is signed over it', (_, change) => {
    const good = { address: sampleTransaction.payer, keyIndex: 0, signature: new Uint8Array(64) }
    const refusal = expect.objectContaining({ code: 'MALFORMED_TRANSACTION' })
    const signature = { ...good, ...(change as object) }
    const inPayload = { ...sampleTransaction, payloadSignatures: [signature] } as Transaction
    const inEnvelope = { ...sampleTransaction, envelopeSignatures: [signature] } as Transaction
    expect(() => envelopeMessage(inPayload)).toThrow(refusal)
    expect(() => encodeTransaction(inPayload)).toThrow(refusal)
    expect(() => encodeTransaction(inEnvelope)).toThrow(refusal)
    expect(() => transactionId(inEnvelope)).toThrow(refusal)
    expect(envelopeMessage({ ...sampleTransaction, payloadSignatures: [good] })).toBeDefined()
  })

  it.each(unusable)('refuses %s before anything is signed', (_, change) => {
    // As JavaScript would call it, past the types.
    const transaction = { ...sampleTransaction, ...change } as Transaction
    expect(() => envelopeMessage(transaction)).toThrow(
      expect.objectContaining({ code: 'MALFORMED_TRANSACTION' }),
    )
  })
})
