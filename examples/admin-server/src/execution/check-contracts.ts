/** Whether the contracts are where the configuration says: asked once, before anything is served. @module */

import type { Config } from '../config/config.ts'
import { AdminError } from '../errors.ts'
import type { Registry } from '../functions/registry.ts'
import { listOf, property, runScript } from './run-script.ts'

const script = `access(all) fun main(addresses: [Address], names: [String]): [Bool] {
  let found: [Bool] = []
  for index, address in addresses {
    found.append(getAccount(address).contracts.names.contains(names[index]))
  }
  return found
}`

type Contract = { readonly name: string; readonly address: string }

/**
 * Otherwise it would be found out by the transaction that fails, after people had approved it.
 *
 * @returns Whether the node could be asked: a script that it does not run says nothing of contracts.
 * @throws {AdminError} `CONFIGURATION_INVALID` with `mistakes`: each contract that is not there.
 */
export async function assertContracts(
  { accessNodes: [accessNode = ''] }: Config['network'],
  registry: Registry,
): Promise<boolean> {
  const contracts = importsOf(registry)
  const found = await runScript(accessNode, script, [
    arrayOf(
      'Address',
      contracts.map(({ address }) => address),
    ),
    arrayOf(
      'String',
      contracts.map(({ name }) => name),
    ),
  ]).catch(() => undefined)
  const answers = listOf(property(found, 'value')).map((one) => property(one, 'value'))
  if (answers.length !== contracts.length) return false
  const mistakes = contracts
    .filter((_, index) => answers[index] === false)
    .map(({ name, address }) => ({
      id: 'CONTRACT_NOT_THERE',
      path: `network.contracts.${name}`,
      problem: `account ${address} has no contract ${name}`,
      remedy: 'Write the address of the account that it is deployed to, or deploy it there.',
    }))
  if (mistakes.length > 0)
    throw new AdminError('CONFIGURATION_INVALID', { file: 'The configuration', mistakes })
  return true
}

/** What the Cadence of the functions that are switched on imports, each once. */
function importsOf({ all }: Registry): readonly Contract[] {
  const imports = all.flatMap(({ cadence }) => [
    ...cadence.matchAll(/^import (\w+) from (0x[0-9a-f]{16})$/gm),
  ])
  const byName = new Map(imports.map(([, name = '', address = '']) => [name, address]))
  return [...byName].map(([name, address]) => ({ name, address }))
}

const arrayOf = (type: string, values: readonly string[]) => ({
  type: 'Array',
  value: values.map((value) => ({ type, value })),
})
