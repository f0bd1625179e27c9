/** A transaction, decoded, against what may be signed. Deny by default; no I/O. @module */

import type { TransactionPayload } from '../crypto/transaction.ts'
import { isSignerError, SignerError } from '../errors.ts'
import type { CadenceValue } from './cadence-value.ts'
import { decodeArguments } from './decode-arguments.ts'
import {
  type CompiledRules,
  compileRules,
  type PolicyRules,
  type Script,
  scriptHash,
} from './rules.ts'

/** What a transaction says, when the rules allow it. */
export type InspectedTransaction = {
  /** The name of the rule on its script. */
  readonly script: string
  /** Its arguments, each of the type that the rule names. */
  readonly values: readonly CadenceValue[]
}

/**
 * @returns A function for the option `policy` of a relay. It throws `POLICY_REFUSED` unless a rule
 * allows everything that is signed: accounts, source, compute limit and arguments.
 * @throws {SignerError} `INVALID_OPTION` for rules that are unknown, empty or contradict themselves.
 */
export function createPolicy(rules: PolicyRules): (transaction: TransactionPayload) => void {
  const compiled = compileRules(rules)
  return (transaction) => {
    inspect(transaction, compiled)
  }
}

/**
 * For rules of your own on top: amounts in a day, ids of a database. It reads the rules each time.
 *
 * @returns The name of the script, and its arguments as they will be executed.
 * @throws {SignerError} `POLICY_REFUSED`, whose `reason` names script and argument but shows no value;
 * its cause is `MALFORMED_CADENCE_VALUE` when a value is not of its type. `INVALID_OPTION` as
 * `createPolicy`.
 */
export function inspectTransaction(
  transaction: TransactionPayload,
  rules: PolicyRules,
): InspectedTransaction {
  return inspect(transaction, compileRules(rules))
}

function inspect(transaction: TransactionPayload, rules: CompiledRules): InspectedTransaction {
  if (typeof transaction !== 'object' || transaction === null) throw refused('it is no transaction')
  const { cadence, proposalKey, payer, authorizers, computeLimit } = transaction
  assertAccount(rules, 'proposer', proposalKey?.address)
  assertAccount(rules, 'payer', payer)
  if (!Array.isArray(authorizers)) throw refused('the authorizers are not a list')
  for (const address of authorizers) assertAccount(rules, 'an authorizer', address)
  const script = typeof cadence === 'string' ? rules.scripts.get(scriptHash(cadence)) : undefined
  if (script === undefined) throw refused('no rule names this script')
  const limited = Number.isInteger(computeLimit) && computeLimit >= 1
  if (!limited || computeLimit > script.maxComputeLimit)
    throw refused(`${script.name}: the compute limit is not 1 to ${script.maxComputeLimit}`)
  const values = valuesOf(transaction, script, rules.chainId)
  for (const [index, value] of values.entries()) {
    const fault = script.checks.get(index)?.(value)
    if (fault !== undefined) throw refused(`${script.name}, argument ${index}: ${fault}`)
  }
  return { script: script.name, values }
}

function assertAccount({ accounts }: CompiledRules, role: string, address: string): void {
  if (!accounts.has(address)) throw refused(`${role} is not an account of the policy`)
}

function valuesOf(
  transaction: TransactionPayload,
  { name, types }: Script,
  chainId: string,
): readonly CadenceValue[] {
  try {
    return decodeArguments(transaction.arguments, types, { chainId })
  } catch (error) {
    if (!isSignerError(error, 'MALFORMED_CADENCE_VALUE')) throw error
    const { path, expected, reason } = error.context
    const where = path === '' ? '' : ` at ${path}`
    throw refused(`${name}, arguments${where}: ${reason}; expected is ${expected}`, error)
  }
}

const refused = (reason: string, cause?: unknown) =>
  new SignerError('POLICY_REFUSED', { reason }, { cause })
