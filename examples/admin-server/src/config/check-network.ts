/** Checks of the network, of AWS and of addresses: nothing of two networks may be mixed. @module */

import { isAddressText, isLoopbackHost, urlProblem } from './forms.ts'
import type { Partly } from './partly.ts'
import { type Mistake, mistake, type Place } from './problems.ts'
import type { FileSettings } from './schema.ts'

/** What a check asks of the library; by default it knows the addresses of the standard contracts. */
export type AddressCheck = (address: string, chainId: string) => boolean

/** Standard contracts by chain, `0x` and 16 digits; a configuration need not name them. */
export const standardContracts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'flow-mainnet': standard('0x1d7e57aa55817448', '0xf233dcee88fe0abe'),
  'flow-testnet': standard('0x631e88ae7f1d7c20', '0x9a0766d93b6608b7'),
  'flow-emulator': standard('0xf8d6e0586b0a20c7', '0xee82856bf20e2aa6'),
}

function standard(nonFungible: string, fungible: string): Readonly<Record<string, string>> {
  return {
    FungibleToken: fungible,
    MetadataViews: nonFungible,
    NonFungibleToken: nonFungible,
    ViewResolver: nonFungible,
  }
}

/** Public access nodes and the other accounts that every emulator starts with. */
const publicNodes: Readonly<Record<string, string>> = {
  'rest-mainnet.onflow.org': 'flow-mainnet',
  'rest-testnet.onflow.org': 'flow-testnet',
}
const emulatorAccounts = ['0x0ae53cb6e3f42a79', '0xe5a8b7f23e8b548f']

/** Whether an address is none that another chain is known for. */
const isNotOfAnotherChain: AddressCheck = (address, chainId) => {
  if (chainId !== 'flow-emulator' && emulatorAccounts.includes(address)) return false
  return !Object.entries(standardContracts).some(
    ([chain, contracts]) => chain !== chainId && Object.values(contracts).includes(address),
  )
}

/** @param isAddressOfChain - The code that an address carries differs by chain. */
export function checkNetwork(
  settings: Partly<FileSettings>,
  isAddressOfChain: AddressCheck = isNotOfAnotherChain,
): readonly Mistake[] {
  const { network, aws, account, functions } = settings
  const chainId = network?.chainId
  const found: Mistake[] = [...checkNodes(settings)]
  const checkAddress = (address: string | undefined, place: Place) => {
    if (address === undefined) return
    if (!isAddressText(address)) found.push(mistake('ADDRESS_INVALID', place))
    else if (chainId !== undefined && !isAddressOfChain(address, chainId))
      found.push(mistake('NETWORK_MIXED', place))
  }
  for (const [name, address] of Object.entries(network?.contracts ?? {})) {
    const place = ['network', 'contracts', name]
    const known = chainId === undefined ? undefined : standardContracts[chainId]?.[name]
    if (!/^[A-Za-z][A-Za-z0-9_]{0,127}$/.test(name))
      found.push(mistake('CONTRACT_NAME_INVALID', place))
    // An emulator may have its own; elsewhere there is one of each.
    else if (known !== undefined && address !== known && isAddressText(address ?? ''))
      chainId === 'flow-emulator'
        ? checkAddress(address, place)
        : found.push(mistake('NETWORK_MIXED', place))
    else checkAddress(address, place)
  }
  checkAddress(account?.address, ['account', 'address'])
  for (const [name, rules] of Object.entries(functions ?? {})) {
    const allow = listIn(rules?.recipients)
    for (const [index, address] of allow.entries()) {
      const place = ['functions', name, 'recipients', 'allow', index]
      if (address !== undefined && allow.indexOf(address) < index)
        found.push(mistake('DUPLICATE', place))
      else checkAddress(address, place)
    }
  }
  if (chainId !== undefined && chainId !== 'flow-emulator')
    if ((network?.transactionExpiry ?? 600) !== 600)
      found.push(mistake('EXPIRY_NOT_600', ['network', 'transactionExpiry']))
  if (aws?.region !== undefined && !/^[a-z]{2,}(-[a-z0-9]+)+$/.test(aws.region))
    found.push(mistake('REGION_INVALID', ['aws', 'region']))
  return found
}

type Recipients = Partly<NonNullable<FileSettings['functions'][string]['recipients']>>

const listIn = (recipients: Recipients | undefined): readonly (string | undefined)[] =>
  recipients !== undefined && 'allow' in recipients ? (recipients.allow ?? []) : []

function checkNodes({ network, aws }: Partly<FileSettings>): readonly Mistake[] {
  const chainId = network?.chainId
  const nodes = network?.accessNodes ?? []
  const called: { readonly url: string | undefined; readonly place: Place }[] = [
    ...nodes.map((url, index) => ({ url, place: ['network', 'accessNodes', index] })),
    { url: aws?.endpoint, place: ['aws', 'endpoint'] },
  ]
  const seen = new Set<string>()
  const found: Mistake[] = []
  for (const { url, place } of called) {
    if (url === undefined) continue
    const problem = urlProblem(url, chainId === 'flow-emulator')
    if (problem !== undefined) {
      found.push(mistake(problem, place))
      continue
    }
    const { hostname, href } = new URL(url)
    const name = href.replace(/\/+$/, '')
    const other = (publicNodes[hostname] ?? chainId) !== chainId
    if (
      chainId !== undefined &&
      (other || (chainId === 'flow-mainnet' && isLoopbackHost(hostname)))
    )
      found.push(mistake('NETWORK_MIXED', place))
    // The word of a second node counts only when it is another one.
    else if (seen.has(name)) found.push(mistake('DUPLICATE', place))
    seen.add(name)
  }
  return found
}
