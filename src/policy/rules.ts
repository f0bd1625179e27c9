/** What a policy allows, and the checks made of it before it is used. @module */

import { hashMessage } from '../crypto/hash.ts'
import { bytesToHex } from '../crypto/hex.ts'
import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import { type ArgumentCheck, type ArgumentRule, compileArgumentRule } from './argument-rule.ts'
import { type CadenceType, parseCadenceType } from './cadence-type.ts'
import { assertChainId, isAddressOfChain } from './chain-address.ts'

/** One script that may be signed. */
export type ScriptRule = {
  /** 1 to 100 characters, for errors and for those who go on with the arguments. */
  readonly name: string
  /** Types of the arguments in their order, as Cadence writes them: `[Address]`, `UFix64?`. */
  readonly parameters: readonly string[]
  /** 1 to 9,999: a transaction that declares more is refused. */
  readonly maxComputeLimit: number
  /** Rules by index of the argument. An argument without one may be any value of its type. */
  readonly arguments?: Readonly<Record<number, ArgumentRule>>
} & (
  | {
      /** The source, with each import as it is sent. It is compared byte by byte. */
      readonly cadence: string
    }
  | {
      /** SHA3-256 of the source in UTF-8, 64 lower-case digits. */
      readonly sha3: string
    }
)

/** Everything that may be signed; what is not named here is refused. */
export type PolicyRules = {
  /** `flow-mainnet`, `flow-testnet` or `flow-emulator`: addresses of another chain are refused. */
  readonly chainId: string
  /** Proposer, payer and every authorizer must be among these. `0x` and 16 lower-case digits. */
  readonly accounts: readonly string[]
  readonly scripts: readonly ScriptRule[]
}

/** A rule on one script, ready to be used. */
export type Script = {
  readonly name: string
  readonly types: readonly CadenceType[]
  readonly maxComputeLimit: number
  readonly checks: ReadonlyMap<number, ArgumentCheck>
}

/** Rules ready to be used. */
export type CompiledRules = {
  readonly chainId: string
  readonly accounts: ReadonlySet<string>
  /** By SHA3-256 of their source. */
  readonly scripts: ReadonlyMap<string, Script>
}

const MAX_COMPUTE_LIMIT = 9_999

/** @throws {SignerError} `INVALID_OPTION` for rules that are unknown, empty or contradict themselves. */
export function compileRules(rules: PolicyRules): CompiledRules {
  assertKnownKeys(rules, ['chainId', 'accounts', 'scripts'])
  const { chainId, accounts, scripts } = rules
  assertChainId('chainId', chainId)
  assertList('accounts', accounts)
  if (!accounts.every((address) => isAddressOfChain(address, chainId)))
    throw invalid('accounts', `one is not 0x and 16 lower-case digits valid on ${chainId}`)
  assertList('scripts', scripts)
  const compiled = new Map<string, Script>()
  const names = new Set<string>()
  for (const [index, rule] of scripts.entries()) {
    const option = `scripts[${index}]`
    const [hash, script] = compileScript(option, rule, chainId)
    if (compiled.has(hash)) throw invalid(option, 'the same source has another rule already')
    if (names.has(script.name)) throw invalid(`${option}.name`, 'another script has it already')
    compiled.set(hash, script)
    names.add(script.name)
  }
  return { chainId, accounts: new Set(accounts), scripts: compiled }
}

/** @returns 64 lower-case digits of what is sent as the script. */
export const scriptHash = (cadence: string): string =>
  bytesToHex(hashMessage(new TextEncoder().encode(cadence), 'SHA3_256'))

function compileScript(option: string, rule: ScriptRule, chainId: string): [string, Script] {
  const known = ['name', 'cadence', 'sha3', 'parameters', 'maxComputeLimit', 'arguments']
  assertKnownKeys(rule, known)
  const { name, parameters, maxComputeLimit } = rule
  if (typeof name !== 'string' || name === '' || name.length > 100)
    throw invalid(`${option}.name`, 'it is not 1 to 100 characters')
  if (
    !Number.isInteger(maxComputeLimit) ||
    maxComputeLimit < 1 ||
    maxComputeLimit > MAX_COMPUTE_LIMIT
  )
    throw invalid(`${option}.maxComputeLimit`, `it is not a number from 1 to ${MAX_COMPUTE_LIMIT}`)
  if (!Array.isArray(parameters)) throw invalid(`${option}.parameters`, 'it is not a list')
  const types = parameters.map(parseCadenceType)
  const checks = new Map<number, ArgumentCheck>()
  for (const [key, argument] of Object.entries(rule.arguments ?? {})) {
    const type = types[Number(key)]
    const place = `${option}.arguments.${key}`
    if (type === undefined || !/^(0|[1-9]\d*)$/.test(key))
      throw invalid(place, 'there is no such parameter')
    checks.set(Number(key), compileArgumentRule(place, argument, type, chainId))
  }
  return [hashOf(option, rule), { name, types, maxComputeLimit, checks }]
}

function hashOf(option: string, rule: ScriptRule): string {
  const { cadence, sha3 } = { cadence: undefined, sha3: undefined, ...rule }
  if ((cadence === undefined) === (sha3 === undefined))
    throw invalid(option, 'it needs either cadence or sha3')
  if (cadence !== undefined) {
    if (typeof cadence === 'string' && cadence.trim() !== '') return scriptHash(cadence)
    throw invalid(`${option}.cadence`, 'it is empty')
  }
  if (typeof sha3 === 'string' && /^[0-9a-f]{64}$/.test(sha3)) return sha3
  throw invalid(`${option}.sha3`, 'it is not 64 lower-case hexadecimal digits')
}

function assertList(option: string, value: unknown): void {
  if (!Array.isArray(value) || value.length === 0)
    throw invalid(option, 'it is not a list with at least one element')
}

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
