/** Rules on a whole transaction: its script, roles, compute limit and the types of its arguments. @module */

import type { TransactionPayload } from 'fcl-kms/crypto'
import { createPolicy } from 'fcl-kms/policy'
import type { Config } from '../config/config.ts'
import { AdminError } from '../errors.ts'
import type { Registry } from '../functions/registry.ts'

/** What a batch may declare when no rule says less. */
const MAX_COMPUTE_LIMIT = 9_999

/**
 * Only the functions that are switched on, each as it stands in the registry; only the one account in
 * every role; addresses of the chain alone.
 *
 * @returns A function that throws when the transaction may not be signed.
 */
export function createTransactionPolicy(
  { network, account }: Pick<Config, 'network' | 'account'>,
  registry: Registry,
): (payload: TransactionPayload) => void {
  return createPolicy({
    chainId: network.chainId,
    accounts: [account.address],
    scripts: registry.all.map(({ template, cadence, rules }) => ({
      name: template.name,
      cadence,
      parameters: parametersOf(cadence),
      maxComputeLimit: rules.maxComputeLimit ?? MAX_COMPUTE_LIMIT,
    })),
  })
}

/**
 * The types of the parameters, in their order, of a transaction of this package.
 *
 * @throws {AdminError} `INTERNAL` for a source that is written otherwise.
 */
export function parametersOf(cadence: string): readonly string[] {
  const source = cadence.replace(/\/\/.*$/gm, '')
  const [, list] = /\btransaction\s*\(([^)]*)\)/.exec(source) ?? []
  if (list === undefined) {
    if (/\btransaction\s*\{/.test(source)) return []
    throw new AdminError('INTERNAL', { reason: 'a transaction without parameters to be read' })
  }
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const character of list) {
    if ('[{<'.includes(character)) depth += 1
    if (']}>'.includes(character)) depth -= 1
    if (character === ',' && depth === 0) {
      parts.push(part)
      part = ''
    } else part += character
  }
  return [...parts, part]
    .map((one) => one.slice(one.indexOf(':') + 1).trim())
    .filter((one) => one !== '')
}
