/** Ids and digests: the same wherever they are made, and of nothing else. */
import fc from 'fast-check'
import {
  argumentTexts,
  bodyHashOf,
  digestOf,
  type Intent,
  jobIdOf,
  orderedText,
  requestIdOf,
  requestIdOfJob,
} from '../../../../examples/admin-server/src/requests/intent.ts'
import { seed } from '../../crypto/seed.ts'

const id = `rq_${'0'.repeat(32)}`
const intent: Intent = {
  ...{ chainId: 'flow-emulator', account: '0x01cf0e2f2f715450', requestId: id },
  ...{ functionName: 'mint', cadenceHash: 'c'.repeat(64), computeLimit: null },
  items: [['"a"', '"b"'], ['"c"']],
}

describe('request ids', () => {
  it('are these for good, since after a restore they name the same on chain', () => {
    expect(requestIdOf('shop', 'order-1')).toBe('rq_e2b81fda185bc2e8206b74a5cadb2ef8')
    expect(jobIdOf(id, 12)).toBe(`${id}-12`)
  })

  it('differ when requester or key do, also where the two together read the same', () => {
    const pairs = [
      ...[
        ['shop', 'a'],
        ['shop', 'A'],
        ['Shop', 'a'],
        ['sho', 'pa'],
        ['shop"', 'a'],
      ],
      ...[
        ['shop,a', ''],
        ['shop","', 'a'],
        ['shop', 'a '],
        ['shop', ''],
      ],
    ]
    const ids = pairs.map(([requester = '', key = '']) => requestIdOf(requester, key))
    expect(new Set(ids).size).toBe(pairs.length)
    for (const one of ids) expect(one).toMatch(/^rq_[0-9a-f]{32}$/)
  })

  it.each([
    [`${id}-0`, id],
    [`${id}-999`, id],
    [`${id}-10000`, undefined],
    [`${id}-`, undefined],
    [`${id}`, undefined],
    [`${id}-1x`, undefined],
    [`x${id}-1`, undefined],
    [id.toUpperCase(), undefined],
    [`${id}-1\n`, undefined],
    ['somebody-else-1', undefined],
  ])('of the job %j is %s', (job, expected) => {
    expect(requestIdOfJob(job)).toBe(expected)
  })
})

describe('orderedText', () => {
  it(`does not depend on the order of keys (FCL_KMS_SEED=${seed})`, () => {
    const shuffled = fc.jsonValue().chain((value) =>
      fc.infiniteStream(fc.nat()).map((numbers) => {
        const turned = (part: unknown): unknown => {
          if (Array.isArray(part)) return part.map(turned)
          if (typeof part !== 'object' || part === null) return part
          const entries = Object.entries(part).map(([key, one]) => [key, turned(one)] as const)
          const order = entries.map((entry) => [Number(numbers.next().value), entry] as const)
          return Object.fromEntries(order.sort(([a], [b]) => a - b).map(([, entry]) => entry))
        }
        return [value, turned(value)] as const
      }),
    )
    const property = fc.property(shuffled, ([one, other]) => {
      expect(orderedText(other)).toBe(orderedText(one))
      expect(JSON.parse(orderedText(one))).toEqual(JSON.parse(JSON.stringify(one)))
    })
    fc.assert(property, { seed, numRuns: 1_000 })
  })

  it('keeps the order of lists', () => {
    expect(orderedText([2, 1])).toBe('[2,1]')
  })

  it('writes arguments as the relay writes them', () => {
    const values = [{ value: 'x', type: 'String' }]
    expect(argumentTexts(values)).toEqual(['{"type":"String","value":"x"}'])
  })
})

describe('digestOf', () => {
  it('is the same for the same', () => {
    expect(digestOf({ ...intent, items: [['"a"', '"b"'], ['"c"']] })).toBe(digestOf(intent))
    expect(digestOf(intent)).toMatch(/^[0-9a-f]{64}$/)
  })

  const changes: readonly [string, Partial<Intent>][] = [
    ['chain', { chainId: 'flow-testnet' }],
    ['account', { account: '0x01cf0e2f2f715451' }],
    ['request', { requestId: `rq_${'1'.repeat(32)}` }],
    ['function', { functionName: 'transfer' }],
    ['Cadence', { cadenceHash: 'd'.repeat(64) }],
    ['compute limit', { computeLimit: 0 }],
    ['argument', { items: [['"a"', '"B"'], ['"c"']] }],
    ['order of items', { items: [['"c"'], ['"a"', '"b"']] }],
    ['order of arguments', { items: [['"b"', '"a"'], ['"c"']] }],
    ['cut between items', { items: [['"a"'], ['"b"', '"c"']] }],
    ['cut between arguments', { items: [['"a","b"'], ['"c"']] }],
    ['item less', { items: [['"a"', '"b"']] }],
    ['item more', { items: [...intent.items, ['"c"']] }],
    ['empty item more', { items: [...intent.items, []] }],
  ]
  it.each(changes)('is another with another %s', (_, change) => {
    expect(digestOf({ ...intent, ...change })).not.toBe(digestOf(intent))
  })

  it(`is never the same for two different ones (FCL_KMS_SEED=${seed})`, () => {
    const intents = fc.record({
      chainId: fc.constantFrom('flow-emulator', 'flow-testnet'),
      account: fc.constantFrom('0x1', '0x2'),
      requestId: fc.constantFrom('a', 'b'),
      functionName: fc.constantFrom('mint', 'transfer'),
      cadenceHash: fc.constantFrom('c', 'd'),
      computeLimit: fc.constantFrom(null, 1),
      items: fc.array(fc.array(fc.constantFrom('', '"', ',', '],[', 'a'), { maxLength: 3 }), {
        maxLength: 3,
      }),
    })
    const property = fc.property(intents, intents, (one, other) => {
      const same = JSON.stringify(one) === JSON.stringify(other)
      expect(digestOf(one) === digestOf(other)).toBe(same)
    })
    fc.assert(property, { seed, numRuns: 2_000 })
  })
})

describe('bodyHashOf', () => {
  it('takes bodies for the same whose keys stand in another order', () => {
    expect(bodyHashOf({ a: 1, b: { d: 2, c: 3 } })).toBe(bodyHashOf({ b: { c: 3, d: 2 }, a: 1 }))
  })

  it.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: null }, {}],
    [{ a: 'é' }, { a: 'e\u0301' }],
  ])('takes %j and %j for two', (one, other) => {
    expect(bodyHashOf(one)).not.toBe(bodyHashOf(other))
  })
})
