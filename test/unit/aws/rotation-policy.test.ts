import { rotationPolicy, signingPolicy } from '../../../src/aws/index.ts'
import { KEY, OTHER_KEY } from './policy-widening.ts'

const sidsOf = (options: Partial<Parameters<typeof rotationPolicy>[0]> = {}) =>
  rotationPolicy({ keyArns: [KEY], ...options }).Statement.map(({ Sid }) => Sid)
const statement = (sid: string, options: Partial<Parameters<typeof rotationPolicy>[0]> = {}) =>
  rotationPolicy({ keyArns: [KEY], ...options }).Statement.find(({ Sid }) => Sid === sid)

// What it allows is asked of the simulator: policy-oracle.test.ts.
describe('rotationPolicy', () => {
  it('never speaks of a signature', () => {
    const text = JSON.stringify(rotationPolicy({ keyArns: [KEY], aliases: ['alias/minter'] }))
    expect(text).not.toMatch(/kms:(Sign|\*|S\*|CreateGrant|PutKeyPolicy)"/)
    expect(JSON.stringify(signingPolicy({ keyArns: [KEY] }))).toMatch(/kms:Sign"/)
  })

  it('moves no alias where none is named', () => {
    expect(sidsOf().filter((sid) => sid.includes('Alias'))).toEqual([])
    expect(sidsOf({ aliases: ['alias/a'] }).filter((sid) => sid.includes('Alias'))).toHaveLength(2)
  })

  it('names the aliases in each account and Region of the keys, and new keys there', () => {
    const elsewhere = OTHER_KEY.replace('eu-central-1', 'eu-west-1')
    const options = { keyArns: [KEY, OTHER_KEY, elsewhere], aliases: ['alias/a', 'alias/a'] }
    const [here, there] = [KEY, elsewhere].map((keyArn) => keyArn.replace(/:key\/.*/, ''))
    expect(statement('MoveTheAliasFromTheOldKey', options)?.Resource).toEqual([
      ...[`${here}:alias/a`, `${there}:alias/a`],
      ...options.keyArns,
    ])
    expect(statement('FindTheKeys', options)?.Resource).toEqual([`${here}:key/*`, `${there}:key/*`])
  })

  it('asks for the days that are named, and for none where the Region knows no use', () => {
    const asked = (options: object) =>
      statement('DeleteTheOldKey', options)?.Condition?.['NumericGreaterThanEquals']
    const waits = 'kms:ScheduleKeyDeletionPendingWindowInDays'
    const unused = 'kms:TrailingDaysWithoutKeyUsage'
    expect(asked({})).toEqual({ [waits]: '30', [unused]: '7' })
    expect(asked({ unusedForDays: 0, pendingWindowInDays: 7 })).toEqual({ [waits]: '7' })
  })

  it('cannot be changed', () => {
    expect(() => Object.assign(statement('FindTheKeys') ?? {}, { Effect: 'Deny' })).toThrow(
      TypeError,
    )
  })

  it.each([
    ['an alias for a key', 'INVALID_KEY_ID', { keyArns: ['alias/minter'] }],
    ['no key', 'INVALID_OPTION', { keyArns: [] }],
    ['keys that no policy can hold', 'INVALID_OPTION', { keyArns: many(40) }],
    ['an alias without alias/', 'INVALID_OPTION', { aliases: ['minter'] }],
    ['an alias with a wildcard', 'INVALID_OPTION', { aliases: ['alias/*'] }],
    ['half a day', 'INVALID_OPTION', { unusedForDays: 0.5 }],
    ['a deletion in 6 days', 'INVALID_OPTION', { pendingWindowInDays: 6 }],
    ['a misspelt option', 'INVALID_OPTION', { alias: 'alias/minter' } as object],
  ])('refuses %s', (_, code, wrong) => {
    expect(() => rotationPolicy({ keyArns: [KEY], ...wrong })).toThrow(
      expect.objectContaining({ code }),
    )
  })
})

function many(count: number): string[] {
  return Array.from({ length: count }, (_, index) => KEY.replace(/.{4}$/, String(1_000 + index)))
}
