/** The functions that are switched on, with the Cadence that they send. @module */

import type { BatchTemplate } from 'fcl-kms/relay'
import type { Config, FunctionRules } from '../config/config.ts'
import { AdminError, isAdminError } from '../errors.ts'
import { type ContractAddresses, hashCadence, readCadence } from './cadence-source.ts'
import { functionTemplates } from './index.ts'
import type { FunctionTemplate } from './template.ts'

/** One function that may be asked for. */
export type EnabledFunction = {
  readonly template: FunctionTemplate
  /** With addresses for imports: exactly what is sent. */
  readonly cadence: string
  /** SHA3-256 of `cadence`, 64 lower-case digits. */
  readonly cadenceHash: string
  readonly rules: FunctionRules
}

/** Nothing else is signed. */
export type Registry = {
  /** In the order of the templates. */
  readonly all: readonly EnabledFunction[]
  readonly byName: (name: string) => EnabledFunction | undefined
  /** @param hash - Of the Cadence of a transaction, 64 lower-case digits. */
  readonly byCadenceHash: (hash: string) => EnabledFunction | undefined
  /** For the relay's option `batches`: by the names of the functions. */
  readonly batches: Readonly<Record<string, BatchTemplate>>
}

/**
 * @param options - From the configuration; `templates` are all of them unless told otherwise.
 * @throws {AdminError} `CONFIGURATION_INVALID`; `errors` lists every function that does not exist
 * and every contract without an address.
 */
export function createRegistry(options: {
  readonly contracts: ContractAddresses
  readonly functions: Config['functions']
  readonly templates?: readonly FunctionTemplate[]
}): Registry {
  const { contracts, functions, templates = functionTemplates } = options
  const names = templates.map(({ name }) => name)
  const errors: unknown[] = Object.keys(functions)
    .filter((name) => !names.includes(name))
    .map((name) => ({
      field: `functions.${name}`,
      detail: `There is no such function. Name some of ${names.join(', ')}.`,
    }))
  const enabled = templates.flatMap((template) => {
    const rules = Object.hasOwn(functions, template.name) ? functions[template.name] : undefined
    if (rules === undefined) return []
    try {
      const cadence = readCadence(template.cadenceFile, contracts)
      return [Object.freeze({ template, cadence, cadenceHash: hashCadence(cadence), rules })]
    } catch (thrown) {
      if (!isAdminError(thrown, 'CONFIGURATION_INVALID')) throw thrown
      errors.push(...listOf(thrown.facts['errors']))
      return []
    }
  })
  if (errors.length > 0) throw new AdminError('CONFIGURATION_INVALID', { errors })
  return registryOf(enabled)
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function registryOf(all: readonly EnabledFunction[]): Registry {
  const byName = new Map(all.map((one) => [one.template.name, one]))
  const byHash = new Map(all.map((one) => [one.cadenceHash, one]))
  // A transaction has to tell by its Cadence alone which rules it is under.
  if (byName.size !== all.length || byHash.size !== all.length)
    throw new AdminError('INTERNAL', { reason: 'two functions have one name or one Cadence' })
  const batches = all.flatMap(({ template: { name, submission }, cadence }) => {
    if (submission.kind !== 'batch') return []
    const { kind: _, ...bounds } = submission
    return [[name, { cadence, ...bounds }] as const]
  })
  return Object.freeze({
    all: Object.freeze(all),
    byName: (name) => byName.get(name),
    byCadenceHash: (hash) => byHash.get(hash),
    batches: Object.freeze(Object.fromEntries(batches)),
  } satisfies Registry)
}
