import fc from 'fast-check'
import { MAX_TRANSACTION_BYTES } from '../../../src/crypto/index.ts'
import { transactionId } from '../../../src/crypto/transaction.ts'
import { decodeTransactionFile, encodeTransactionFile } from '../../../src/transactions/index.ts'
import { hexOf } from '../crypto/independent.ts'
import { seed } from '../crypto/seed.ts'
import { anyTransaction, sampleTransaction } from '../crypto/transactions.ts'

const numRuns = 300
const rlp = encodeTransactionFile(sampleTransaction)
const json = encodeTransactionFile(sampleTransaction, 'json')
const fields = JSON.parse(json)
const refusal = (code: string) => expect.objectContaining({ code })

describe('a file of a transaction', () => {
  it(`is the same transaction in both forms, on ${numRuns} of them (FCL_KMS_SEED=${seed})`, () => {
    fc.assert(
      fc.property(anyTransaction, (transaction) => {
        const [id, ...others] = [
          transactionId(transaction),
          ...(['rlp', 'json'] as const).map((format) => {
            const read = decodeTransactionFile(encodeTransactionFile(transaction, format))
            return read.format === format ? transactionId(read.transaction) : 'another form'
          }),
        ]
        return others.every((other) => other === id)
      }),
      { seed, numRuns },
    )
  })

  it('of hexadecimal may end in one line end, and is written without', () => {
    for (const text of [rlp, `${rlp}\n`, `${rlp}\r\n`, rlp.toUpperCase()])
      expect(encodeTransactionFile(decodeTransactionFile(text).transaction)).toBe(rlp)
  })

  it('of JSON holds each fact once, with the arguments as they are signed', () => {
    expect(fields).toMatchObject({
      format: 'fcl-kms-transaction',
      version: 1,
      arguments: sampleTransaction.arguments,
      proposalKey: { sequenceNumber: '41' },
      referenceBlockId: hexOf(sampleTransaction.referenceBlockId),
    })
  })

  it.each([
    ['nothing', '', 'MALFORMED_TRANSACTION'],
    ['0x', `0x${rlp}`, 'MALFORMED_HEX'],
    ['half a byte', rlp.slice(1), 'MALFORMED_HEX'],
    ['two line ends', `${rlp}\n\n`, 'MALFORMED_HEX'],
    ['a space before', ` ${rlp}`, 'MALFORMED_HEX'],
    ['one byte less', rlp.slice(0, -2), 'MALFORMED_TRANSACTION'],
    ['one byte more', `${rlp}00`, 'MALFORMED_TRANSACTION'],
    ['a payload alone', rlp.slice(6, -2), 'MALFORMED_TRANSACTION'],
    ['too many characters', 'ab'.repeat(MAX_TRANSACTION_BYTES + 2), 'MALFORMED_TRANSACTION'],
    ['much white space behind', `${json}${' '.repeat(3_000_000)}`, 'MALFORMED_TRANSACTION'],
    ['much white space', `${' '.repeat(3_000_000)}{}`, 'MALFORMED_TRANSACTION'],
    ['a list', '[]', 'MALFORMED_HEX'],
    ['an empty object', '{}', 'MALFORMED_TRANSACTION'],
    ['JSON that ends early', json.slice(0, -3), 'MALFORMED_TRANSACTION'],
    ['a key twice', json.replace('"payer"', '"payer": "0x01", "payer"'), 'MALFORMED_TRANSACTION'],
    ['deep nesting', `{"a":${'['.repeat(100_000)}`, 'MALFORMED_TRANSACTION'],
  ])('is refused with %s', (_, text, code) => {
    expect(() => decodeTransactionFile(text)).toThrow(refusal(code))
  })

  const digits = fields.referenceBlockId
  it.each<[string, object]>([
    ['another format', { format: 'other' }],
    ['another version', { version: 2 }],
    ['a version in a text', { version: '1' }],
    ['an unknown field', { note: 'trust me' }],
    ['a field less', { payer: undefined }],
    ['a script that is none', { cadence: null }],
    ['half a surrogate pair', { cadence: 'a\ud800' }],
    ['half of one in an argument', { arguments: ['"\udc00"'] }],
    ['arguments that are no texts', { arguments: [{ type: 'Int', value: '1' }] }],
    ['arguments that are no list', { arguments: {} }],
    ['a short block id', { referenceBlockId: digits.slice(2) }],
    ['a block id in capitals', { referenceBlockId: digits.toUpperCase() }],
    ['a limit in a text', { computeLimit: '100' }],
    ['half a limit', { computeLimit: 0.5 }],
    ['a limit below nothing', { computeLimit: -1 }],
    ['an address without 0x', { payer: fields.payer.slice(2) }],
    ['an address in capitals', { payer: fields.payer.replace('a', 'A').toUpperCase() }],
    ['an authorizer that is none', { authorizers: [7] }],
    ['no proposal key', { proposalKey: null }],
    ['a sequence number as number', { proposalKey: { ...fields.proposalKey, sequenceNumber: 41 } }],
    [
      'a sequence number with a zero before',
      { proposalKey: { ...fields.proposalKey, sequenceNumber: '041' } },
    ],
    [
      'a sequence number over 64 bits',
      { proposalKey: { ...fields.proposalKey, sequenceNumber: '18446744073709551616' } },
    ],
    ['a strange key of the proposal key', { proposalKey: { ...fields.proposalKey, weight: 1000 } }],
    [
      'a short signature',
      { envelopeSignatures: [{ ...fields.envelopeSignatures[0], signature: '00' }] },
    ],
    [
      'a signature of a stranger',
      { envelopeSignatures: [{ ...fields.envelopeSignatures[0], address: '0x00000000000000ff' }] },
    ],
    [
      'ten thousand signatures and one',
      { payloadSignatures: Array(10_001).fill(fields.payloadSignatures[0]) },
    ],
  ])('of JSON is refused with %s', (_, change) => {
    const text = JSON.stringify({ ...fields, ...change })
    expect(() => decodeTransactionFile(text)).toThrow(refusal('MALFORMED_TRANSACTION'))
  })

  it('is not written in a form that nobody knows, or too large to be read', () => {
    const yaml = 'yaml' as unknown as 'json' // as JavaScript would call it
    expect(() => encodeTransactionFile(sampleTransaction, yaml)).toThrow(refusal('INVALID_OPTION'))
    const cadence = '\u0001'.repeat(600_000) // six characters each in JSON
    const large = { ...sampleTransaction, cadence }
    expect(encodeTransactionFile(large).length).toBeLessThan(2 * MAX_TRANSACTION_BYTES)
    expect(() => encodeTransactionFile(large, 'json')).toThrow(refusal('MALFORMED_TRANSACTION'))
  })
})
