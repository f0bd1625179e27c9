import fc from 'fast-check'
import { chooseKeys, chooseProposalKey, parseSelection } from '../../../src/authorizer/selection.ts'
import { seed } from '../crypto/seed.ts'
import { accountOf, address, type KeyPlan } from './accounts.ts'

const indexes = (chosen: readonly { readonly keyIndex: number }[]) =>
  chosen.map(({ keyIndex }) => keyIndex)
const withCode = (code: string, context: object = {}) =>
  expect.objectContaining({ code, context: expect.objectContaining(context) })

const plan: fc.Arbitrary<KeyPlan> = fc.record({
  weight: fc.oneof(fc.constantFrom(0, 1, 250, 300, 333, 334, 400, 500, 1000), fc.nat(1000)),
  held: fc.boolean(),
  revoked: fc.nat(5).map((n) => n === 0),
  material: fc.constantFrom('A', 'B', 'C', 'D', 'E'),
})
const plans = fc.array(plan, { maxLength: 10 })

/** The smallest number of held keys that weigh 1000, over all subsets. */
function fewest(weights: readonly number[]): number | undefined {
  let best: number | undefined
  for (let subset = 0; subset < 1 << weights.length; subset++) {
    const chosen = weights.filter((_, at) => subset & (1 << at))
    const total = chosen.reduce((sum, weight) => sum + weight, 0)
    if (total >= 1000 && (best === undefined || chosen.length < best)) best = chosen.length
  }
  return best
}

describe('chooseKeys without indexes', () => {
  it(`chooses the fewest held keys that weigh 1000 (FCL_KMS_SEED=${seed})`, () => {
    fc.assert(
      fc.property(plans, (keys) => {
        const account = accountOf(keys)
        const held = [...account.held.values()]
        const best = fewest(held.map(({ weight }) => weight))
        if (best === undefined) {
          const weight = held.reduce((sum, key) => sum + key.weight, 0)
          expect(() => chooseKeys(account, {})).toThrow(
            withCode('WEIGHT_TOO_LOW', { address, weight, required: 1000 }),
          )
          return
        }
        const chosen = chooseKeys(account, {})
        expect(chosen).toHaveLength(best)
        expect(new Set(indexes(chosen)).size).toBe(best)
        expect(chosen.every((key) => account.held.get(key.keyIndex) === key)).toBe(true)
        expect(chosen.reduce((sum, { weight }) => sum + weight, 0)).toBeGreaterThanOrEqual(1000)
      }),
      { seed, numRuns: 500 },
    )
  })

  it.each<[string, readonly KeyPlan[], readonly number[]]>([
    ['1000', [{ weight: 1000 }], [0]],
    ['1000 before two of 500', [{ weight: 500 }, { weight: 500 }, { weight: 1000 }], [2]],
    ['500 and 500', [{ weight: 500 }, { weight: 500 }], [0, 1]],
    [
      'the lowest indexes of three 500s',
      [{ weight: 500 }, { weight: 500 }, { weight: 500 }],
      [0, 1],
    ],
    ['400, 300 and 300', [{ weight: 300 }, { weight: 400 }, { weight: 300 }], [1, 0, 2]],
    ['no copy of weight 0', [{ weight: 0 }, { weight: 1000 }, { weight: 0 }], [1]],
    ['no revoked key', [{ weight: 1000, revoked: true }, { weight: 1000 }], [1]],
    ['no key of others', [{ weight: 1000, held: false }, { weight: 999 }, { weight: 1 }], [1, 2]],
    [
      'a key that signs already rather than another of its weight',
      [
        { weight: 600, material: 'A' },
        { weight: 400, material: 'B' },
        { weight: 400, material: 'A' },
      ],
      [0, 2],
    ],
  ])('chooses %s', (_, keys, expected) => {
    expect(indexes(chooseKeys(accountOf(keys), {}))).toEqual(expected)
  })

  it.each<[string, readonly KeyPlan[], number]>([
    ['no key', [], 0],
    ['999', [{ weight: 999 }], 999],
    ['500 and 499', [{ weight: 500 }, { weight: 499 }], 999],
    ['weight 0 alone', [{ weight: 0 }], 0],
    ['half of 500 and 500', [{ weight: 500 }, { weight: 500, held: false }], 500],
  ])('refuses %s', (_, keys, weight) => {
    expect(() => chooseKeys(accountOf(keys), {})).toThrow(
      withCode('WEIGHT_TOO_LOW', { address, weight, required: 1000 }),
    )
  })

  it('is the same whatever the order in which the keys were bound', () => {
    const account = accountOf([{ weight: 500 }, { weight: 500 }, { weight: 500 }])
    const held = new Map([...account.held].reverse())
    expect(indexes(chooseKeys({ ...account, held }, {}))).toEqual([0, 1])
  })
})

describe('chooseKeys with indexes', () => {
  it(`chooses exactly those, in their order, whatever they weigh (T2; FCL_KMS_SEED=${seed})`, () => {
    const held = fc.array(fc.record({ weight: fc.nat(1000) }), { minLength: 1, maxLength: 10 })
    const cases = held.chain((keys) =>
      fc.tuple(fc.constant(keys), fc.shuffledSubarray([...keys.keys()], { minLength: 1 })),
    )
    fc.assert(
      fc.property(cases, ([keys, keyIndexes]) => {
        expect(indexes(chooseKeys(accountOf(keys), { keyIndexes }))).toEqual(keyIndexes)
      }),
      { seed },
    )
  })

  const account = accountOf([
    { weight: 1000 },
    { weight: 1000, revoked: true },
    { weight: 1000, held: false },
    { weight: 1000, held: false, revoked: true },
  ])
  it.each([
    ['KEY_REVOKED', 1],
    ['KEY_NOT_HELD', 2],
    ['KEY_REVOKED', 3],
    ['KEY_INDEX_UNKNOWN', 4],
    ['KEY_INDEX_UNKNOWN', 4_294_967_295],
  ])('throws %s for index %d, also beside a good one', (code, keyIndex) => {
    for (const keyIndexes of [[keyIndex], [0, keyIndex]])
      expect(() => chooseKeys(account, { keyIndexes })).toThrow(
        withCode(code, { address, keyIndex }),
      )
    expect(() => chooseProposalKey(account, { proposalKeyIndex: keyIndex })).toThrow(
      withCode(code, { address, keyIndex }),
    )
  })
})

describe('chooseProposalKey', () => {
  const account = accountOf([{ weight: 0 }, { weight: 400 }, { weight: 600 }, { weight: 600 }])

  it.each([
    ['the one named', { proposalKeyIndex: 0, keyIndexes: [1, 2] }, 0],
    ['the first of those named', { keyIndexes: [1, 2] }, 1],
    ['the heaviest, of these the lowest index', {}, 2],
  ])('chooses %s', (_, selection, expected) => {
    expect(chooseProposalKey(account, selection).keyIndex).toBe(expected)
  })

  it('says KEY_REVOKED when only revoked keys are left', () => {
    const revoked = accountOf([
      { weight: 1000, held: false },
      { weight: 1000, revoked: true },
    ])
    expect(() => chooseProposalKey(revoked, {})).toThrow(withCode('KEY_REVOKED', { keyIndex: 1 }))
  })

  it('names a key of the account when none can sign, though none is revoked', () => {
    // The keys held have a hash that does not sign transactions: nothing is bound.
    const unusable = accountOf([{ weight: 1000, held: false }])
    expect(() => chooseProposalKey(unusable, {})).toThrow(withCode('KEY_NOT_HELD', { keyIndex: 0 }))
  })
})

describe('parseSelection', () => {
  const { signal } = new AbortController()
  it.each([
    ['nothing', undefined, {}],
    ['an index', 3, { keyIndexes: [3] }],
    ['index 0', 0, { keyIndexes: [0] }],
    ['the largest index', 4_294_967_295, { keyIndexes: [4_294_967_295] }],
    ['several', [3, 0], { keyIndexes: [3, 0] }],
    ['no options', {}, {}],
    ['one index as an option', { keyIndexes: 2 }, { keyIndexes: [2] }],
    [
      'all options',
      { keyIndexes: [1], proposalKeyIndex: 0, signal },
      { keyIndexes: [1], proposalKeyIndex: 0, signal },
    ],
  ])('reads %s', (_, selection, expected) => {
    expect(parseSelection(selection)).toEqual(expected)
  })

  it('copies the list that it is given', () => {
    const given = [1, 2]
    const { keyIndexes } = parseSelection(given)
    given.push(3)
    expect(keyIndexes).toEqual([1, 2])
  })

  it.each<[string, unknown, string]>([
    ['a negative index', -1, 'INVALID_KEY_INDEX'],
    ['a fraction', 0.5, 'INVALID_KEY_INDEX'],
    ['NaN', Number.NaN, 'INVALID_KEY_INDEX'],
    ['infinity', Number.POSITIVE_INFINITY, 'INVALID_KEY_INDEX'],
    ['2³²', 4_294_967_296, 'INVALID_KEY_INDEX'],
    ['a text in a list', ['1'], 'INVALID_KEY_INDEX'],
    ['a bigint in a list', [1n], 'INVALID_KEY_INDEX'],
    ['null in a list', [null], 'INVALID_KEY_INDEX'],
    ['a list in a list', [[1]], 'INVALID_KEY_INDEX'],
    ['a text as an option', { keyIndexes: '12' }, 'INVALID_OPTION'],
    ['a text as proposal key', { proposalKeyIndex: '1' }, 'INVALID_KEY_INDEX'],
    ['null as proposal key', { proposalKeyIndex: null }, 'INVALID_KEY_INDEX'],
    ['an empty list', [], 'INVALID_OPTION'],
    ['an empty list as an option', { keyIndexes: [] }, 'INVALID_OPTION'],
    ['an index twice', [1, 2, 1], 'INVALID_OPTION'],
    ['a misspelt option', { keyIndex: 1 }, 'INVALID_OPTION'],
    ['null', null, 'INVALID_OPTION'],
    ['a text', '1', 'INVALID_OPTION'],
    ['a bigint', 1n, 'INVALID_OPTION'],
    ['true', true, 'INVALID_OPTION'],
    ['null as indexes', { keyIndexes: null }, 'INVALID_OPTION'],
    ['an object as indexes', { keyIndexes: { 0: 1 } }, 'INVALID_OPTION'],
    ['a bigint as indexes', { keyIndexes: 1n }, 'INVALID_OPTION'],
  ])('refuses %s', (_, selection, code) => {
    // As JavaScript would call it, past the types.
    expect(() => parseSelection(selection as number)).toThrow(withCode(code))
  })
})
