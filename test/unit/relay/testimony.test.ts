import { type Testimony, weigh } from '../../../src/relay/testimony.ts'

const id = '11'.repeat(32)
const expired: Testimony = {
  isExecuted: false,
  referenceHeight: 100,
  key: { sequenceNumber: 7n, revoked: false },
  isExpired: true,
}
const open = { ...expired, isExpired: false }
const gone = { ...expired, referenceHeight: null, isExpired: false }
const never = (referenceGone: boolean) => ({
  kind: 'never',
  facts: { key: expired.key, referenceGone },
})
const differs = { kind: 'differ', about: expect.any(String) }

describe('what testimonies say together', () => {
  it.each<[string, readonly [Testimony, ...Testimony[]], object]>([
    ['expired, by the only node', [expired], never(false)],
    ['expired, by both', [expired, expired], never(false)],
    ['open, by the only node', [open], { kind: 'open', referenceHeight: 100 }],
    ['one has not come so far', [expired, open], { kind: 'open', referenceHeight: 100 }],
    ['the other has not come so far', [open, expired], { kind: 'open', referenceHeight: 100 }],
    ['gone, by both', [gone, gone], never(true)],
    ['gone, by the only node', [gone], never(true)],
    ['gone, by one of two', [gone, open], differs],
    ['gone, by the other', [open, gone], differs],
    [
      'another height of the reference block',
      [expired, { ...expired, referenceHeight: 700 }],
      differs,
    ],
    [
      'another number',
      [expired, { ...expired, key: { sequenceNumber: 8n, revoked: false } }],
      differs,
    ],
    [
      'revoked at one',
      [expired, { ...expired, key: { sequenceNumber: 7n, revoked: true } }],
      differs,
    ],
    ['no key at one', [expired, { ...expired, key: null }], differs],
    ['executed at one', [expired, { ...expired, isExecuted: true }], { kind: 'executed' }],
    ['executed at the other', [{ ...gone, isExecuted: true }, open], { kind: 'executed' }],
  ])('%s', (_, testimonies, weighed) => {
    expect(weigh(id, testimonies)).toEqual(weighed)
  })

  it('says that there is no such key where both say so', () => {
    const keyless = { ...expired, key: null }
    expect(weigh(id, [keyless, keyless])).toMatchObject({ kind: 'never', facts: { key: null } })
  })
})
