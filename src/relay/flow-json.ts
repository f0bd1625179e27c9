/** Addresses of contracts out of flow.json, as FCL reads it. @module */

import { SignerError } from '../errors.ts'

/** By the name that is imported; `<name>.canonical` is the contract's own name, where it has another. */
export type ContractAddresses = ReadonlyMap<string, unknown>

type Entries = readonly (readonly [name: string, value: unknown])[]

/**
 * A deployment is outweighed by an alias of the contract, that by one of a dependency, and a file by
 * those after it.
 *
 * @param network - As flow.json calls it: `mainnet`, `testnet` or `emulator`.
 * @throws {SignerError} `INVALID_OPTION` for anything but the contents of such files.
 */
export function readFlowJson(flowJson: unknown, network: string): ContractAddresses {
  const files: readonly unknown[] = Array.isArray(flowJson) ? flowJson : [flowJson]
  if (!files.every(isRecord))
    throw new SignerError('INVALID_OPTION', {
      option: 'flowJson',
      reason: 'it is not what a flow.json holds, nor a list of that: read and parse the file',
    })
  const accounts = new Map(files.flatMap((file) => entriesIn(file, 'accounts')))
  const described = ['contracts', 'dependencies'].flatMap((part) =>
    files.flatMap((file) => entriesIn(file, part)),
  )
  return new Map([
    ...files.flatMap((file) => deployed(file, network, accounts)),
    ...described.flatMap(([name, contract]): Entries => {
      const alias = entriesIn(contract, 'aliases').find(([at]) => at === network)
      const [canonical] = entriesOf(contract).filter(([key]) => key === 'canonical')
      return [
        ...(alias === undefined ? [] : [[name, alias[1]] as const]),
        ...(canonical === undefined ? [] : [[`${name}.canonical`, canonical[1]] as const]),
      ]
    }),
  ])
}

function deployed(file: unknown, network: string, accounts: ReadonlyMap<string, unknown>): Entries {
  const deployments = new Map(entriesIn(file, 'deployments')).get(network)
  return entriesOf(deployments).flatMap(([account, contracts]) => {
    const address = new Map(entriesOf(accounts.get(account))).get('address')
    if (address === undefined || !Array.isArray(contracts)) return []
    return contracts.map((contract: unknown) => {
      const name = isRecord(contract) ? contract['name'] : contract // with arguments of its init
      return [String(name), address] as const
    })
  })
}

const entriesIn = (value: unknown, name: string): Entries =>
  entriesOf(new Map(entriesOf(value)).get(name))

const entriesOf = (value: unknown): Entries => (isRecord(value) ? Object.entries(value) : [])

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
