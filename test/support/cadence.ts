/** The Cadence files of this repository, their imports resolved without the Flow CLI. @module */
import { readFileSync } from 'node:fs'

/** The networks that `flow.json` has aliases for. */
export type FlowNetwork = 'emulator' | 'testnet' | 'mainnet'

/** Contract name → address, with or without 0x. */
export type ContractAddresses = Readonly<Record<string, string>>

/** The part of `flow.json` that is read here. */
type FlowJson = {
  readonly contracts: Readonly<Record<string, { readonly aliases?: ContractAddresses }>>
}

const root = new URL('../../', import.meta.url)

/** `flow.json` as it stands in the root, parsed. */
export const readFlowJson = (): FlowJson =>
  JSON.parse(readFileSync(new URL('flow.json', root), 'utf8')) // the tests read it with FCL too

/** The addresses of the standard contracts on a network, by the aliases in `flow.json`. */
export function standardContracts(network: FlowNetwork): ContractAddresses {
  const addresses: Record<string, string> = {}
  for (const [name, { aliases }] of Object.entries(readFlowJson().contracts)) {
    const address = aliases?.[network]
    if (address !== undefined) addresses[name] = address
  }
  return addresses
}

/** Reads a file below `cadence/` as it stands. */
export const readSource = (path: string): string =>
  readFileSync(new URL(`cadence/${path}`, root), 'utf8')

/**
 * Reads a file below `cadence/` and replaces each `import "Name"` by `import Name from 0x…`.
 *
 * @param path - Such as `transactions/mint.cdc`.
 * @throws {Error} When a contract that is imported has no address.
 */
export function readCadence(path: string, addresses: ContractAddresses): string {
  return readSource(path).replace(/^import "(\w+)"$/gm, (_, name: string) => {
    const address = addresses[name]
    if (address === undefined) throw new Error(`${path} imports ${name}, which has no address.`)
    return `import ${name} from 0x${address.replace(/^0x/, '')}`
  })
}
