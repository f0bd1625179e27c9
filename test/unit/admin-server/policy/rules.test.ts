/** Rules on recipients and amounts. */
import type { FunctionRules } from '../../../../examples/admin-server/src/config/config.ts'
import { findExcess, findViolation } from '../../../../examples/admin-server/src/policy/rules.ts'

const roles = ['requester'] as const
const allowed = '0x179b6b1cb6755e31'
const other = '0x01cf0e2f2f715450'

describe('findViolation', () => {
  const look = (recipients: FunctionRules['recipients'], ...given: readonly string[]) =>
    findViolation(
      { recipients: given, amount: 1 },
      recipients === undefined ? { roles } : { roles, recipients },
    )

  it.each([
    ['anybody without a rule', undefined, [other]],
    ['whoever is listed', { allow: [allowed] }, [allowed]],
    ['what has no recipient', { allow: [allowed] }, []],
    ['nobody to receive by an empty list', { allow: [] }, []],
    ['what the pattern matches', { pattern: '0x17[0-9a-f]{14}' }, [allowed]],
    ['each branch of a pattern', { pattern: `${allowed}|${other}` }, [allowed, other]],
  ])('allows %s', (_, rule, given) => {
    expect(look(rule, ...given)).toBeUndefined()
  })

  it.each([
    ['who is not listed', { allow: [allowed] }, [other], other],
    ['anybody by an empty list', { allow: [] }, [allowed], allowed],
    ['one of several', { allow: [allowed] }, [allowed, other], other],
    ['another case', { allow: [allowed] }, [allowed.toUpperCase()], allowed.toUpperCase()],
    ['what the pattern does not match', { pattern: '0x17[0-9a-f]{14}' }, [other], other],
    ['what a pattern matches at its start only', { pattern: '0x17' }, [allowed], allowed],
    ['what a pattern matches at its end only', { pattern: '5e31' }, [allowed], allowed],
    ['a branch that matches a part', { pattern: '0x17|5e31' }, [allowed], allowed],
    ['a line after the match', { pattern: allowed }, [`${allowed}\n`], `${allowed}\n`],
    ['what is too long to be matched', { pattern: '.*' }, ['x'.repeat(257)], 'x'.repeat(257)],
  ])('refuses %s', (_, rule, given, named) => {
    expect(look(rule, ...given)).toBe(`the rules allow no transaction for ${named}`)
  })
})

describe('findExcess', () => {
  const rows: readonly [readonly number[], Partial<FunctionRules>, boolean][] = [
    [[1_000_000], {}, true],
    [[1, 1, 1], { maxAmountPerRequest: 3 }, true],
    [[1, 1, 1, 1], { maxAmountPerRequest: 3 }, false],
    [[4], { maxAmountPerRequest: 3 }, false],
    [[1], { maxAmountPerRequest: 0 }, false],
    [[2, 2], { maxAmountPerDay: 2 }, true], // the second goes on tomorrow
    [[1, 3], { maxAmountPerDay: 2 }, false],
    [[3], { maxAmountInAll: 3 }, true],
    [[4], { maxAmountInAll: 3 }, false],
    [[], { maxAmountPerRequest: 1 }, true],
  ]
  it.each(rows)('of %j with %j: taken is %s', (amounts, rules, taken) => {
    expect(findExcess(amounts, { roles, ...rules }) === undefined).toBe(taken)
  })
})
