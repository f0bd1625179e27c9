import fc from 'fast-check'
import { isSignerError } from '../../../src/errors.ts'
import { parseCadenceType } from '../../../src/policy/cadence-type.ts'
import { decodeArguments } from '../../../src/policy/decode-arguments.ts'
import { seed } from '../crypto/seed.ts'

const decode = (texts: readonly string[], ...types: readonly string[]) =>
  decodeArguments(texts, types.map(parseCadenceType), { chainId: 'flow-emulator' })
const malformed = (context: object = {}) =>
  expect.objectContaining({
    code: 'MALFORMED_CADENCE_VALUE',
    context: expect.objectContaining(context),
  })
const good = '{"type":"String","value":"a"}'
const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`

describe('decodeArguments', () => {
  it('gives the values in their order', () => {
    const texts = [good, '{ "value": "7",\n"type": "UInt8" }', '{"type":"Bool","value":true}']
    expect(decode(texts, 'String', 'UInt8', 'Bool')).toEqual([
      { type: 'String', value: 'a' },
      { type: 'UInt8', value: '7' },
      { type: 'Bool', value: true },
    ])
    expect(decode([])).toEqual([])
  })

  it.each([
    ['a key twice', '{"type":"String","value":"a","value":"b"}'],
    ['the first key twice', '{"type":"Address","type":"String","value":"a"}'],
    ['a key twice, once escaped', '{"type":"String","value":"a","\\u0076alue":"b"}'],
    [
      'a key twice, far from its colon',
      `{"type":"String","value":"a","value"${' '.repeat(500)}:"b"}`,
    ],
    ['a key twice deep inside', '{"type":"String","value":{"x":[{"y":1,"y":2}]}}'],
    ['__proto__', '{"type":"String","value":"a","__proto__":{"type":"Address"}}'],
    ['__proto__ for all', '{"__proto__":{"type":"String","value":"a"}}'],
    ['something after it', `${good}${good}`],
    ['a brace after it', `${good}}`],
    ['a comma at the end', '{"type":"String","value":"a",}'],
    ['single quotes', "{'type':'String','value':'a'}"],
    ['a comment', `${good}//`],
    ['a byte order mark', `\ufeff${good}`],
    ['no end', good.slice(0, -1)],
    ['no end of a text', good.slice(0, -2)],
    ['a backslash at the end', '{"type":"String","value":"\\'],
    ['a raw line feed in a text', '{"type":"String","value":"a\nb"}'],
    ['an unknown escape', '{"type":"String","value":"\\x41"}'],
    ['an unknown escape in a key', '{"\\x74ype":"String","value":"a"}'],
    ['half a surrogate pair, escaped', '{"type":"String","value":"\\ud800"}'],
    ['half a surrogate pair, plain', '{"type":"String","value":"\ud800"}'],
    ['NaN', '{"type":"String","value":NaN}'],
    ['undefined', 'undefined'],
    ['null', 'null'],
    ['a text alone', '"a"'],
    ['an array', '["String","a"]'],
    ['nothing', ''],
    ['65 levels', deep(65)],
    ['10,000 levels', deep(10_000)],
    ['500,000 levels without an end', '['.repeat(500_000)],
    [
      '10,000 levels of optionals',
      `${'{"type":"Optional","value":'.repeat(10_000)}null${'}'.repeat(10_000)}`,
    ],
    ['1,500,000 characters', `{"type":"String","value":"${'x'.repeat(1_500_000)}"}`],
    ['1,500,000 spaces', `${good}${' '.repeat(1_500_000)}`],
    ['1,500,000 bytes', `{"type":"String","value":"${'\u20ac'.repeat(500_000)}"}`],
  ])('refuses %s', (_, text) => {
    expect(decode([good], 'String')).toHaveLength(1)
    expect(() => decode([text], 'String')).toThrow(
      malformed({ path: expect.stringMatching(/^\[0\]/) }),
    )
  })

  it.each([
    ['arrays', deep(65)],
    ['objects', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`],
  ])('looks no deeper than 64 levels of %s', (_, text) => {
    const reason = 'it has more than 64 levels'
    expect(() => decode([text], 'String')).toThrow(malformed({ reason }))
  })

  it('takes braces, colons and quotation marks inside of texts', () => {
    const value = '{"a":1,"a":2}[[["\\"": {'
    const text = JSON.stringify({ type: 'String', value })
    expect(decode([text], 'String')).toEqual([{ type: 'String', value }])
  })

  it('takes the same key in two objects', () => {
    const list = `{"type":"Array","value":[${good},${good}]}`
    expect(decode([list], '[String]')).toHaveLength(1)
  })

  it('takes 1,400,000 bytes in all, and not one more', () => {
    const half = (bytes: number) => `{"type":"String","value":"${'x'.repeat(bytes - 28)}"}`
    expect(half(700_000)).toHaveLength(700_000)
    expect(decode([half(700_000), half(700_000)], 'String', 'String')).toHaveLength(2)
    const more = [half(700_000), half(700_001)]
    expect(() => decode(more, 'String', 'String')).toThrow(malformed({ path: '[1]' }))
  })

  it.each([
    ['too few', [good]],
    ['too many', [good, good, good]],
    ['none', []],
  ])('refuses arguments that are %s', (_, texts) => {
    expect(decode([good, good], 'String', 'String')).toHaveLength(2)
    expect(() => decode(texts, 'String', 'String')).toThrow(malformed({ expected: '2 arguments' }))
  })

  it.each([[[7]], [[null]], [[undefined]], [[{ type: 'String', value: 'a' }]]])(
    'refuses %j, which is no text',
    (texts) => {
      // The caller is JavaScript.
      expect(() => decode(texts as unknown as string[], 'String')).toThrow(malformed())
    },
  )

  it('tells which argument and where', () => {
    const bad = '{"type":"Array","value":[{"type":"UInt8","value":"256"}]}'
    expect(() => decode([good, bad], 'String', '[UInt8]')).toThrow(
      malformed({ path: '[1].value[0].value', expected: 'UInt8', reason: 'it is out of range' }),
    )
  })

  it(`refuses or reads any text, and reads it as JSON.parse does (FCL_KMS_SEED=${seed})`, () => {
    const pieces = fc.constantFrom(
      ...['{', '}', '[', ']', '"', '\\', ':', ',', ' '],
      good,
      '"a"',
      '1',
    )
    const anyText = fc.oneof(
      fc.array(pieces, { maxLength: 12 }).map((list) => list.join('')),
      fc.json().map((json) => `{"type":"String","value":${json}}`),
    )
    const property = fc.property(anyText, (text) => {
      try {
        expect(decode([text], 'String')).toEqual([JSON.parse(text)])
      } catch (error) {
        if (!isSignerError(error, 'MALFORMED_CADENCE_VALUE')) throw error
      }
    })
    fc.assert(property, { seed, numRuns: 2_000 })
  })
})
