import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { canonicalJson, chainHash } from '../../../../examples/admin-server/src/audit/canonical.ts'
import { codePoint } from '../../../support/code-points.ts'

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
const loop: { self?: unknown } = {}
loop.self = loop

describe('canonicalJson', () => {
  it.each<[unknown, string]>([
    [null, 'null'],
    [true, 'true'],
    [-0, '0'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['€$\u000f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'], // RFC 8785 3.2.2
    [[3, [], {}], '[3,[],{}]'],
    [{ b: 1, a: { d: 2, c: 3 } }, '{"a":{"c":3,"d":2},"b":1}'],
    [Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    [JSON.parse('{"__proto__":1,"a":2}'), '{"__proto__":1,"a":2}'],
    [nested(32), `${'['.repeat(32)}1${']'.repeat(32)}`],
  ])('writes %j as %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text)
  })

  it('sorts members by UTF-16 code units, as RFC 8785 3.2.3 shows', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6']
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33']
    const text = canonicalJson(Object.fromEntries(keys.map((key) => [key, 0])))
    expect(text).toBe(`{${sorted.map((key) => `${JSON.stringify(key)}:0`).join()}}`)
  })

  it.each<[string, unknown, string]>([
    ['undefined', { a: undefined }, '/a'],
    ['a hole', { a: Object.assign([], { 1: 1 }) }, '/a/0'],
    ['a fraction', [0.1], '/0'],
    ['NaN', Number.NaN, ''],
    ['2^53', 2 ** 53, ''],
    ['a bigint', { a: { b: 1n } }, '/a/b'],
    ['a function', { toJSON: () => 1 }, '/toJSON'],
    ['a symbol', Symbol('a'), ''],
    ['half a pair', 'a\udc00', ''],
    ['half a pair in a key', { '\ud800': 1 }, '/?'],
    ['a Date', new Date(0), ''],
    ['a Map', new Map(), ''],
    ['bytes', new Uint8Array(1), ''],
    ['an instance of a class', new (class A {})(), ''],
    ['too deep a value', nested(33), '/0'.repeat(32)],
    ['what contains itself', loop, '/self'.repeat(32).slice(0, 100)],
  ])('refuses %s', (_, value, path) => {
    const refusal = { code: 'INTERNAL', facts: { part: 'audit', path } }
    expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: refusal.code }))
    try {
      canonicalJson(value)
    } catch (thrown) {
      expect(thrown).toMatchObject(refusal)
    }
  })

  it('is read back as it was, and does not depend on the order of members', () => {
    const values = fc
      .jsonValue({ stringUnit: codePoint, maxDepth: 4 })
      .map((value): unknown =>
        JSON.parse(JSON.stringify(value), (_, one) =>
          typeof one === 'number' ? Math.trunc(one) % 1e9 : one,
        ),
      )
    fc.assert(
      fc.property(values, (value) => {
        const text = canonicalJson(value)
        expect(canonicalJson(JSON.parse(text))).toBe(text)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
      { numRuns: 300 },
    )
  })
})

it('hashes the previous hash, a line feed and the text in UTF-8', () => {
  const bytes = Buffer.from(`${'0'.repeat(64)}\n{"a":"ü"}`, 'utf8')
  const digest = createHash('sha256').update(bytes).digest('hex')
  expect(chainHash('0'.repeat(64), '{"a":"ü"}')).toBe(digest)
})
