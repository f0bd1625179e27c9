import { t } from '@onflow/sdk'
import fc from 'fast-check'
import { parseCadenceType } from '../../../src/policy/cadence-type.ts'
import { assertCadenceValue, type CadenceValue } from '../../../src/policy/cadence-value.ts'
import { codePoint } from '../../support/code-points.ts'
import { seed } from '../crypto/seed.ts'
import { address, refusedValues } from './refused-values.ts'

const options = { chainId: 'flow-emulator' }
const malformed = (context: object = {}) =>
  expect.objectContaining({
    code: 'MALFORMED_CADENCE_VALUE',
    context: expect.objectContaining(context),
  })
const check = (value: unknown, type: string) => {
  assertCadenceValue(value, parseCadenceType(type), options)
}
const text = (value: string) => ({ type: 'String', value })

describe('assertCadenceValue', () => {
  it('has a table of at least 80 values to refuse, each with its own id', () => {
    expect(new Set(refusedValues.map(({ id }) => id)).size).toBe(refusedValues.length)
    expect(refusedValues.length).toBeGreaterThanOrEqual(80)
  })

  it.each(refusedValues)('refuses $id, and takes its twin', ({ type, good, bad }) => {
    expect(() => check(good, type)).not.toThrow()
    expect(() => check(bad, type)).toThrow(malformed())
  })

  it.each([
    ['an injection into Cadence', '"); signer.storage.load<@AnyResource>(from: /storage/x); log("'],
    ['an injection into SQL', "'; DROP TABLE jobs; --"],
    ['an injection into HTML', '<script>alert(1)</script>'],
    ['JSON', '{"type":"Address","value":"0x01cf0e2f2f715450"}'],
    ['an address', address],
    ['control characters', '\u0000\u001b[2J\r\n'],
    ['a pair of surrogates', '\ud83d\ude00'],
    ['nothing', ''],
  ])('takes %s as a plain String, and not as an Address', (_, value) => {
    expect(() => check(text(value), 'String')).not.toThrow()
    expect(() => check(text(value), 'Address')).toThrow(malformed({ expected: 'Address' }))
  })

  it.each([
    ['Bool', { type: 'Bool', value: false }],
    ['String?', { type: 'Optional', value: null }],
    ['Character', { type: 'Character', value: '\ud83c\uddfa\ud83c\uddf8' }],
    ['UFix64', { type: 'UFix64', value: '0.00000001' }],
    ['Fix64', { type: 'Fix64', value: '-0.00000001' }],
    ['Int', { type: 'Int', value: '0' }],
    ['[UInt8]', { type: 'Array', value: [] }],
    ['{String: Bool}', { type: 'Dictionary', value: [] }],
    ['{String: Bool}?', { type: 'Optional', value: { type: 'Dictionary', value: [] } }],
  ])('takes a value of %s at its edge', (type, value) => {
    expect(() => check(value, type)).not.toThrow()
  })

  it('tells where, what is expected and why, and shows nothing of the value', () => {
    const secret = 'correct horse battery staple'
    const value = { type: 'Dictionary', value: [{ key: text('a'), value: text(secret) }] }
    const error = thrownBy(() => check(value, '{String: UInt8}'))
    expect(error).toMatchObject({
      disposition: 'fail',
      context: { path: '.value[0].value', expected: 'UInt8', reason: 'its type is not UInt8' },
    })
    expect(JSON.stringify(error) + String(error)).not.toContain('horse')
  })

  it('checks the addresses of the chain it is told', () => {
    const type = parseCadenceType('Address')
    const value = { type: 'Address', value: '0x9a0766d93b6608b7' }
    expect(() => assertCadenceValue(value, type, { chainId: 'flow-testnet' })).not.toThrow()
    expect(() => assertCadenceValue(value, type, { chainId: 'flow-mainnet' })).toThrow(malformed())
  })

  it.each([[{ chainId: 'flow' }], [{}], [{ ...options, strict: true }], [null]])(
    'refuses the options %j',
    (given) => {
      // The caller is JavaScript.
      const wrong = given as unknown as typeof options
      const type = parseCadenceType('String')
      const refusal = expect.objectContaining({ code: 'INVALID_OPTION' })
      expect(() => assertCadenceValue(text('a'), type, wrong)).toThrow(refusal)
    },
  )

  it('does not follow a circle', () => {
    const circle: { type: string; value: unknown } = { type: 'Optional', value: null }
    circle.value = circle
    expect(() => check(circle, 'String???')).toThrow(malformed({ expected: 'String' }))
  })
})

/** What a caller passes to @onflow/types for a type. */
type Sample = { readonly name: string; readonly descriptor: Descriptor; readonly input: unknown }
type Descriptor = { readonly asArgument: (input: never) => unknown }

const bigint = (min: bigint, max: bigint) => fc.bigInt(min, max).map(String)
const integers = [8, 16, 32, 64, 128, 256].flatMap((bits) => {
  const half = 2n ** BigInt(bits - 1)
  return [
    { name: `Int${bits}`, input: bigint(-half, half - 1n) },
    { name: `UInt${bits}`, input: bigint(0n, 2n * half - 1n) },
    { name: `Word${bits}`, input: bigint(0n, 2n * half - 1n) },
  ]
})
const fixedPoint = (min: bigint, max: bigint) =>
  fc.bigInt(min, max).map((value) => {
    const digits = (value < 0n ? -value : value).toString().padStart(9, '0')
    return `${value < 0n ? '-' : ''}${digits.slice(0, -8)}.${digits.slice(-8)}`
  })
const identifier = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/)
const simple: readonly { readonly name: string; readonly input: fc.Arbitrary<unknown> }[] = [
  ...integers,
  { name: 'Int', input: fc.bigInt().map(String) },
  { name: 'UInt', input: fc.bigInt({ min: 0n }).map(String) },
  { name: 'Fix64', input: fixedPoint(-(2n ** 63n), 2n ** 63n - 1n) },
  { name: 'UFix64', input: fixedPoint(0n, 2n ** 64n - 1n) },
  { name: 'String', input: fc.string({ unit: codePoint }) },
  { name: 'Character', input: fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 1 }) },
  { name: 'Bool', input: fc.boolean() },
  { name: 'Address', input: fc.constantFrom(address, '0xf8d6e0586b0a20c7') },
  { name: 'Path', input: fc.record({ domain: fc.constantFrom('storage', 'public'), identifier }) },
]
const descriptors: Readonly<Record<string, unknown>> = { ...t }
const leaf = fc.constantFrom(...simple).chain(({ name, input }) =>
  input.map((value): Sample => {
    const descriptor = descriptors[name] as Descriptor // each of them is in @onflow/types
    return { name, descriptor, input: value }
  }),
)
/** One level around a sample: the sdk's own functions make the descriptor. */
const nested = (inner: fc.Arbitrary<Sample>): fc.Arbitrary<Sample> =>
  fc.record({ inner, kind: fc.nat(3) }).map(({ inner: { name, descriptor, input }, kind }) => {
    const child = descriptor as never // its generics say nothing about what it takes
    if (kind === 0) return { name: `${name}?`, descriptor: t.Optional(child), input }
    if (kind === 1) return { name: `${name}?`, descriptor: t.Optional(child), input: null }
    if (kind === 2) return { name: `[${name}]`, descriptor: t.Array(child), input: [input, input] }
    const entry = { key: t.String, value: child }
    const entries = [
      { key: 'a', value: input },
      { key: 'b', value: input },
    ]
    return { name: `{String: ${name}}`, descriptor: t.Dictionary(entry), input: entries }
  })
const sample = fc.oneof(leaf, nested(leaf), nested(nested(leaf)), nested(nested(nested(leaf))))
/** As the sdk does, `input` is of the type that the descriptor takes. */
const encode = ({ descriptor, input }: Sample) => descriptor.asArgument(input as never)

describe(`against @onflow/types (FCL_KMS_SEED=${seed})`, () => {
  it('takes what it encodes', () => {
    const property = fc.property(sample, (one) => {
      expect(() => check(encode(one), one.name)).not.toThrow()
    })
    fc.assert(property, { seed, numRuns: 1_000 })
  })

  it('refuses it when one character of a type in it has changed', () => {
    const place = fc.nat()
    const letter = fc.constantFrom(...'aZ0 _')
    const property = fc.property(sample, place, place, letter, (one, which, where, other) => {
      const copy = structuredClone(encode(one))
      const tagged = valuesIn(copy)
      const target = tagged[which % tagged.length]
      if (target === undefined) throw new Error('there is a value')
      const { type } = target
      const index = where % type.length
      fc.pre(type.charAt(index) !== other)
      target.type = `${type.slice(0, index)}${other}${type.slice(index + 1)}`
      expect(() => check(copy, one.name)).toThrow(malformed())
    })
    fc.assert(property, { seed, numRuns: 1_000 })
  })

  it('refuses it as a value of any other simple type', () => {
    const names = fc.constantFrom(...simple.map(({ name }) => name))
    const property = fc.property(leaf, names, (one, other) => {
      fc.pre(other !== one.name)
      expect(() => check(encode(one), other)).toThrow(malformed({ expected: other }))
    })
    fc.assert(property, { seed, numRuns: 500 })
  })
})

/** Every value in a value that @onflow/types made, itself first. */
function valuesIn(value: unknown): { type: string }[] {
  const { type, value: content } = value as CadenceValue
  const inner =
    type === 'Optional' && content !== null
      ? [content]
      : type === 'Array'
        ? (content as unknown[])
        : type === 'Dictionary'
          ? (content as { key: unknown; value: unknown }[]).flatMap((one) => [one.key, one.value])
          : []
  return [value as { type: string }, ...inner.flatMap(valuesIn)]
}

function thrownBy(run: () => void): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('it threw nothing')
}
