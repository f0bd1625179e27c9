/**
 * Approvals as weight, for any keys and approvals: what is never true. By the assertions of Node.js:
 * 60,000 runs ask four times each, and Jest's `expect` makes 200 functions whenever it is called.
 */
import { deepStrictEqual, ok } from 'node:assert'
import fc from 'fast-check'
import {
  findQuorum,
  NEEDED_WEIGHT,
  type WeightedKey,
} from '../../../../examples/admin-server/src/approvals/quorum.ts'
import { decideQuorums } from '../../../../examples/admin-server/src/execution/decide-quorums.ts'
import {
  fewestOf,
  mayCount,
  questions,
  runs,
  weightOf,
} from '../../../support/admin-server/approval-arbitraries.ts'

const check = <Args extends [unknown, ...unknown[]]>(property: fc.IProperty<Args>) =>
  fc.assert(property, runs)

describe(`any quorum (FCL_KMS_SEED=${runs.seed}, ${runs.numRuns} runs each)`, () => {
  it('counts just the keys whose rule an approval meets that is valid, and never the requester', () => {
    check(
      fc.property(questions, (question) => {
        const quorum = findQuorum(question)
        const granted = mayCount(question)
        const met = quorum.keys.filter((key) => key.met).map(({ keyIndex }) => keyIndex)
        deepStrictEqual(new Set(met), granted)
        deepStrictEqual(quorum.weight, weightOf(question.keys, granted))
      }),
    )
  })

  it('is met at 1,000 and at no less, and signs with the fewest of the keys that are met', () => {
    check(
      fc.property(questions, (question) => {
        const quorum = findQuorum(question)
        const granted = mayCount(question)
        const fewest = fewestOf(question.keys, granted)
        deepStrictEqual(quorum.met, quorum.weight >= NEEDED_WEIGHT)
        deepStrictEqual(quorum.met, fewest !== Number.POSITIVE_INFINITY)
        if (!quorum.met) return deepStrictEqual(quorum.signing, [])
        deepStrictEqual(quorum.signing.length, fewest)
        deepStrictEqual(new Set(quorum.signing).size, fewest)
        deepStrictEqual(
          quorum.signing.filter((index) => !granted.has(index)),
          [],
        )
        ok(weightOf(question.keys, quorum.signing) >= 1_000)
      }),
    )
  })

  it('needs each key that signs: without any one of them it is not enough', () => {
    check(
      fc.property(questions, ({ keys, ...question }) => {
        const { signing } = findQuorum({ keys, ...question })
        for (const index of signing) {
          const others = signing.filter((one) => one !== index)
          ok(weightOf(keys, others) < 1_000)
        }
      }),
    )
  })

  it('never loses weight by one more approval or key, nor wins any by one that is taken away', () => {
    check(
      fc.property(questions, fc.nat(5), (question, place) => {
        const { weight } = findQuorum(question)
        const approvals = question.approvals.filter((_, index) => index !== place)
        ok(findQuorum({ ...question, approvals }).weight <= weight)
        const keys = question.keys.filter((_, index) => index !== place)
        ok(findQuorum({ ...question, keys }).weight <= weight)
        const revoked = question.keys.map((key, index) =>
          index === place ? { ...key, revoked: true } : key,
        )
        ok(findQuorum({ ...question, keys: revoked }).weight <= weight)
        const later = { ...question, now: question.now + 1 }
        ok(findQuorum(later).weight <= weight)
      }),
    )
  })

  it('does not depend on the order of approvals, or on how often one stands there', () => {
    check(
      fc.property(questions, (question) => {
        const approvals = [...question.approvals, ...question.approvals].reverse()
        deepStrictEqual(findQuorum({ ...question, approvals }), findQuorum(question))
      }),
    )
  })

  it('never counts both keys of one holder', () => {
    check(
      fc.property(questions, (question) => {
        const { keys } = findQuorum(question)
        const met = keys.filter((key) => key.met)
        const holders = new Set(met.map(({ holder }) => holder))
        const sides = new Set(met.map(({ holder, successor }) => `${holder} ${successor}`))
        deepStrictEqual(sides.size, holders.size)
      }),
    )
  })

  it('weighs the same before and after a swap, whoever has approved', () => {
    check(
      fc.property(questions, fc.nat(4), (question, rotated) => {
        const others = question.keys.filter(
          ({ holder, successor }) => holder !== rotated || !successor,
        )
        const before = { ...question, keys: others }
        const swapped = others.flatMap((key) =>
          key.holder !== rotated || key.revoked
            ? [key]
            : [
                { ...key, revoked: true },
                { ...key, keyIndex: key.keyIndex + 100, successor: true },
              ],
        )
        const after = findQuorum({ ...question, keys: swapped })
        deepStrictEqual(after.weight, findQuorum(before).weight)
      }),
    )
  })

  it('grants nothing to whoever asked, whatever they approve', () => {
    check(
      fc.property(questions, (question) => {
        const approvals = question.approvals.filter(
          ({ approver }) => approver !== question.requester,
        )
        const own = { ...question, approvals }
        deepStrictEqual(findQuorum(question), findQuorum(own))
      }),
    )
  })
})

describe(`any transaction of several requests (FCL_KMS_SEED=${runs.seed}, ${runs.numRuns} runs)`, () => {
  const batches = questions.chain((first) =>
    fc.record({
      // The keys are those of one account; approvals, requester and all else are a request's own.
      requests: fc
        .array(questions, { minLength: 1, maxLength: 4 })
        .map((others) => [first, ...others].map((one) => ({ ...one, keys: first.keys }))),
      jobs: fc.array(fc.nat(4), { minLength: 1, maxLength: 8 }),
    }),
  )

  it('is signed for a request only by keys that this request grants, and for none below 1,000', () => {
    check(
      fc.property(batches, ({ requests, jobs }) => {
        const quorums = new Map(requests.map((one, index) => [`r${index}`, findQuorum(one)]))
        const jobIds = jobs.map((index, place) => `r${index % requests.length}-${place}`)
        const requestOf = (id: string) => id.split('-')[0] ?? ''
        const { keyIndexes, postponed, unmet } = decideQuorums(jobIds, requestOf, quorums)
        const late = new Set(postponed)
        for (const id of jobIds) {
          const question = requests[Number(requestOf(id).slice(1))]
          if (question === undefined) throw new Error('a job of no request')
          const granted = mayCount(question)
          const met = weightOf(question.keys, granted) >= 1_000
          deepStrictEqual(unmet.includes(requestOf(id)), !met)
          if (late.has(id)) continue
          deepStrictEqual(
            keyIndexes.filter((index) => !granted.has(index)),
            [],
          )
          ok(weightOf(question.keys, keyIndexes) >= 1_000)
        }
        // Nobody waits for others for ever: whoever comes first and is met is signed for.
        const first = jobIds.find((id) => quorums.get(requestOf(id))?.met)
        deepStrictEqual(first !== undefined && late.has(first), false)
      }),
    )
  })

  it('signs for nothing when it knows no quorum of the request', () => {
    const known = decideQuorums(['a-0'], () => 'a', new Map())
    expect(known).toEqual({ keyIndexes: [], postponed: ['a-0'], unmet: ['a'] })
  })
})

describe('the edge of 1,000', () => {
  const key = (keyIndex: number, weight: number, ...approvers: string[]): WeightedKey => ({
    ...{ keyIndex, weight, revoked: false, holder: keyIndex, successor: false },
    rule: approvers.length === 0 ? 'automatic' : { approvers },
  })
  const stands = (approver: string) => ({
    ...{ approver, digest: 'd', expiresAt: 2, withdrawn: false },
  })
  const rows = [
    {
      what: '500 + 500',
      keys: [key(0, 500), key(1, 500, 'alice')],
      weight: 1_000,
      signing: [0, 1],
    },
    { what: '500 + 499', keys: [key(0, 500), key(1, 499, 'alice')], weight: 999, signing: [] },
    {
      what: 'one approver of two keys of 300, which the configuration refuses, and 400',
      keys: [key(0, 400), key(1, 300, 'alice'), key(2, 300, 'alice')],
      weight: 1_000,
      signing: [0, 1, 2],
    },
    {
      what: 'two approvers of one key: its weight counts once',
      keys: [key(0, 500, 'alice', 'bob'), key(1, 499)],
      weight: 999,
      signing: [],
    },
    {
      what: 'the heaviest first, the lower index of equal ones',
      keys: [key(5, 500), key(3, 500), key(4, 500), key(2, 100)],
      weight: 1_600,
      signing: [3, 4],
    },
    {
      what: 'the requester is an approver',
      keys: [key(0, 500), key(1, 500, 'shop')],
      weight: 500,
      signing: [],
    },
  ] as const
  it.each(rows)('$what', ({ keys, weight, signing }) => {
    const approvals = ['alice', 'bob', 'shop'].map(stands)
    const question = { keys, approvals, requester: 'shop', digest: 'd', now: 1 }
    expect(findQuorum(question)).toMatchObject({ weight, signing, met: weight >= 1_000 })
  })

  describe('of a key that is rotated', () => {
    const old = key(1, 500, 'alice')
    const next = (weight: number, ...approvers: string[]): WeightedKey => ({
      ...{ keyIndex: 7, weight, revoked: false, holder: 1, successor: true },
      rule: { approvers },
    })
    const revoked = { ...old, revoked: true }
    const elsewhere = { ...next(500, 'alice'), holder: 2, successor: false }
    const rotations = [
      {
        what: 'before the swap, with the new key on the account at the same weight by mistake',
        keys: [key(0, 500), old, next(500, 'alice')],
        ...{ weight: 1_000, signing: [0, 1] },
      },
      {
        what: 'both unrevoked, and no other key: one approver is not two',
        keys: [old, next(500, 'alice')],
        ...{ weight: 500, signing: [] },
      },
      {
        what: 'after the swap',
        keys: [key(0, 500), revoked, next(500, 'alice')],
        ...{ weight: 1_000, signing: [0, 7] },
      },
      {
        what: 'cut off, and not restored yet',
        keys: [key(0, 500), revoked],
        ...{ weight: 500, signing: [] },
      },
      {
        what: 'an approval for a key that the configuration gives to another holder',
        keys: [key(0, 500), revoked, { ...elsewhere, rule: { approvers: ['carol'] } }],
        ...{ weight: 500, signing: [] },
      },
    ] as const
    it.each(rotations)('$what', ({ keys, weight, signing }) => {
      const question = {
        keys,
        approvals: [stands('alice')],
        requester: 'shop',
        digest: 'd',
        now: 1,
      }
      expect(findQuorum(question)).toMatchObject({ weight, signing, met: weight >= 1_000 })
    })
  })

  it('ends at the very millisecond that an approval ends', () => {
    const keys = [key(0, 1_000, 'alice')]
    const at = (now: number) =>
      findQuorum({ keys, approvals: [stands('alice')], requester: 'shop', digest: 'd', now }).met
    expect([at(1), at(2)]).toEqual([true, false])
  })
})
