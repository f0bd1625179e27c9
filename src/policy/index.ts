/**
 * Rules on a decoded transaction before it is signed, and JSON-Cadence values checked strictly.
 * Does no I/O. Available as `fcl-kms/policy`.
 * @module
 */

export type { ArgumentRule } from './argument-rule.ts'
export { type CadenceType, cadenceTypeText, parseCadenceType } from './cadence-type.ts'
export {
  assertCadenceValue,
  type CadenceValue,
  type CadenceValueOptions,
} from './cadence-value.ts'
export { isAddressOfChain } from './chain-address.ts'
export { decodeArguments } from './decode-arguments.ts'
export { createPolicy, type InspectedTransaction, inspectTransaction } from './policy.ts'
export type { PolicyRules, ScriptRule } from './rules.ts'
