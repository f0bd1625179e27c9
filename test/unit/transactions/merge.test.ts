import type { Transaction } from '../../../src/crypto/transaction.ts'
import { mergeTransactions } from '../../../src/transactions/merge.ts'
import { sampleTransaction } from '../crypto/transactions.ts'

const [first, second] = sampleTransaction.payloadSignatures
const [last] = sampleTransaction.envelopeSignatures
if (first === undefined || second === undefined || last === undefined) throw new Error('no sample')
const none = { payloadSignatures: [], envelopeSignatures: [] }
const unsigned: Transaction = { ...sampleTransaction, ...none }
const payloadOf = (...payloadSignatures: Transaction['payloadSignatures']): Transaction => ({
  ...unsigned,
  payloadSignatures,
})
const flipped = (bytes: Uint8Array) => bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte))
const refusal = (code: string, context: object) =>
  expect.objectContaining({ code, context: expect.objectContaining(context) })

describe('signatures of several files', () => {
  it('come together, each once, in the order that is sent', () => {
    const merged = mergeTransactions(
      unsigned,
      [payloadOf(second), payloadOf(first, second)],
      [last],
    )
    expect(merged).toEqual(sampleTransaction)
  })

  it('stay what they are when a file adds nothing', () => {
    expect(mergeTransactions(sampleTransaction, [unsigned, sampleTransaction])).toEqual(
      sampleTransaction,
    )
  })

  it('are refused when two of one key differ', () => {
    const other = { ...first, signature: flipped(first.signature) }
    expect(() => mergeTransactions(unsigned, [payloadOf(first), payloadOf(other)])).toThrow(
      refusal('SIGNATURE_REFUSED', { address: first.address, keyIndex: 3, part: 'payload' }),
    )
    const extended = { ...first, extensionData: new Uint8Array() }
    expect(() => mergeTransactions(unsigned, [payloadOf(first), payloadOf(extended)])).toThrow(
      refusal('SIGNATURE_REFUSED', { part: 'payload' }),
    )
  })

  it('are refused when the payload grows after the payer has signed', () => {
    const early = { ...payloadOf(first), envelopeSignatures: [last] }
    const refused = refusal('SIGNATURE_REFUSED', { address: last.address, part: 'envelope' })
    expect(() => mergeTransactions(unsigned, [early, payloadOf(second)])).toThrow(refused)
    expect(() => mergeTransactions(early, [], [second])).toThrow(refused)
    expect(mergeTransactions(unsigned, [early])).toEqual(early)
  })

  it.each([undefined, null, 7, 'ab', [], {}])('that are %p are refused', (entry) => {
    const list = [entry] as unknown as Transaction['payloadSignatures'] // as JavaScript would call it
    expect(() => mergeTransactions(unsigned, [], list)).toThrow(
      expect.objectContaining({ name: 'SignerError' }),
    )
    expect(() => mergeTransactions(unsigned, list as unknown as readonly Transaction[])).toThrow(
      expect.objectContaining({ name: 'SignerError' }),
    )
  })

  it('of an account without a role are refused', () => {
    const stranger = { ...first, address: '0x00000000000000ff' }
    expect(() => mergeTransactions(unsigned, [], [stranger])).toThrow(
      refusal('INVALID_OPTION', { option: 'address' }),
    )
  })

  const key = unsigned.proposalKey
  it.each<[string, Partial<Transaction>]>([
    ['cadence', { cadence: `${unsigned.cadence} ` }],
    ['arguments', { arguments: [] }],
    ['arguments[0]', { arguments: ['{"type":"Int", "value":"7"}'] }],
    ['referenceBlockId', { referenceBlockId: flipped(unsigned.referenceBlockId) }],
    ['computeLimit', { computeLimit: 101 }],
    ['proposalKey.address', { proposalKey: { ...key, address: unsigned.payer } }],
    ['proposalKey.keyIndex', { proposalKey: { ...key, keyIndex: 4 } }],
    ['proposalKey.sequenceNumber', { proposalKey: { ...key, sequenceNumber: 42n } }],
    ['payer', { payer: key.address }],
    ['authorizers', { authorizers: [...unsigned.authorizers].reverse() }],
  ])('of a file with another field %s are not taken', (field, change) => {
    const other = { ...unsigned, ...change }
    expect(() => mergeTransactions(unsigned, [unsigned, other])).toThrow(
      refusal('PAYLOAD_MISMATCH', { source: 'signed[1]', field }),
    )
  })
})
