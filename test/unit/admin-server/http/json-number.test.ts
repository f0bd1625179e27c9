import fc from 'fast-check'
import { isExact } from '../../../../examples/admin-server/src/http/json-number.ts'

/** A decimal as a whole number and a power of ten. */
function read(token: string): readonly [mantissa: bigint, power: number] {
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? []
  return [BigInt(`${sign}${whole}${fraction}`), Number(power) - fraction.length]
}

/** Whether both are one number, by exact arithmetic. */
function isSame(one: string, other: string): boolean {
  const [[a, powerOfA], [b, powerOfB]] = [read(one), read(other)]
  const least = Math.min(powerOfA, powerOfB)
  return a * 10n ** BigInt(powerOfA - least) === b * 10n ** BigInt(powerOfB - least)
}

const digits = (maxLength: number) => fc.stringMatching(new RegExp(`^\\d{1,${maxLength}}$`))
const numbers = fc
  .tuple(
    fc.constantFrom('', '-'),
    digits(17),
    fc.option(digits(12), { nil: undefined }),
    fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'e-'), fc.integer({ min: 0, max: 320 })), {
      nil: undefined,
    }),
  )
  .map(
    ([sign, whole, fraction, power]) =>
      `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}${power?.join('') ?? ''}`,
  )
  .filter((token) => token.length <= 32)

describe('isExact', () => {
  it('is whether what is read is what was written, by exact arithmetic', () => {
    fc.assert(
      fc.property(numbers, (token) => {
        const value = Number(token)
        const isRight =
          Number.isFinite(value) &&
          Math.abs(value) <= Number.MAX_SAFE_INTEGER &&
          !Object.is(value, -0) &&
          isSame(token, String(value))
        expect([token, isExact(token)]).toEqual([token, isRight])
      }),
      { numRuns: 5_000 },
    )
  })

  it.each([
    '0',
    '1',
    '-1',
    '0.1',
    '1.50',
    '15e-1',
    '1e15',
    '9007199254740991',
    '-9007199254740991',
    '9007199254740991.0',
    '0e400',
    '5e-324',
    '123456789012345',
    '0.123456789012345',
    '1E+2',
  ])('takes %s', (token) => {
    expect(isExact(token)).toBe(true)
  })

  it.each([
    '',
    '-',
    '.',
    '1.',
    '.5',
    '+1',
    '1e',
    '1e+',
    '1e1.5',
    '1.2.3',
    '--1',
    '1-',
    'e1',
    '-0',
    '-0.00',
    '9007199254740992',
    '9007199254740993',
    '1e16',
    '1e400',
    '1e-400',
    '0.1000000000000000055',
    '4.9e-324',
    '1'.repeat(33),
    'Infinity',
    'NaN',
    '0x10',
    '1_000',
    '1 ',
  ])('refuses %j', (token) => {
    expect(isExact(token)).toBe(false)
  })
})
