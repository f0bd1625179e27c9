/** From an input to a transaction and back, for any input; and what is no batch. */
import fc from 'fast-check'
import {
  argumentsByItem,
  splitBatchArguments,
} from '../../../../examples/admin-server/src/functions/batch-arguments.ts'
import { functionTemplates } from '../../../../examples/admin-server/src/functions/index.ts'
import { type MintInput, mint } from '../../../../examples/admin-server/src/functions/mint.ts'
import { shown } from '../../../../examples/admin-server/src/functions/shown-text.ts'
import { transfer } from '../../../../examples/admin-server/src/functions/transfer.ts'
import { combineArguments } from '../../../../src/relay/batch.ts'
import type { JsonCadence } from '../../../../src/relay/index.ts'
import type { JobRow } from '../../../../src/stores/store.ts'
import { decoded, inputs, refusedBy } from './inputs.ts'

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
const addresses = hex(16).map((digits) => `0x${digits}`)
const texts = (min: number, max: number) =>
  fc
    .string({ unit: 'grapheme', minLength: min, maxLength: max })
    .filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text) && Buffer.byteLength(text) <= max)
const urls = fc.webUrl({ validSchemes: ['https'], withQueryParameters: true })
const cuts = fc.integer({ min: 0, max: 10_000_000 }).map((units) => (units / 1e8).toFixed(8))
const optional = <T>(name: string, value: fc.Arbitrary<T>) =>
  fc.option(
    value.map((content) => ({ [name]: content })),
    { nil: {} },
  )

const mints: fc.Arbitrary<MintInput> = fc
  .tuple(
    fc.record({
      recipient: addresses,
      name: texts(1, 64),
      description: texts(0, 200),
      thumbnail: urls,
    }),
    optional('externalUrl', urls),
    optional(
      'edition',
      fc.oneof(
        fc.record({ number: fc.integer({ min: 1, max: 50 }) }),
        fc.record({
          name: texts(1, 32),
          number: fc.integer({ min: 1, max: 50 }),
          max: fc.integer({ min: 50, max: Number.MAX_SAFE_INTEGER }),
        }),
      ),
    ),
    optional('traits', fc.dictionary(texts(1, 16), texts(0, 32), { maxKeys: 8 })),
    optional(
      'royalties',
      fc.uniqueArray(fc.record({ receiver: addresses, cut: cuts }), {
        maxLength: 10,
        selector: ({ receiver }) => receiver,
      }),
    ),
  )
  .map((parts) => Object.assign({}, ...parts) as MintInput) // its parts make it whole
  .filter((input) => refusedBy(mint, input) === undefined)

/** As the relay stores and packs them. */
const packed = (items: readonly (readonly JsonCadence[])[]): readonly JsonCadence[] => {
  const jobs = items.map((args) => ({ arguments: args.map((value) => JSON.stringify(value)) }))
  // Of a row only the arguments are read.
  return combineArguments(jobs as unknown as readonly JobRow[]).map((text) => JSON.parse(text))
}

describe('a batch of mints', () => {
  it('comes apart into the arguments that went in, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(mints, { minLength: 1, maxLength: 12 }), (given) => {
        const items = given.map((input, index) => mint.toArguments(input, `rq_1-${index}`))
        const split = splitBatchArguments(packed(items))
        expect(split).toEqual(items)
        for (const [index, values] of split.entries()) {
          const { recipient, royalties = [] } = given[index] ?? {}
          expect(mint.inspect(values)).toEqual({
            jobId: `rq_1-${index}`,
            recipients: [...new Set([recipient, ...royalties.map(({ receiver }) => receiver)])],
            amount: 1,
          })
        }
      }),
      { numRuns: 150 },
    )
  })

  it('shows each value of each item in full', () => {
    fc.assert(
      fc.property(mints, (input) => {
        const { title, lines } = mint.describe(decoded(mint.toArguments(input, 'rq_1-0')))
        const values = lines.map(({ value }) => value)
        const { edition = {}, traits = {}, royalties = [] } = input
        const texts = [
          ...['rq_1-0', input.recipient, input.name, input.description, input.thumbnail],
          ...(input.externalUrl === undefined ? [] : [input.externalUrl]),
          ...Object.values(edition).map(String),
          ...Object.values(traits),
          ...royalties.map(({ cut }) => cut),
        ]
        for (const text of texts) expect(values).toContain(shown(text))
        const labels = lines.map(({ label }) => label).join('\n')
        for (const name of Object.keys(traits))
          expect(labels).toContain(`Trait "${shown(name).replaceAll('"', '\\"')}"`)
        for (const { receiver } of royalties) expect(labels).toContain(`Royalty to ${receiver}`)
        expect(title).toContain(input.recipient)
      }),
      { numRuns: 150 },
    )
  })
})

describe('splitBatchArguments', () => {
  const one = { type: 'String', value: 'a' }
  const array = (...value: readonly unknown[]) => ({ type: 'Array', value })
  it.each<[string, readonly JsonCadence[]]>([
    ['no arguments', []],
    ['no items', [array(), array()]],
    ['arrays that differ in length', [array(one, one), array(one)]],
    ['a longer array at the end', [array(one), array(one, one)]],
    ['what is no array', [array(one), one]],
    ['an array of another type', [array(one), { type: 'ConstantSizedArray', value: [one] }]],
    ['an array with a further field', [{ ...array(one), note: '' } as JsonCadence]],
    ['an array without a value', [{ type: 'Array' }]],
    ['an element that is no value', [array(one), array(null)]],
    ['an element without a type', [array({ value: 'a' })]],
    ['an element that is a text', [array('a')]],
  ])('refuses %s', (_, values) => {
    expect(() => splitBatchArguments(values)).toThrow(
      expect.objectContaining({ code: 'POLICY_REFUSED' }),
    )
  })

  it('leaves the arguments of a function without batches as they are', () => {
    const values = transfer.toArguments(inputs['transfer'], 'rq_1-0')
    expect(argumentsByItem(transfer, values)).toEqual([values])
    const item = mint.toArguments(inputs['mint'], 'rq_1-0')
    expect(argumentsByItem(mint, packed([item]))).toEqual([item])
  })
})

const inspected: Readonly<Record<string, object>> = {
  mint: {
    jobId: 'rq_1-0',
    recipients: ['0x01cf0e2f2f715450', '0x179b6b1cb6755e31'],
    amount: 1,
  },
  transfer: { recipients: ['0x01cf0e2f2f715450'], amount: 1 },
  'create-custodial-account': { recipients: [], amount: 1 },
  'add-proposal-keys': { recipients: [], amount: 25 },
}

describe.each(functionTemplates.map((template) => ({ name: template.name, template })))(
  'what $name reads from a transaction',
  ({ name, template }) => {
    const values = decoded(template.toArguments(inputs[name], 'rq_1-0'))
    const refusal = expect.objectContaining({ code: 'POLICY_REFUSED' })

    it('is what its input said', () => {
      expect(template.inspect(values)).toEqual(inspected[name])
    })

    it.each(values.map((_, index) => index))(
      'is refused when argument %d has another type',
      (at) => {
        const others = [
          { type: 'Bool', value: true },
          { ...values[at], note: '' } as JsonCadence, // a further field
          { type: values[at]?.type ?? '', value: {} },
          { type: values[at]?.type ?? '' },
          null as unknown as JsonCadence, // no JSON-Cadence at all
        ]
        for (const other of others) {
          const changed = values.map((value, index) => (index === at ? other : value))
          expect(() => template.inspect(changed)).toThrow(refusal)
          expect(() => template.describe(changed)).toThrow(refusal)
        }
      },
    )

    it('is refused when an argument is missing or one too many', () => {
      for (const changed of [
        values.slice(1),
        values.slice(0, -1),
        [...values, ...values.slice(0, 1)],
      ]) {
        expect(() => template.inspect(changed)).toThrow(refusal)
        expect(() => template.describe(changed)).toThrow(refusal)
      }
    })
  },
)
