import { createPolicy, inspectTransaction, type PolicyRules } from '../../../src/policy/index.ts'

const account = '0xf8d6e0586b0a20c7'
const script = {
  name: 'send',
  cadence: 'transaction(to: [Address], amount: UFix64, note: String?) {}',
  parameters: ['[Address]', 'UFix64', 'String?'],
  maxComputeLimit: 9_999,
}
const rules = { chainId: 'flow-emulator', accounts: [account], scripts: [script] }
const { cadence: _, ...nameless } = script
const sha3 = '0123456789abcdef'.repeat(4)
const second = { ...script, name: 'second', cadence: 'transaction {}', parameters: [] }

/** What is wrong with the rules, and the option that the error names. */
const wrong: readonly (readonly [string, unknown, string])[] = [
  ['no rules', undefined, 'options'],
  ['null', null, 'options'],
  ['an unknown rule', { ...rules, allowAll: true }, 'allowAll'],
  ['no chain', { ...rules, chainId: undefined }, 'chainId'],
  ['an unknown chain', { ...rules, chainId: 'flow' }, 'chainId'],
  ['no accounts', { ...rules, accounts: [] }, 'accounts'],
  ['accounts that are no list', { ...rules, accounts: account }, 'accounts'],
  ['an account of another chain', { ...rules, accounts: ['0x9a0766d93b6608b7'] }, 'accounts'],
  ['an account in upper case', { ...rules, accounts: [account.toUpperCase()] }, 'accounts'],
  ['an account without 0x', { ...rules, accounts: [account.slice(2)] }, 'accounts'],
  ['no scripts', { ...rules, scripts: [] }, 'scripts'],
  ['scripts that are no list', { ...rules, scripts: { send: script } }, 'scripts'],
  ['one source twice', withScripts(script, { ...script, name: 'again' }), 'scripts[1]'],
  ['one name twice', withScripts(second, { ...script, name: 'second' }), 'scripts[1].name'],
  ['an unknown key of a script', withScript({ allowed: true }), 'allowed'],
  ['an empty name', withScript({ name: '' }), 'scripts[0].name'],
  ['a name of 101 characters', withScript({ name: 'a'.repeat(101) }), 'scripts[0].name'],
  ['neither source nor hash', withScripts(nameless), 'scripts[0]'],
  ['both source and hash', withScript({ sha3 }), 'scripts[0]'],
  ['an empty source', withScript({ cadence: ' ' }), 'scripts[0].cadence'],
  ['a source that is no text', withScript({ cadence: 7 }), 'scripts[0].cadence'],
  ['a hash that is too short', withScripts({ ...nameless, sha3: 'ab' }), 'scripts[0].sha3'],
  [
    'a hash in upper case',
    withScripts({ ...nameless, sha3: sha3.toUpperCase() }),
    'scripts[0].sha3',
  ],
  ['a hash with 0x', withScripts({ ...nameless, sha3: `0x${sha3}` }), 'scripts[0].sha3'],
  ['no parameters', withScript({ parameters: undefined }), 'scripts[0].parameters'],
  ['an unknown type', withScript({ parameters: ['NFT'] }), 'type'],
  ['a compute limit of 0', withScript({ maxComputeLimit: 0 }), 'scripts[0].maxComputeLimit'],
  [
    'a compute limit of 10,000',
    withScript({ maxComputeLimit: 10_000 }),
    'scripts[0].maxComputeLimit',
  ],
  ['no compute limit', withScript({ maxComputeLimit: undefined }), 'scripts[0].maxComputeLimit'],
  ['a rule on no argument', withRule(3, { oneOf: [] }), 'scripts[0].arguments.3'],
  ['a rule by name', withRule('note', { oneOf: [] }), 'scripts[0].arguments.note'],
  ['a rule by another number', withRule('01', { max: '1.0' }), 'scripts[0].arguments.01'],
  ['a rule without rules', withRule(0, {}), 'scripts[0].arguments.0'],
  ['a rule that is a list', withRule(0, ['a']), '0'],
  ['an unknown key of a rule', withRule(0, { min: '1' }), 'min'],
  ['oneOf a text', withRule(2, { oneOf: 'abc' }), 'scripts[0].arguments.2.oneOf'],
  ['oneOf numbers', withRule(2, { oneOf: [1] }), 'scripts[0].arguments.2.oneOf'],
  ['a pattern that is an object', withRule(2, { pattern: /a/ }), 'scripts[0].arguments.2.pattern'],
  ['a pattern without an end', withRule(2, { pattern: '(' }), 'scripts[0].arguments.2.pattern'],
  [
    'a pattern that ends its frame',
    withRule(2, { pattern: 'a)|(?:b' }),
    'scripts[0].arguments.2.pattern',
  ],
  [
    'a pattern that looks ahead',
    withRule(2, { pattern: '(?=a)a' }),
    'scripts[0].arguments.2.pattern',
  ],
  [
    'a pattern that looks behind',
    withRule(2, { pattern: '(?<!b)a' }),
    'scripts[0].arguments.2.pattern',
  ],
  [
    'a pattern of which a character costs too much',
    withRule(2, { pattern: '(?:.?){1000}' }),
    'scripts[0].arguments.2.pattern',
  ],
  [
    'a pattern of many that cost little',
    withRule(2, { pattern: '[a-z]{0,200}'.repeat(6) }),
    'scripts[0].arguments.2.pattern',
  ],
  [
    'a pattern that refers back',
    withRule(2, { pattern: '(a*)\\1' }),
    'scripts[0].arguments.2.pattern',
  ],
  [
    'a pattern of 1,001 characters',
    withRule(2, { pattern: 'a'.repeat(1_001) }),
    'scripts[0].arguments.2.pattern',
  ],
  ['max that is a number', withRule(1, { max: 1 }), 'scripts[0].arguments.1.max'],
  ['max of another type', withRule(1, { max: '1' }), 'scripts[0].arguments.1.max'],
  ['max of no number', withRule(0, { max: '1' }), 'scripts[0].arguments.0.max'],
  [
    'addresses of no address',
    withRule(1, { addresses: [account] }),
    'scripts[0].arguments.1.addresses',
  ],
  [
    'addresses of another chain',
    withRule(0, { addresses: ['0x9a0766d93b6608b7'] }),
    'scripts[0].arguments.0.addresses',
  ],
  ['maxItems of no list', withRule(1, { maxItems: 1 }), 'scripts[0].arguments.1.maxItems'],
  ['maxItems below zero', withRule(0, { maxItems: -1 }), 'scripts[0].arguments.0.maxItems'],
  ['half an item', withRule(0, { maxItems: 0.5 }), 'scripts[0].arguments.0.maxItems'],
]

describe('rules', () => {
  it('can be made of everything that there is', () => {
    const all = {
      0: { addresses: [account], maxItems: 100 },
      1: { max: '10.0' },
      2: { oneOf: ['a'], pattern: '[a-z]*(?:-\\d+)?' },
    }
    expect(createPolicy({ ...rules, scripts: [{ ...script, arguments: all }, second] })).toEqual(
      expect.any(Function),
    )
  })

  it.each(wrong)('refuses %s', (_, given, option) => {
    const refusal = expect.objectContaining({
      code: 'INVALID_OPTION',
      context: expect.objectContaining({ option }),
    })
    const bad = given as unknown as PolicyRules // the caller is JavaScript
    expect(() => createPolicy(bad)).toThrow(refusal)
    const transaction = {} as Parameters<typeof inspectTransaction>[0] // never looked at
    expect(() => inspectTransaction(transaction, bad)).toThrow(refusal)
  })
})

function withScripts(...scripts: readonly object[]): object {
  return { ...rules, scripts }
}

function withScript(change: object): object {
  return withScripts({ ...script, ...change })
}

function withRule(index: number | string, rule: unknown): object {
  return withScript({ arguments: { [index]: rule } })
}
