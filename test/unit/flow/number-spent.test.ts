import { spendsSequenceNumber } from '../../../src/flow/number-spent.ts'

describe('spendsSequenceNumber', () => {
  it.each([
    { codes: [], spends: true },
    { codes: [1101], spends: true },
    { codes: [1103], spends: true },
    { codes: [1110], spends: true },
    { codes: [1118], spends: true },
    { codes: [4_242], spends: true },
    { codes: [1101, 1101, 1007], spends: true }, // the text of a panic
    { codes: [1007], spends: false },
    { codes: [1006, 1008], spends: false },
    { codes: [1006, 1009], spends: false },
    { codes: [1055], spends: false },
    { codes: [1202, 1006, 1009, 1202], spends: false },
  ])('says $spends of $codes', ({ codes, spends }) => {
    expect(spendsSequenceNumber(codes)).toBe(spends)
  })
})
