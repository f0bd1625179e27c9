import { readFileSync } from 'node:fs'
import type { Facts } from '../../../src/relay/facts.ts'
import { decide, missingFact, streakOf } from '../../../src/relay/rule.ts'
import { attemptOf, outcomeOf, transactionId } from './attempts.ts'

const one = attemptOf(['a'])
const two = attemptOf(['a', 'b'])
const unspent = { sequenceNumber: 7n, revoked: false } as const
const used = { sequenceNumber: 8n, revoked: false } as const
const none: ReadonlySet<string> = new Set()

const spent = { nextSequenceNumber: 8n }
const kept = { nextSequenceNumber: 7n }
const queued = (id: string) => expect.objectContaining({ id, state: 'queued' })
const halved = (id: string) => expect.objectContaining({ id, state: 'queued', batchLimit: 1 })
const done = (id: string, by: string | null = transactionId) =>
  expect.objectContaining({ id, state: 'done', transactionId: by, errorCode: null })
const failed = (id: string, errorCode: string) =>
  expect.objectContaining({ id, state: 'failed', errorCode })
const quarantined = (id: string, errorCode: string) =>
  expect.objectContaining({ id, state: 'quarantined', errorCode })
const hold = (code: string) => expect.objectContaining({ code })

const copyOf = (verdict: 'success' | 'failure', codes: readonly number[] = []) =>
  ({ kind: 'copy', outcome: { ...outcomeOf(verdict, codes), transactionId: 'copy' } }) as const

type Row = {
  readonly row: string
  readonly facts: Facts
  readonly state?: 'executed' | 'sealed' | 'dead' | 'unclear'
  readonly key?: object
  readonly jobs?: readonly unknown[]
  readonly hold?: string
  readonly attempt?: typeof one
}

/** The rows of the table in docs/exactly-once.md by what is seen, each with its cases. */
const table: Readonly<Record<string, readonly Row[]>> = {
  'refused, and no earlier POST can have been taken': [
    {
      row: 'refused for good: alone it fails',
      facts: { seen: 'refused', refusal: { kind: 'invalid', reason: 'no' } },
      state: 'dead',
      key: kept,
      jobs: [failed('a', 'ACCESS_NODE_REFUSED')],
    },
    {
      row: 'refused for good: a batch is halved',
      attempt: two,
      facts: { seen: 'refused', refusal: { kind: 'invalid', reason: 'no' } },
      state: 'dead',
      key: kept,
      jobs: [halved('a'), halved('b')],
    },
    {
      row: 'refused for its reference block: another transaction, after a pause',
      facts: { seen: 'refused', refusal: { kind: 'stale', reason: 'old' }, streak: 1 },
      state: 'dead',
      key: kept,
      jobs: [expect.objectContaining({ id: 'a', state: 'queued', delayMs: 1_000 })],
    },
    {
      row: 'refused for its reference block again and again: held',
      facts: { seen: 'refused', refusal: { kind: 'stale', reason: 'old' }, streak: 2 },
      state: 'dead',
      key: kept,
      jobs: [expect.objectContaining({ id: 'a', state: 'queued', delayMs: 2_000 })],
      hold: 'REFERENCE_BLOCK_REFUSED',
    },
    {
      row: 'refused for the balance of the payer: held',
      facts: { seen: 'refused', refusal: { kind: 'payer', reason: 'poor' } },
      state: 'dead',
      key: kept,
      jobs: [queued('a')],
      hold: 'PAYER_CANNOT_PAY',
    },
  ],
  'in a block that is not sealed': [
    {
      row: 'executed: the key is free, the jobs wait for the seal',
      facts: { seen: 'executed', outcome: outcomeOf('success') },
      state: 'executed',
      key: spent,
      jobs: [expect.objectContaining({ id: 'a', state: 'in-flight', errorCode: null })],
    },
    {
      row: 'executed with an error: nothing is told until it is final',
      facts: { seen: 'executed', outcome: outcomeOf('failure', [1101]) },
      state: 'executed',
      key: spent,
      jobs: [expect.objectContaining({ id: 'a', state: 'in-flight', errorCode: '1101' })],
    },
    {
      row: 'executed without spending the number: nothing yet',
      facts: { seen: 'executed', outcome: outcomeOf('sequence', [1007]) },
    },
  ],
  'sealed without an error': [
    {
      row: 'sealed: done',
      attempt: two,
      facts: { seen: 'sealed', outcome: outcomeOf('success') },
      state: 'sealed',
      key: spent,
      jobs: [done('a'), done('b')],
    },
  ],
  'sealed with an error of Cadence': [
    {
      row: 'failed in Cadence: alone it fails',
      facts: { seen: 'sealed', outcome: outcomeOf('failure', [1101]), fulfilled: null },
      state: 'sealed',
      key: spent,
      jobs: [failed('a', '1101')],
    },
    {
      row: 'failed in Cadence: a batch is halved',
      attempt: two,
      facts: { seen: 'sealed', outcome: outcomeOf('failure', [1101]), fulfilled: none },
      state: 'sealed',
      key: spent,
      jobs: [halved('a'), halved('b')],
    },
    {
      row: 'failed in Cadence, and the contract has fulfilled one: that one is done',
      attempt: two,
      facts: { seen: 'sealed', outcome: outcomeOf('failure', [1101]), fulfilled: new Set(['b']) },
      state: 'sealed',
      key: spent,
      jobs: [halved('a'), done('b', null)],
    },
    {
      row: 'out of compute, and more may be declared: another transaction',
      facts: {
        seen: 'sealed',
        outcome: outcomeOf('compute', [1110]),
        fulfilled: null,
        mayDeclareMore: true,
      },
      state: 'sealed',
      key: spent,
      jobs: [queued('a')],
    },
    {
      row: 'out of compute at the most that may be declared: fails',
      facts: { seen: 'sealed', outcome: outcomeOf('compute', [1110]), fulfilled: null },
      state: 'sealed',
      key: spent,
      jobs: [failed('a', '1110')],
    },
  ],
  "sealed with 1118, or 1103 on the payer's account": [
    {
      row: 'the payer cannot pay: kept, held',
      facts: { seen: 'sealed', outcome: outcomeOf('payer', [1118]), fulfilled: null },
      state: 'sealed',
      key: spent,
      jobs: [expect.objectContaining({ id: 'a', state: 'queued', errorCode: 'PAYER_CANNOT_PAY' })],
      hold: 'PAYER_CANNOT_PAY',
    },
  ],
  'sealed with 1006 or 1055': [
    {
      row: 'a key is revoked: the key is set aside, another transaction',
      facts: {
        seen: 'sealed',
        outcome: outcomeOf('signature', [1006, 1009]),
        key: { ...unspent, revoked: true },
        fulfilled: null,
      },
      state: 'sealed',
      key: expect.objectContaining({ ...kept, quarantine: expect.any(String) }),
      jobs: [queued('a')],
    },
    {
      row: 'the signatures are refused: another transaction',
      facts: {
        seen: 'sealed',
        outcome: outcomeOf('signature', [1055]),
        key: unspent,
        fulfilled: null,
        streak: 1,
      },
      state: 'sealed',
      key: kept,
      jobs: [queued('a')],
    },
    {
      row: 'a key was revoked after a copy of ours had executed: done by the copy',
      facts: {
        seen: 'sealed',
        outcome: outcomeOf('signature', [1006, 1009]),
        key: { ...used, revoked: true },
        fulfilled: null,
        use: copyOf('success'),
      },
      state: 'sealed',
      key: expect.objectContaining({ ...spent, quarantine: expect.any(String) }),
      jobs: [done('a', 'copy')],
    },
    {
      row: 'the signatures are refused again and again: held',
      facts: {
        seen: 'sealed',
        outcome: outcomeOf('signature', [1055]),
        key: unspent,
        fulfilled: null,
        streak: 3,
      },
      state: 'sealed',
      key: kept,
      jobs: [queued('a')],
      hold: 'SIGNATURE_REFUSED',
    },
  ],
  'sealed with 1007': [
    {
      row: '1007, and the number is the one it had: another transaction',
      facts: {
        seen: 'sealed',
        outcome: outcomeOf('sequence', [1007]),
        key: unspent,
        fulfilled: null,
      },
      state: 'sealed',
      key: kept,
      jobs: [queued('a')],
    },
    {
      row: '1007, and the contract tells of each job',
      attempt: two,
      facts: {
        seen: 'sealed',
        outcome: outcomeOf('sequence', [1007]),
        key: used,
        fulfilled: new Set(['a']),
      },
      state: 'sealed',
      key: spent,
      jobs: [expect.objectContaining({ id: 'a', state: 'done' }), queued('b')],
    },
    {
      row: '1007, and a copy of ours succeeded: done by the copy',
      facts: {
        seen: 'sealed',
        outcome: outcomeOf('sequence', [1007]),
        key: used,
        fulfilled: null,
        use: copyOf('success'),
      },
      state: 'sealed',
      key: spent,
      jobs: [done('a', 'copy')],
    },
    {
      row: '1007, and a copy of ours failed: fails',
      facts: {
        seen: 'sealed',
        outcome: outcomeOf('sequence', [1007]),
        key: used,
        fulfilled: null,
        use: copyOf('failure', [1101]),
      },
      state: 'sealed',
      key: spent,
      jobs: [failed('a', '1101')],
    },
    {
      row: '1007, and a stranger used the number: another transaction',
      facts: {
        seen: 'sealed',
        outcome: outcomeOf('sequence', [1007]),
        key: used,
        fulfilled: null,
        use: { kind: 'foreign', transactionId: 'x' },
        streak: 1,
      },
      state: 'sealed',
      key: spent,
      jobs: [{ id: 'a', state: 'queued' }],
    },
    {
      row: '1007 by strangers again and again: held',
      facts: {
        seen: 'sealed',
        outcome: outcomeOf('sequence', [1007]),
        key: used,
        fulfilled: null,
        use: { kind: 'foreign', transactionId: 'x' },
        streak: 3,
      },
      state: 'sealed',
      key: spent,
      jobs: [queued('a')],
      hold: 'SEQUENCE_NUMBERS_CONTESTED',
    },
    {
      row: '1007, and what used the number is not found: an operator decides',
      facts: {
        seen: 'sealed',
        outcome: outcomeOf('sequence', [1007]),
        key: used,
        fulfilled: null,
        use: { kind: 'unknown' },
      },
      state: 'unclear',
      key: spent,
      jobs: [quarantined('a', 'SEQUENCE_NUMBER_USED')],
    },
  ],
  'no block has it, and its reference block is too old': [
    {
      row: 'never, and the number is the one it had: another transaction',
      facts: { seen: 'never', key: unspent, fulfilled: null },
      state: 'dead',
      key: kept,
      jobs: [queued('a')],
    },
    {
      row: 'never, and the number is higher: looked for',
      facts: { seen: 'never', key: used, fulfilled: null, use: copyOf('success') },
      state: 'dead',
      key: spent,
      jobs: [done('a', 'copy')],
    },
    {
      row: 'never, and the number is higher, and nothing is found: an operator decides',
      facts: { seen: 'never', key: used, fulfilled: null, use: { kind: 'unknown' } },
      state: 'unclear',
      key: spent,
      jobs: [quarantined('a', 'SEQUENCE_NUMBER_USED')],
    },
  ],
  'the number is lower, its reference block is gone, or the key is': [
    {
      row: 'the number is lower: held',
      facts: { seen: 'never', key: { ...unspent, sequenceNumber: 6n }, fulfilled: null },
      state: 'dead',
      key: { nextSequenceNumber: 6n },
      jobs: [queued('a')],
      hold: 'CHAIN_WENT_BACKWARDS',
    },
    {
      row: 'its reference block is gone: held',
      facts: { seen: 'never', key: unspent, fulfilled: null, referenceGone: true },
      state: 'dead',
      key: kept,
      jobs: [queued('a')],
      hold: 'CHAIN_WENT_BACKWARDS',
    },
    {
      row: 'the same after it was told: not held again',
      facts: {
        seen: 'never',
        key: unspent,
        fulfilled: null,
        referenceGone: true,
        toldBackwards: true,
      },
      state: 'dead',
      key: kept,
      jobs: [queued('a')],
    },
    {
      row: 'the chain has no such key: held, nothing settled',
      facts: { seen: 'never', key: null },
      hold: 'CHAIN_WENT_BACKWARDS',
    },
    {
      row: 'the chain has no such key, after it was told: the key is set aside',
      facts: { seen: 'never', key: null, fulfilled: null, toldBackwards: true },
      state: 'dead',
      key: expect.objectContaining({ quarantine: expect.any(String) }),
      jobs: [queued('a')],
    },
    {
      row: 'the nodes are lower than its reference block for long: held, nothing settled',
      facts: { seen: 'lower' },
      hold: 'CHAIN_WENT_BACKWARDS',
    },
  ],
  'two nodes do not say the same': [
    {
      row: 'two nodes differ: held, nothing settled',
      facts: { seen: 'disagreement', about: 'about it' },
      hold: 'NODES_DISAGREE',
    },
  ],
  'the stored bytes are no transaction': [
    {
      row: 'what is stored cannot be read: an operator decides, the key is set aside',
      attempt: two,
      facts: { seen: 'unreadable' },
      state: 'unclear',
      key: expect.objectContaining({ ...kept, quarantine: expect.any(String) }),
      jobs: [
        quarantined('a', 'TRANSACTION_UNREADABLE'),
        quarantined('b', 'TRANSACTION_UNREADABLE'),
      ],
    },
  ],
}

/** What a POST proves is the subject of test/unit/flow/post-transaction.test.ts. */
const ofPosts = 'a POST gets no answer, or one that proves nothing'

it('has a row for each of docs/exactly-once.md', () => {
  const page = readFileSync(new URL('../../../docs/exactly-once.md', import.meta.url), 'utf8')
  const [, rows = ''] = page.split('| what is seen')
  const [ofTable = ''] = rows.split('\n\n')
  const seen = [...ofTable.matchAll(/^\| (.*?) +\|/gm)].map(([, first]) => first).slice(1)
  expect(seen).toEqual([ofPosts, ...Object.keys(table)])
})

describe('the rule', () => {
  it.each(Object.values(table).flat())(
    '$row',
    ({ attempt = one, facts, state, key, jobs, hold: code }) => {
      expect(missingFact(attempt, facts)).toBeUndefined()
      const decision = decide(attempt, facts)
      expect(decision.settlement?.state).toBe(state)
      expect(decision.settlement?.key).toEqual(key)
      expect(decision.settlement?.jobs).toEqual(jobs)
      expect(decision.hold).toEqual(code === undefined ? undefined : hold(code))
    },
  )

  it('settles no key that was settled when a block had it', () => {
    const facts: Facts = { seen: 'sealed', outcome: outcomeOf('success'), keySettled: true }
    expect(decide(one, facts).settlement).not.toHaveProperty('key')
    const failure = { ...facts, outcome: outcomeOf('failure', [1101]), fulfilled: null }
    expect(decide(one, failure).settlement).not.toHaveProperty('key')
    const never: Facts = { seen: 'never', key: unspent, fulfilled: null, keySettled: true }
    expect(decide(one, never).settlement).not.toHaveProperty('key')
    const executed: Facts = { ...facts, seen: 'executed' }
    expect(decide(one, executed)).toEqual({})
  })

  it('tells of a copy, by the contract without its id', () => {
    const outcome = outcomeOf('sequence', [1007])
    const facts: Facts = { seen: 'sealed', outcome, key: used, fulfilled: new Set(['a']) }
    expect(decide(one, facts).copy).toEqual({ transactionId: null })
    const found: Facts = { ...facts, fulfilled: null, use: copyOf('success') }
    expect(decide(one, found).copy).toEqual({ transactionId: 'copy' })
  })
})

describe('what is missing for a decision', () => {
  const sealed = (verdict: Parameters<typeof outcomeOf>[0], more: Partial<Facts> = {}): Facts => ({
    seen: 'sealed',
    outcome: outcomeOf(verdict, verdict === 'success' ? [] : [1000]),
    ...more,
  })

  it.each<[string, Facts, ReturnType<typeof missingFact>]>([
    ['nothing of a success', sealed('success'), undefined],
    ['nothing of what is not sealed', { ...sealed('failure'), seen: 'executed' }, undefined],
    ['nothing of a refusal', { seen: 'refused' }, undefined],
    ['the contract of a failure', sealed('failure'), 'fulfilled'],
    ['the contract where the payer cannot pay', sealed('payer'), 'fulfilled'],
    ['the key of a bad signature', sealed('signature'), 'key'],
    ['the key of a bad number', sealed('sequence'), 'key'],
    ['the key of what never executes', { seen: 'never' }, 'key'],
    ['the contract, once the key is known', { seen: 'never', key: unspent }, 'fulfilled'],
    [
      'the use, where the contract cannot know',
      { seen: 'never', key: used, fulfilled: null },
      'use',
    ],
    ['no use, where the contract knows', { seen: 'never', key: used, fulfilled: none }, undefined],
    [
      'no use, where the number is unspent',
      { seen: 'never', key: unspent, fulfilled: null },
      undefined,
    ],
    ['the use also of a bad signature', sealed('signature', { key: used, fulfilled: null }), 'use'],
  ])('%s', (_, facts, fact) => {
    expect(missingFact(one, facts)).toBe(fact)
  })
})

describe('what counts as ending in the same way', () => {
  it.each<[ReturnType<typeof streakOf>, Facts]>([
    ['stale', { seen: 'refused', refusal: { kind: 'stale', reason: '' } }],
    [undefined, { seen: 'refused', refusal: { kind: 'invalid', reason: '' } }],
    ['contested', { seen: 'never', key: used }],
    ['contested', { seen: 'sealed', outcome: outcomeOf('sequence', [1007]), key: used }],
    [undefined, { seen: 'never', key: unspent }],
    ['signature', { seen: 'sealed', outcome: outcomeOf('signature', [1055]), key: unspent }],
    [
      undefined,
      {
        seen: 'sealed',
        outcome: outcomeOf('signature', [1006]),
        key: { ...unspent, revoked: true },
      },
    ],
    [undefined, { seen: 'sealed', outcome: outcomeOf('success') }],
  ])('%s', (kind, facts) => {
    expect(streakOf(one, facts)).toBe(kind)
  })
})
