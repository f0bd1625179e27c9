/** What a transaction takes from the budgets of a day. @module */

import type { TransactionPayload } from '../crypto/transaction.ts'
import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import { scriptHash } from '../policy/rules.ts'
import { parseStrictJson } from '../policy/strict-json.ts'
import type { Charge } from './ledger/ledger.ts'

/** What may be signed in one day, which begins at midnight UTC. */
export type Budgets = {
  /** Payloads, each counted once however often it is signed. */
  readonly transactionsPerDay?: number
  readonly amounts?: readonly AmountBudget[]
}

/** The sum of an argument over a day. */
export type AmountBudget = {
  /** 1 to 100 characters; it names the budget in the ledger and in refusals. */
  readonly name: string
  /** UFix64 as Cadence writes it: `1000.0`. */
  readonly perDay: string
  /** The scripts that take from it. Others do not. */
  readonly scripts: readonly BudgetedScript[]
}

/** Which argument of which script is an amount. */
export type BudgetedScript = {
  /** Index of an argument of UFix64, or of arrays, optionals or dictionaries of them: the sum counts. */
  readonly argument: number
} & (
  | { /** The source as it is sent. */ readonly cadence: string }
  | { /** SHA3-256 of the source, 64 lower-case digits. */ readonly sha3: string }
)

/** @returns What a payload takes, by name of the budget. */
export type ChargesOf = (payload: TransactionPayload) => readonly Charge[]

/** @throws {SignerError} `INVALID_OPTION`. What it returns throws `POLICY_REFUSED` for an amount that is none. */
export function compileBudgets(budgets: Budgets): ChargesOf {
  assertKnownKeys(budgets, ['transactionsPerDay', 'amounts'])
  const { transactionsPerDay, amounts = [] } = budgets
  if (transactionsPerDay !== undefined && !isCount(transactionsPerDay))
    throw invalid('budgets.transactionsPerDay', 'it is not a whole number from 0')
  if (!Array.isArray(amounts)) throw invalid('budgets.amounts', 'it is not a list')
  const compiled = amounts.map(compileAmount)
  const names = compiled.map(({ name }) => name)
  if (new Set([TRANSACTIONS, ...names]).size !== names.length + 1)
    throw invalid('budgets.amounts', `two have one name, or one is called ${TRANSACTIONS}`)
  return (payload) => {
    const script = compiled.length === 0 ? '' : scriptHash(payload.cadence)
    const charges = compiled.flatMap(({ name: budget, perDay, scripts }): readonly Charge[] => {
      const argument = scripts.get(script)
      if (argument === undefined) return []
      const amount = amountOf(budget, payload.arguments[argument])
      return amount === 0n ? [] : [{ budget, amount, perDay }]
    })
    return transactionsPerDay === undefined
      ? charges
      : [{ budget: TRANSACTIONS, amount: 1n, perDay: BigInt(transactionsPerDay) }, ...charges]
  }
}

const TRANSACTIONS = 'transactions'

function compileAmount(budget: AmountBudget, index: number) {
  const option = `budgets.amounts[${index}]`
  assertKnownKeys(budget, ['name', 'perDay', 'scripts'])
  const { name, perDay, scripts } = budget
  if (typeof name !== 'string' || !/^[ -~]{1,100}$/.test(name))
    throw invalid(`${option}.name`, 'it is not 1 to 100 printable ASCII characters')
  const units = unitsOf(perDay)
  if (units === undefined) throw invalid(`${option}.perDay`, 'it is not a UFix64 such as 1000.0')
  if (!Array.isArray(scripts) || scripts.length === 0)
    throw invalid(`${option}.scripts`, 'it is not a list with at least one script')
  const entries = scripts.map((script): [string, number] => {
    assertKnownKeys(script, ['argument', 'cadence', 'sha3'])
    const { argument, cadence, sha3 } = { cadence: undefined, sha3: undefined, ...script }
    if (!isCount(argument)) throw invalid(`${option}.scripts`, 'an argument is no index')
    const hash = typeof cadence === 'string' ? scriptHash(cadence) : sha3
    if ((cadence === undefined) === (sha3 === undefined) || !/^[0-9a-f]{64}$/.test(hash ?? ''))
      throw invalid(`${option}.scripts`, 'one needs either cadence or sha3, of 64 digits')
    return [hash ?? '', argument]
  })
  return { name, perDay: units, scripts: new Map(entries) }
}

/** @throws {SignerError} `POLICY_REFUSED` unless it is strict JSON-Cadence of UFix64 and containers. */
function amountOf(budget: string, argument: string | undefined): bigint {
  const parsed = parseStrictJson(argument ?? '')
  const amount = 'value' in parsed ? sum(parsed.value) : undefined
  if (amount !== undefined) return amount
  throw new SignerError('POLICY_REFUSED', { reason: `budget ${budget}: no UFix64 to count` })
}

/** @returns Units of 10⁻⁸; `undefined` for anything but UFix64, alone or in containers. */
function sum(value: unknown): bigint | undefined {
  const { type, value: inner } = isRecord(value) ? value : {}
  if (type === 'UFix64') return unitsOf(inner)
  if (type === 'Optional') return inner === null ? 0n : sum(inner)
  if (!Array.isArray(inner)) return undefined
  if (type === 'Array') return total(inner)
  if (type !== 'Dictionary') return undefined
  return total(inner.map((pair: unknown) => (isRecord(pair) ? pair['value'] : undefined)))
}

const total = (values: readonly unknown[]) =>
  values.reduce<bigint | undefined>((before, value) => {
    const amount = before === undefined ? undefined : sum(value)
    return before === undefined || amount === undefined ? undefined : before + amount
  }, 0n)

/** @returns Units of 10⁻⁸ of a text such as `12.5`. */
function unitsOf(text: unknown): bigint | undefined {
  const [, whole, decimals] = typeof text === 'string' ? (FIXED.exec(text) ?? []) : []
  if (whole === undefined || decimals === undefined) return undefined
  const units = BigInt(whole + decimals.padEnd(8, '0'))
  return units < 2n ** 64n ? units : undefined
}

const FIXED = /^(0|[1-9]\d{0,11})\.(\d{1,8})$/

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
