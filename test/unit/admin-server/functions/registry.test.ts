/** Which functions exist, and the Cadence that they send. */
import { createHash } from 'node:crypto'
import type { FunctionRules } from '../../../../examples/admin-server/src/config/config.ts'
import {
  hashCadence,
  readCadence,
} from '../../../../examples/admin-server/src/functions/cadence-source.ts'
import { functionTemplates } from '../../../../examples/admin-server/src/functions/index.ts'
import { createRegistry } from '../../../../examples/admin-server/src/functions/registry.ts'
import { createBatch } from '../../../../src/relay/batch.ts'
import { readSource } from '../../../support/cadence.ts'

const contracts = { DropNFT: '0x01cf0e2f2f715450', NonFungibleToken: '0xf8d6e0586b0a20c7' }
const rules: FunctionRules = { roles: ['requester'] }
const invalid = (errors: unknown) =>
  expect.objectContaining({ code: 'CONFIGURATION_INVALID', facts: { errors } })

describe('readCadence', () => {
  it('changes imports and nothing else', () => {
    const source = readSource('transactions/transfer.cdc')
    const resolved = readCadence('transactions/transfer.cdc', contracts)
    expect(resolved).toContain('\nimport DropNFT from 0x01cf0e2f2f715450\n')
    expect(resolved).toContain('\nimport NonFungibleToken from 0xf8d6e0586b0a20c7\n')
    const back = resolved.replace(/^import (\w+) from 0x[0-9a-f]{16}$/gm, 'import "$1"')
    expect(back).toBe(source)
  })

  it('names each contract without an address', () => {
    const detail =
      'transactions/transfer.cdc imports it. Give its address: 0x and 16 lower-case digits.'
    expect(() => readCadence('transactions/transfer.cdc', {})).toThrow(
      invalid([
        { field: 'network.contracts.DropNFT', detail },
        { field: 'network.contracts.NonFungibleToken', detail },
      ]),
    )
  })

  it.each(['', '01cf0e2f2f715450', '0x01CF0E2F2F715450', '0x1', '0x01cf0e2f2f715450\nimport X'])(
    'refuses the address %j',
    (DropNFT) => {
      expect(() => readCadence('transactions/mint-batch.cdc', { DropNFT })).toThrow(
        invalid([expect.objectContaining({ field: 'network.contracts.DropNFT' })]),
      )
    },
  )

  it('is told apart by its SHA3-256', () => {
    const cadence = readCadence('transactions/transfer.cdc', contracts)
    const hash = createHash('sha3-256').update(Buffer.from(cadence, 'utf8')).digest('hex')
    expect(hashCadence(cadence)).toBe(hash)
    expect(hashCadence(`${cadence} `)).not.toBe(hash)
  })
})

describe('createRegistry', () => {
  const names = functionTemplates.map(({ name }) => name)
  const all = createRegistry({
    contracts,
    functions: Object.fromEntries(names.map((name) => [name, rules])),
  })

  it('holds what is switched on, by name and by the hash of its Cadence', () => {
    expect(all.all.map(({ template }) => template.name)).toEqual(names)
    for (const one of all.all) {
      expect(one.cadenceHash).toBe(hashCadence(one.cadence))
      expect(one.cadence).not.toMatch(/^import "/m)
      expect(all.byName(one.template.name)).toBe(one)
      expect(all.byCadenceHash(one.cadenceHash)).toBe(one)
      expect(one.rules).toBe(rules)
    }
  })

  it('holds nothing that is switched off', () => {
    const registry = createRegistry({ contracts, functions: { mint: rules } })
    expect(registry.all.map(({ template }) => template.name)).toEqual(['mint'])
    expect(registry.byName('transfer')).toBeUndefined()
    const { cadenceHash = '' } = all.byName('transfer') ?? {}
    expect(registry.byCadenceHash(cadenceHash)).toBeUndefined()
  })

  it.each(['constructor', '__proto__', 'toString', '', 'Mint'])(
    'knows nothing by the name %j',
    (name) => {
      expect(all.byName(name)).toBeUndefined()
      expect(all.byCadenceHash(name)).toBeUndefined()
    },
  )

  it('lists every mistake at once', () => {
    const functions = { mint: rules, mints: rules, constructor: rules }
    const remedy = `There is no such function. Name some of ${names.join(', ')}.`
    expect(() => createRegistry({ contracts: {}, functions })).toThrow(
      invalid([
        { field: 'functions.mints', detail: remedy },
        { field: 'functions.constructor', detail: remedy },
        expect.objectContaining({ field: 'network.contracts.DropNFT' }),
      ]),
    )
  })

  it('gives the relay templates that it takes', () => {
    expect(Object.keys(all.batches)).toEqual(['mint'])
    for (const [name, template] of Object.entries(all.batches))
      expect(createBatch(name, template)).toMatchObject({
        cadence: all.byName(name)?.cadence,
        maxRequests: 100,
      })
  })

  it('refuses two functions that could not be told apart', () => {
    const [first] = functionTemplates
    const templates = first === undefined ? [] : [first, { ...first, name: 'other' }]
    const functions = { mint: rules, other: rules }
    expect(() => createRegistry({ contracts, functions, templates })).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    )
  })

  it('cannot be changed', () => {
    expect(
      [all, all.all, all.batches, all.all[0], all.all[0]?.template].every(Object.isFrozen),
    ).toBe(true)
  })
})
