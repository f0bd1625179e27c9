import { transactionLines } from '../../../src/cli/commands/transaction-summary.ts'
import { sampleTransaction } from '../crypto/transactions.ts'

describe('what is shown before it is signed', () => {
  it('is everything that the payload says', () => {
    const text = transactionLines(sampleTransaction).join('\n')
    for (const part of [
      '0x1112131415161718',
      '0x0102030405060708 index 3 sequence number 41',
      '0x0102030405060708, 0x2122232425262728',
      'ab'.repeat(32),
      'argument 0        {"type":"Int","value":"7"}',
    ])
      expect(text).toContain(part)
    expect(transactionLines({ ...sampleTransaction, arguments: [] }).at(-1)).toBe(
      'arguments         none',
    )
  })

  it('does not pass the beginning of a long argument for all of it', () => {
    const long = (end: string) => `{"type":"String","value":"${'a'.repeat(2_000)}${end}"}`
    const lineOf = (text: string) =>
      transactionLines({ ...sampleTransaction, arguments: [text] }).at(-1) ?? ''
    expect(lineOf(long('b'))).toMatch(
      /… only 200 of 2029 characters are shown; SHA3-256 [0-9a-f]{64}$/,
    )
    expect(lineOf(long('b'))).not.toBe(lineOf(long('c')))
  })
})
