import fc from 'fast-check'
import { isAdminError } from '../../../../examples/admin-server/src/errors.ts'
import { jsonBounds } from '../../../../examples/admin-server/src/http/json-scan.ts'
import { parseStrictJson } from '../../../../examples/admin-server/src/http/strict-json.ts'
import { codePoint } from '../../../support/code-points.ts'

const parse = (text: string) => parseStrictJson(Buffer.from(text))
/** The value, or the reason of the refusal. */
function outcome(bytes: Uint8Array): { value: unknown } | { reason: unknown } {
  try {
    return { value: parseStrictJson(bytes) }
  } catch (thrown) {
    if (isAdminError(thrown, 'MALFORMED_BODY')) return { reason: thrown.facts['reason'] }
    throw thrown
  }
}
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
const members = (count: number) =>
  `{${Array.from({ length: count }, (_, n) => `"k${n}":0`).join(',')}}`

describe('parseStrictJson', () => {
  it.each([
    ['EMPTY', ''],
    ['BYTE_ORDER_MARK', '\ufeff{}'],
    ['NOT_JSON', '{'],
    ['NOT_JSON', '"'],
    ['NOT_JSON', '"\\'],
    ['NOT_JSON', '"\\u00"'],
    ['NOT_JSON', 'nul'],
    ['NOT_JSON', '[01]'],
    ['NUMBER_NOT_EXACT', '[-]'],
    ['TOO_DEEP', nested(jsonBounds.depth + 1)],
    ['TOO_MANY_ENTRIES', `[${'0,'.repeat(jsonBounds.entries)}0]`],
    ['TOO_MANY_ENTRIES', members(jsonBounds.membersPerObject + 1)],
    ['DUPLICATE_KEY', '{"a":1,"a":1}'],
    ['DUPLICATE_KEY', '{"a":1,"\\u0061":1}'],
    ['DUPLICATE_KEY', '{"a":[{"b":1}],"c":{"b":1,"d":"b","b":2}}'],
    ['FORBIDDEN_KEY', '{"__proto__":1}'],
    ['FORBIDDEN_KEY', '{"a":{"constructor":1}}'],
    ['FORBIDDEN_KEY', '[{"prototype":1}]'],
    ['FORBIDDEN_KEY', '{"__proto\\u005f_":1}'],
    ['FORBIDDEN_CHARACTER', '"\\u0000"'],
    ['FORBIDDEN_CHARACTER', '"\\ud800"'],
    ['FORBIDDEN_CHARACTER', '{"\\udfff":1}'],
    ['NUMBER_NOT_EXACT', '1e400'],
    ['NUMBER_NOT_EXACT', '-0'],
    ['NUMBER_NOT_EXACT', '-0.0e5'],
    ['NUMBER_NOT_EXACT', '1e-400'],
    ['NUMBER_NOT_EXACT', '9007199254740992'],
    ['NUMBER_NOT_EXACT', '-9007199254740993'],
    ['NUMBER_NOT_EXACT', '0.1000000000000000055'],
    ['NUMBER_NOT_EXACT', `1${'0'.repeat(1_000_000)}1`],
  ])('refuses with %s: %#', (reason, text) => {
    expect(outcome(Buffer.from(text))).toEqual({ reason })
  })

  it('refuses bytes that are not UTF-8', () => {
    expect(outcome(Uint8Array.of(0x22, 0xff, 0x22))).toEqual({ reason: 'NOT_UTF8' })
  })

  it('gives the offset of what it refuses, in characters', () => {
    expect(() => parse('{"a":1, "a":2}')).toThrow(
      expect.objectContaining({ facts: { reason: 'DUPLICATE_KEY', offset: 8 } }),
    )
  })

  it.each([
    nested(jsonBounds.depth),
    members(jsonBounds.membersPerObject),
    '[0, 1.50, 1e2, 1.5E+1, 25e-2, 0e9, 0.1, -7, 9007199254740991, 0.30000000000000004, 5e-324]',
    '{"a":{"a":{"a":["a","a"]}},"b":"a","c":"\\"a\\":1,\\"a\\":1"}',
    '"\\ud83d\\ude00 \\\\u0000 __proto__"',
    '{"":"constructor","\\\\":"","\\"":1}',
    ' [ true , false , null ] ',
  ])('takes what JSON.parse takes: %#', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text))
  })

  it('agrees with JSON.parse on each value that JSON can hold exactly', () => {
    const value = fc.jsonValue({ maxDepth: 6, stringUnit: codePoint })
    fc.assert(
      fc.property(value, fc.constantFrom(0, 2, '\t'), (given, space) => {
        const text = JSON.stringify(given, null, space)
        const result = outcome(Buffer.from(text))
        if ('value' in result) expect(result.value).toEqual(JSON.parse(text))
        else expect(result.reason).toMatch(/^(?:FORBIDDEN_|NUMBER_NOT_EXACT)/)
      }),
      { numRuns: 3_000 },
    )
  })

  it('takes no text that JSON.parse refuses, and throws nothing else', () => {
    const piece = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '\\',
        '\\"',
        '"a"',
        '"b"',
        '0',
        '-',
        '1e5',
        '.',
        'u00',
      ],
      ...['true', 'null', ' ', '\n', '\u0000', '/*', "'", 'é', '{"a":', '[1,', '"\\u0061"'],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        const text = pieces.join('')
        const result = outcome(Buffer.from(text))
        if ('value' in result) expect(result.value).toEqual(JSON.parse(text))
      }),
      { numRuns: 20_000 },
    )
  })

  it('is total on bytes at random', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        outcome(bytes)
      }),
      { numRuns: 5_000 },
    )
  })

  it.each([
    ['zeros', `${'0'.repeat(2_000_000)}1`],
    ['zeros within a fraction', `0.1${'0'.repeat(1_000_000)}1`],
    ['backslashes', `"${'\\\\'.repeat(1_000_000)}"`],
    ['quotes', '"'.repeat(2_000_000)],
    ['brackets', '['.repeat(2_000_000)],
    ['minus signs', '-'.repeat(2_000_000)],
    ['escapes', `["${'\\u0041'.repeat(300_000)}"]`],
  ])('takes time in proportion to the length: 2 MB of %s', (_name, text) => {
    const start = performance.now()
    outcome(Buffer.from(text))
    expect(performance.now() - start).toBeLessThan(5_000)
  })
})
