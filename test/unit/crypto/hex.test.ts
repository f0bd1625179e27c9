import fc from 'fast-check'
import { bytesToHex, hexToBytes } from '../../../src/crypto/hex.ts'
import { seed } from './seed.ts'

const refused: readonly (readonly [string, unknown])[] = [
  ['an odd number of digits (E7)', 'abc'],
  ['one digit', 'a'],
  ['0x', '0x'],
  ['0x in front', '0xabcd'],
  ['0X in front', '0Xabcd'],
  ['letters after f (E7)', 'zz'],
  ['a good start', 'abcdzz'],
  ['a good end', 'zzabcd'],
  ['a space', 'ab cd '],
  ['a space in front', ' abcd '],
  ['a line feed at the end', 'abc\n'],
  ['a line feed after an even number', 'abcd\n\n'],
  ['a null byte', 'ab\0\0'],
  ['full-width digits', '１２'],
  ['Arabic-Indic digits', '١٢'],
  ['a Cyrillic а', 'аa'],
  ['a combining mark', 'a\u0301'],
  ['a sign', '-1'],
  ['an exponent', '1e+5'],
  ['a separator', 'ab_c'],
  ['a lone surrogate', '\ud800a'],
  ['undefined', undefined],
  ['null', null],
  ['a number', 12],
  ['a bigint', 12n],
  ['bytes', new Uint8Array(2)],
  ['an array of digits', ['a', 'b']],
  ['an object with toString', { toString: () => 'abcd' }],
]

describe('hexToBytes', () => {
  it.each(refused)('refuses %s', (_, value) => {
    // As JavaScript would call it, past the types.
    expect(() => hexToBytes(value as string, 'message')).toThrow(
      expect.objectContaining({
        code: 'MALFORMED_HEX',
        disposition: 'fail',
        context: expect.objectContaining({ field: 'message' }),
      }),
    )
  })

  it('never shows the value', () => {
    const secret = 'c0ffee'.repeat(10)
    expect(() => hexToBytes(`${secret}f`, 'privateKey')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('c0ffee') }),
    )
  })

  it('reads the empty text as zero bytes', () => {
    expect(hexToBytes('', 'message')).toEqual(new Uint8Array())
  })

  it('reads digits of either case', () => {
    expect(hexToBytes('aBCdEf09', 'message')).toEqual(new Uint8Array([0xab, 0xcd, 0xef, 0x09]))
  })

  it('reads back what bytesToHex wrote, which is lower-case without 0x', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const hex = bytesToHex(bytes)
        expect(hex).toMatch(/^([0-9a-f]{2})*$/)
        expect(hexToBytes(hex, 'message')).toEqual(bytes)
        expect(hexToBytes(hex.toUpperCase(), 'message')).toEqual(bytes)
      }),
      { seed },
    )
  })
})

describe('bytesToHex', () => {
  it('writes a window, not the array behind it', () => {
    const larger = new Uint8Array([1, 2, 3, 4, 5])
    expect(bytesToHex(larger.subarray(1, 3))).toBe('0203')
  })
})
