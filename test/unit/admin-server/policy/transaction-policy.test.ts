/** Rules on a whole transaction, and the types of parameters that they are made of. */
import { readdirSync } from 'node:fs'
import { createRegistry } from '../../../../examples/admin-server/src/functions/registry.ts'
import {
  createTransactionPolicy,
  parametersOf,
} from '../../../../examples/admin-server/src/policy/transaction-policy.ts'
import type { TransactionPayload } from '../../../../src/crypto/transaction.ts'
import { parseCadenceType } from '../../../../src/policy/index.ts'
import { configWith, recipient, treasury } from '../../../support/admin-server/approval-world.ts'
import { readSource } from '../../../support/cadence.ts'

describe('parametersOf', () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    'add-key': ['String', 'UInt8', 'UInt8', 'UFix64'],
    'add-proposal-keys': ['Int', 'String', 'Int'],
    'create-custodial-account': ['String', 'UInt8', 'UInt8'],
    'deploy-contract': ['String', 'String'],
    'mint-batch': [
      ...['[String]', '[Address]', '[String]', '[String]', '[String]', '[String?]', '[String?]'],
      ...['[UInt64?]', '[UInt64?]', '[{String: String}]', '[{Address: UFix64}]'],
    ],
    mint: [
      ...['String', 'Address', 'String', 'String', 'String', 'String?', 'String?'],
      ...['UInt64?', 'UInt64?', '{String: String}', '{Address: UFix64}'],
    ],
    'restore-key': ['String', 'UInt8', 'UInt8', 'UFix64', 'Int', 'Int', 'String'],
    'revoke-key': ['Int'],
    'revoke-keys': ['String', '[Int]', '[Int]'],
    'rotate-key': ['Int', 'String', 'UFix64', 'String', 'UInt8', 'UInt8', 'Int', '[Int]'],
    'rotation-add-keys': ['String', 'UInt8', 'UInt8', 'Int', 'Int'],
    'setup-collection': [],
    transfer: ['Address', 'UInt64'],
  }
  const files = readdirSync(new URL('../../../../cadence/transactions', import.meta.url))

  it('knows every transaction of the package', () => {
    expect(files.sort()).toEqual(
      Object.keys(expected)
        .map((name) => `${name}.cdc`)
        .sort(),
    )
  })

  it.each(files)('reads %s, in types that the policy knows', (file) => {
    const types = parametersOf(readSource(`transactions/${file}`))
    expect(types).toEqual(expected[file.replace('.cdc', '')])
    expect(() => types.map(parseCadenceType)).not.toThrow()
  })

  it.each([
    ['transaction { }', []],
    ['transaction(a: Int) { }', ['Int']],
    ['transaction (a: Int, b: {String: [UInt64?]},) { }', ['Int', '{String: [UInt64?]}']],
    ['// transaction(x: Bool)\ntransaction(\n  a: Int // , b: Bool\n) {}', ['Int']],
    ['transaction(to a: Address) { prepare(s: &Account) {} }', ['Address']],
  ])('reads %j', (source, types) => {
    expect(parametersOf(source)).toEqual(types)
  })

  it.each(['', 'access(all) fun main(): Int { return 1 }', 'transaction'])(
    'refuses %j, which is no transaction',
    (source) => {
      expect(() => parametersOf(source)).toThrow(expect.objectContaining({ code: 'INTERNAL' }))
    },
  )
})

describe('createTransactionPolicy', () => {
  const config = configWith({
    transfer: { roles: ['requester'], maxComputeLimit: 300, recipients: { allow: [recipient] } },
  })
  const registry = createRegistry({
    contracts: config.network.contracts,
    functions: config.functions,
  })
  const policy = createTransactionPolicy(config, registry)
  const cadence = registry.byName('transfer')?.cadence ?? ''
  const json = (type: string, value: unknown) => JSON.stringify({ type, value })
  const transfer: TransactionPayload = {
    cadence,
    arguments: [json('Address', recipient), json('UInt64', '7')],
    referenceBlockId: new Uint8Array(32),
    computeLimit: 300,
    proposalKey: { address: treasury, keyIndex: 3, sequenceNumber: 1n },
    payer: treasury,
    authorizers: [treasury],
  }

  it('allows what is as it has to be', () => {
    expect(() => policy(transfer)).not.toThrow()
  })

  const refused: readonly [string, Partial<TransactionPayload>][] = [
    ['a script with one more space', { cadence: `${cadence} ` }],
    ['another script', { cadence: 'transaction { }' }],
    [
      'a script of the package that is no function',
      { cadence: readSource('transactions/add-key.cdc') },
    ],
    ['a higher compute limit than the rule says', { computeLimit: 301 }],
    ['another payer', { payer: recipient }],
    ['another authorizer', { authorizers: [treasury, recipient] }],
    ['another proposer', { proposalKey: { ...transfer.proposalKey, address: recipient } }],
    ['an argument less', { arguments: [json('Address', recipient)] }],
    ['an argument more', { arguments: [...transfer.arguments, json('UInt64', '1')] }],
    ['arguments in another order', { arguments: [...transfer.arguments].reverse() }],
    [
      'an address of another chain',
      { arguments: [json('Address', '0x1d7e57aa55817448'), json('UInt64', '7')] },
    ],
    ['a number of another type', { arguments: [json('Address', recipient), json('UInt8', '7')] }],
    [
      'a key of JSON twice',
      {
        arguments: [
          `{"type":"Address","value":"${treasury}","value":"${recipient}"}`,
          json('UInt64', '7'),
        ],
      },
    ],
  ]
  it.each(refused)('refuses %s', (_, change) => {
    expect(() => policy({ ...transfer, ...change })).toThrow(
      expect.objectContaining({ code: 'POLICY_REFUSED' }),
    )
  })

  it('refuses a function that is not switched on', () => {
    const { transfer: _, ...functions } = config.functions
    const others = createRegistry({ contracts: config.network.contracts, functions })
    expect(() => createTransactionPolicy(config, others)(transfer)).toThrow(
      expect.objectContaining({ code: 'POLICY_REFUSED' }),
    )
  })
})
