import { createHash } from 'node:crypto'
import type { TransactionPayload } from '../../../src/crypto/transaction.ts'
import type { ArgumentRule } from '../../../src/policy/argument-rule.ts'
import {
  createPolicy,
  inspectTransaction,
  type PolicyRules,
  type ScriptRule,
} from '../../../src/policy/index.ts'

const account = '0xf8d6e0586b0a20c7'
const other = '0x01cf0e2f2f715450'
const stranger = '0x179b6b1cb6755e31'
const cadence = 'transaction(to: Address, amount: UFix64) { prepare(signer: &Account) {} }'
const string = (value: string) => JSON.stringify({ type: 'String', value })
const send = [
  JSON.stringify({ type: 'Address', value: other }),
  JSON.stringify({ type: 'UFix64', value: '2.5' }),
]
const script: ScriptRule = {
  name: 'send',
  cadence,
  parameters: ['Address', 'UFix64'],
  maxComputeLimit: 200,
}
const rules: PolicyRules = { chainId: 'flow-emulator', accounts: [account], scripts: [script] }
const transaction: TransactionPayload = {
  cadence,
  arguments: send,
  referenceBlockId: new Uint8Array(32),
  computeLimit: 200,
  proposalKey: { address: account, keyIndex: 3, sequenceNumber: 7n },
  payer: account,
  authorizers: [account],
}
const refused = (reason: unknown = expect.any(String)) =>
  expect.objectContaining({ code: 'POLICY_REFUSED', context: { reason } })
const sha3 = createHash('sha3-256').update(cadence).digest('hex')

describe('createPolicy', () => {
  it('allows what a rule allows, and says nothing', () => {
    expect(createPolicy(rules)(transaction)).toBeUndefined()
  })

  it.each<readonly [string, Partial<TransactionPayload>]>([
    ['another payer', { payer: other }],
    ['another proposer', { proposalKey: { ...transaction.proposalKey, address: other } }],
    ['another authorizer', { authorizers: [other] }],
    ['one authorizer more', { authorizers: [account, other] }],
    ['its account written otherwise', { payer: account.toUpperCase() }],
    ['its account without 0x', { payer: account.slice(2) }],
    ['another script', { cadence: 'transaction {}' }],
    ['a space after its script', { cadence: `${cadence} ` }],
    ['a line end of Windows in its script', { cadence: `${cadence}\r\n` }],
    ['a comment in its script', { cadence: `/**/${cadence}` }],
    ['its script in another normal form', { cadence: cadence.replace('a', 'a\u0301') }],
    ['no script', { cadence: '' }],
    ['a greater compute limit', { computeLimit: 201 }],
    ['a compute limit of 0', { computeLimit: 0 }],
    ['half a unit of compute', { computeLimit: 199.5 }],
    ['no number for a compute limit', { computeLimit: Number.NaN }],
    ['an argument less', { arguments: send.slice(1) }],
    ['an argument more', { arguments: [...send, string('a')] }],
    ['its arguments in another order', { arguments: [...send].reverse() }],
    ['an argument of another type', { arguments: [string(other), send[1] ?? ''] }],
    ['an argument that has a key twice', { arguments: [doubled(), send[1] ?? ''] }],
  ])('refuses %s', (_, change) => {
    const policy = createPolicy(rules)
    expect(() => policy(transaction)).not.toThrow()
    expect(() => policy({ ...transaction, ...change })).toThrow(refused())
  })

  it('allows each of several accounts in each role', () => {
    const policy = createPolicy({ ...rules, accounts: [account, other] })
    expect(() =>
      policy({ ...transaction, payer: other, authorizers: [account, other] }),
    ).not.toThrow()
    expect(() => policy({ ...transaction, authorizers: [account, stranger] })).toThrow(
      refused('an authorizer is not an account of the policy'),
    )
  })

  it('knows a script by its SHA3-256 alone', () => {
    const { cadence: _, ...rest } = { ...script, cadence }
    const policy = createPolicy({ ...rules, scripts: [{ ...rest, sha3 }] })
    expect(() => policy(transaction)).not.toThrow()
    expect(() => policy({ ...transaction, cadence: `${cadence}\n` })).toThrow(
      refused('no rule names this script'),
    )
  })

  it('refuses an address of another chain, and tells where it stands', () => {
    const address = JSON.stringify({ type: 'Address', value: '0x9a0766d93b6608b7' })
    const reason = expect.stringMatching(/^send, arguments at \[0\]\.value: .*expected is Address$/)
    expect(() =>
      createPolicy(rules)({ ...transaction, arguments: [address, send[1] ?? ''] }),
    ).toThrow(refused(reason))
  })

  it('shows no value in its reason, and keeps the first error as its cause', () => {
    const secret = string('correct horse battery staple')
    const error = thrownBy(() =>
      createPolicy(rules)({ ...transaction, arguments: [secret, send[1] ?? ''] }),
    )
    expect(error).toMatchObject({ cause: { code: 'MALFORMED_CADENCE_VALUE' } })
    expect(String(error)).not.toContain('horse')
  })

  it('does not see rules that are changed after it was made', () => {
    const accounts = [account]
    const policy = createPolicy({ ...rules, accounts })
    accounts.push(other)
    expect(() => policy({ ...transaction, payer: other })).toThrow(refused())
  })
})

describe('inspectTransaction', () => {
  it('gives the name of the script and the arguments that will be executed', () => {
    expect(inspectTransaction(transaction, rules)).toEqual({
      script: 'send',
      values: [
        { type: 'Address', value: other },
        { type: 'UFix64', value: '2.5' },
      ],
    })
  })

  it('refuses what the policy refuses', () => {
    expect(() => inspectTransaction({ ...transaction, payer: other }, rules)).toThrow(refused())
  })

  it('finds the script among several', () => {
    const noop = { name: 'noop', cadence: 'transaction {}', parameters: [], maxComputeLimit: 10 }
    const both = { ...rules, scripts: [script, noop] }
    const small = { ...transaction, cadence: 'transaction {}', arguments: [], computeLimit: 10 }
    expect(inspectTransaction(small, both)).toEqual({ script: 'noop', values: [] })
    expect(inspectTransaction(transaction, both).script).toBe('send')
    expect(() => inspectTransaction({ ...small, computeLimit: 11 }, both)).toThrow(
      refused('noop: the compute limit is not 1 to 10'),
    )
  })
})

describe('a rule on an argument', () => {
  const value = (type: string, content: unknown) => ({ type, value: content })
  const text = (content: string) => value('String', content)
  const to = (content: string) => value('Address', content)
  const amount = (content: string) => value('UFix64', content)
  const list = (...items: readonly unknown[]) => value('Array', items)
  const thousand = text('x'.repeat(1_000))
  const nil = value('Optional', null)
  const dictionary = (...entries: readonly (readonly [unknown, unknown])[]) =>
    value(
      'Dictionary',
      entries.map(([key, content]) => ({ key, value: content })),
    )
  const path = (identifier: string) => value('Path', { domain: 'storage', identifier })

  it.each<readonly [string, string, ArgumentRule, unknown, unknown]>([
    ['oneOf a text', 'String', { oneOf: ['a', 'b'] }, text('b'), text('c')],
    ['oneOf, case by case', 'String', { oneOf: ['a'] }, text('a'), text('A')],
    ['oneOf a number', 'UInt8', { oneOf: ['1'] }, value('UInt8', '1'), value('UInt8', '2')],
    ['oneOf a truth', 'Bool', { oneOf: ['true'] }, value('Bool', true), value('Bool', false)],
    ['oneOf a path', 'StoragePath', { oneOf: ['/storage/a'] }, path('a'), path('b')],
    ['oneOf in an optional', 'String?', { oneOf: ['a'] }, nil, value('Optional', text('b'))],
    [
      'oneOf in an array',
      '[String]',
      { oneOf: ['a'] },
      list(text('a')),
      list(text('a'), text('b')),
    ],
    ['oneOf nothing', '[String]', { oneOf: [] }, list(), list(text('a'))],
    ['pattern', 'String', { pattern: '[a-z]+-\\d{1,4}' }, text('order-17'), text('order-x')],
    ['pattern from the start', 'String', { pattern: '\\d+' }, text('17'), text('x17')],
    ['pattern to the end', 'String', { pattern: '\\d+' }, text('17'), text('17\n')],
    ['pattern as a whole line', 'String', { pattern: '\\d+' }, text('17'), text('x\n17\nx')],
    ['pattern of alternatives', 'String', { pattern: 'a|b' }, text('b'), text('ax')],
    ['pattern with an optional group', 'String', { pattern: 'a(?:bc)?' }, text('abc'), text('ab')],
    ['pattern by code point', 'String', { pattern: '.' }, text('\u{1f600}'), text('ab')],
    ['pattern of an escaped bracket', 'String', { pattern: '\\)+' }, text('))'), text('(')],
    ['pattern of brackets in a class', 'String', { pattern: '[)*]+' }, text('*)'), text('(')],
    ['pattern of a bracket', 'String', { pattern: '[(\\])]*' }, text('(])'), text('[')],
    ['pattern on 1,000 characters', 'String', { pattern: 'x*' }, thousand, text('x'.repeat(1_001))],
    ['pattern of a repeated group', 'String', { pattern: '(?:a|b)+' }, text('abba'), text('abca')],
    ['pattern of a code point', 'String', { pattern: '\\x{1F600}' }, text('\u{1f600}'), text('x')],
    ['pattern of letters', 'String', { pattern: '\\p{L}+' }, text('\u{e9}a'), text('1')],
    [
      'pattern of five commas that has a great many ways to fail',
      'String',
      { pattern: '.*,.*,.*,.*,.*,.*' },
      text(','.repeat(1_000)),
      text(`${','.repeat(999)}\n`),
    ],
    [
      'pattern of groups in groups, with as many',
      'String',
      { pattern: '(?:(?:a*)*(?:a|aa)+)*b' },
      text(`${'a'.repeat(999)}b`),
      text('a'.repeat(1_000)),
    ],
    [
      'pattern of alternatives that say the same',
      'String',
      { pattern: '(?:.?){300}[xy]' },
      text('x'),
      text('a'.repeat(1_000)),
    ],
    [
      'max of 128 bits',
      'UFix128',
      { max: '1.000000000000000000000001' },
      value('UFix128', '1.000000000000000000000001'),
      value('UFix128', '1.000000000000000000000002'),
    ],
    ['max of fixed point', 'UFix64', { max: '2.5' }, amount('2.50000000'), amount('2.50000001')],
    ['max by value, not by text', 'UFix64', { max: '10.0' }, amount('9.0'), amount('10.1')],
    ['max of an integer', 'UInt64', { max: '9' }, value('UInt64', '9'), value('UInt64', '10')],
    ['max below zero', 'Int8', { max: '-2' }, value('Int8', '-3'), value('Int8', '-1')],
    ['max without bound', 'UInt', { max: '9' }, value('UInt', '9'), value('UInt', '9'.repeat(99))],
    ['max in an array', '[UFix64]', { max: '1.0' }, list(amount('1.0')), list(amount('1.1'))],
    ['addresses', 'Address', { addresses: [other] }, to(other), to(stranger)],
    [
      'addresses of each element',
      '[Address]',
      { addresses: [other] },
      list(to(other)),
      list(to(other), to(stranger)),
    ],
    [
      'addresses of keys',
      '{Address: UFix64}',
      { addresses: [other] },
      dictionary([to(other), amount('9.0')]),
      dictionary([to(stranger), amount('9.0')]),
    ],
    [
      'max beside addresses',
      '{Address: UFix64}',
      { addresses: [other], max: '1.0' },
      dictionary([to(other), amount('1.0')]),
      dictionary([to(other), amount('1.1')]),
    ],
    [
      'maxItems of an array',
      '[Bool]',
      { maxItems: 1 },
      list(value('Bool', true)),
      list(value('Bool', true), value('Bool', true)),
    ],
    [
      'maxItems of each array',
      '[[Bool]]',
      { maxItems: 1 },
      list(list()),
      list(list(value('Bool', true), value('Bool', true))),
    ],
    [
      'maxItems of a dictionary',
      '{String: Bool}',
      { maxItems: 0 },
      dictionary(),
      dictionary([text('a'), value('Bool', true)]),
    ],
    [
      'maxItems in an optional',
      '[Bool]?',
      { maxItems: 0 },
      nil,
      value('Optional', list(value('Bool', true))),
    ],
    [
      'all that are named',
      '[String]',
      { maxItems: 2, oneOf: ['a', 'b'], pattern: '[ac]' },
      list(text('a')),
      list(text('b')),
    ],
  ])('%s', (_, type, rule, good, bad) => {
    const policy = createPolicy({
      ...rules,
      scripts: [{ ...script, parameters: ['Bool', type], arguments: { 1: rule } }],
    })
    const first = JSON.stringify(value('Bool', true))
    const withValue = (one: unknown) => ({
      ...transaction,
      arguments: [first, JSON.stringify(one)],
    })
    expect(() => policy(withValue(good))).not.toThrow()
    const reason = expect.stringMatching(/^send, argument 1: it /)
    expect(() => policy(withValue(bad))).toThrow(refused(reason))
  })

  it('leaves the arguments alone that have no rule', () => {
    const limited = { ...script, arguments: { 1: { max: '2.5' } } }
    expect(() => createPolicy({ ...rules, scripts: [limited] })(transaction)).not.toThrow()
  })
})

/** The second type wins in JSON.parse, the first in other readers. */
function doubled(): string {
  return `{"type":"String","type":"Address","value":"${other}"}`
}

function thrownBy(run: () => void): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('it threw nothing')
}
