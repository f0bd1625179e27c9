import { createHash } from 'node:crypto'
import { compileBudgets } from '../../../src/signing-service/budgets.ts'
import type { Budgets } from '../../../src/signing-service/index.ts'
import { createMemoryLedger } from '../../../src/signing-service/index.ts'
import {
  amountOf,
  askingEnvelope,
  askingPayload,
  cadence,
  changed,
  numbered,
  refusedWith,
  serviceWith,
  transaction,
} from './fixture.ts'

const paid = { name: 'paid', perDay: '5.0', scripts: [{ cadence, argument: 0 }] }
const sha3 = createHash('sha3-256').update(cadence).digest('hex')

describe('budgets', () => {
  it('count each payload once, however often and in whichever part it is signed', async () => {
    const { service } = serviceWith({
      ledger: createMemoryLedger(),
      budgets: { transactionsPerDay: 1 },
    })
    const asked = [askingPayload(), askingPayload(), askingEnvelope()]
    for (const request of asked) expect((await service.handle(request)).status).toBe(200)
    expect(await service.handle(askingPayload(numbered(42n)))).toEqual(
      refusedWith('LEDGER_BUDGET_SPENT', 403, 'the budget transactions'),
    )
    expect((await service.handle(askingEnvelope())).status).toBe(200)
  })

  it('add up an argument, to the last unit', async () => {
    const { service } = serviceWith({ ledger: createMemoryLedger(), budgets: { amounts: [paid] } })
    const pay = async (number: bigint, amount: string) =>
      (await service.handle(askingPayload(numbered(number, amountOf(amount))))).status
    expect(await pay(1n, '4.99999999')).toBe(200)
    expect(await pay(2n, '0.00000002')).toBe(403)
    expect(await pay(2n, '0.00000001')).toBe(200) // the number was not taken by what was refused
    expect(await pay(3n, '0.00000001')).toBe(403)
    expect(await pay(4n, '0.0')).toBe(200)
  })

  it('take all of what a transaction costs, or nothing', async () => {
    const budgets = { transactionsPerDay: 2, amounts: [paid] }
    const { service } = serviceWith({ ledger: createMemoryLedger(), budgets })
    const pay = async (number: bigint, amount: string) =>
      (await service.handle(askingPayload(numbered(number, amountOf(amount))))).status
    expect(await pay(1n, '5.1')).toBe(403)
    expect(await pay(1n, '2.5')).toBe(200)
    expect(await pay(2n, '2.6')).toBe(403)
    expect(await pay(2n, '2.5')).toBe(200)
  })

  const charges = (value: unknown) =>
    compileBudgets({ amounts: [{ ...paid, scripts: [{ sha3, argument: 0 }] }] })(
      changed({ arguments: [JSON.stringify(value)] }),
    )
  const fixed = (value: string) => ({ type: 'UFix64', value })

  it.each<readonly [string, unknown, bigint | undefined]>([
    ['an amount', fixed('1.5'), 150_000_000n],
    ['the largest amount', fixed('184467440737.09551615'), 2n ** 64n - 1n],
    ['an array', { type: 'Array', value: [fixed('1.0'), fixed('2.0')] }, 300_000_000n],
    ['an empty array', { type: 'Array', value: [] }, undefined],
    ['nothing', { type: 'Optional', value: null }, undefined],
    ['something', { type: 'Optional', value: fixed('1.0') }, 100_000_000n],
    [
      'a dictionary',
      { type: 'Dictionary', value: [{ key: fixed('9.0'), value: fixed('1.0') }] },
      100_000_000n,
    ],
  ])('read %s', (_name, value, amount) => {
    const expected = amount === undefined ? [] : [{ budget: 'paid', amount, perDay: 500_000_000n }]
    expect(charges(value)).toEqual(expected)
  })

  it.each<readonly [string, unknown]>([
    ['a number', 1.5],
    ['another type', { type: 'Fix64', value: '-1.0' }],
    ['an amount without a point', fixed('1')],
    ['a negative amount', fixed('-1.0')],
    ['an amount with an exponent', fixed('1.0e9')],
    ['an amount of nine decimals', fixed('0.000000001')],
    ['an amount with zeros in front', fixed('01.0')],
    ['more than there is', fixed('184467440737.09551616')],
    ['an array with something else in it', { type: 'Array', value: [fixed('1.0'), 1] }],
    ['a dictionary of nothing', { type: 'Dictionary', value: [null] }],
  ])('refuse %s as an amount', (_name, value) => {
    expect(() => charges(value)).toThrow(expect.objectContaining({ code: 'POLICY_REFUSED' }))
  })

  it('refuse an amount that JSON has twice, and one that is missing', () => {
    const of = compileBudgets({ amounts: [{ ...paid, scripts: [{ sha3, argument: 1 }] }] })
    expect(() => of(transaction)).toThrow(expect.objectContaining({ code: 'POLICY_REFUSED' }))
    const twice = '{"type":"UFix64","value":"0.1","value":"9.9"}'
    const first = compileBudgets({ amounts: [paid] })
    expect(() => first(changed({ arguments: [twice] }))).toThrow(
      expect.objectContaining({ code: 'POLICY_REFUSED' }),
    )
  })

  it('take nothing of other scripts', () => {
    const of = compileBudgets({ amounts: [paid] })
    expect(of(changed({ cadence: `${cadence}\n` }))).toEqual([])
  })

  it.each<readonly [string, object, string]>([
    ['a misspelt one', { transactionPerDay: 1 }, 'transactionPerDay'],
    ['a share of a transaction', { transactionsPerDay: 0.5 }, 'budgets.transactionsPerDay'],
    ['an amount as number', { amounts: [{ ...paid, perDay: 5 }] }, 'budgets.amounts[0].perDay'],
    ['no name', { amounts: [{ ...paid, name: '' }] }, 'budgets.amounts[0].name'],
    ['one name twice', { amounts: [paid, paid] }, 'budgets.amounts'],
    ['a name that is taken', { amounts: [{ ...paid, name: 'transactions' }] }, 'budgets.amounts'],
    ['no scripts', { amounts: [{ ...paid, scripts: [] }] }, 'budgets.amounts[0].scripts'],
    [
      'no source',
      { amounts: [{ ...paid, scripts: [{ argument: 0 }] }] },
      'budgets.amounts[0].scripts',
    ],
    [
      'a short hash',
      { amounts: [{ ...paid, scripts: [{ argument: 0, sha3: 'ab' }] }] },
      'budgets.amounts[0].scripts',
    ],
    [
      'an index that is none',
      { amounts: [{ ...paid, scripts: [{ cadence, argument: -1 }] }] },
      'budgets.amounts[0].scripts',
    ],
  ])('refuse %s', (_name, budgets, option) => {
    // What JavaScript may pass.
    expect(() => compileBudgets(budgets as Budgets)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option }),
      }),
    )
  })
})
