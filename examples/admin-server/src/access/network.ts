/** From which address a call comes, and whether calls from there are let in. @module */

import { BlockList, isIPv4, isIPv6, SocketAddress } from 'node:net'
import { AdminError } from '../errors.ts'

/** See `createNetworkGuard`. */
export type NetworkGuard = {
  /**
   * @param peer - `socket.remoteAddress`; absent when the peer has gone.
   * @param forwardedFor - The value of each X-Forwarded-For header, in their order.
   * @returns The client's address: IPv4, or IPv6 in its short form; IPv4-mapped IPv6 as IPv4.
   * @throws {AdminError} `ADDRESS_FORBIDDEN`.
   */
  readonly admit: (peer: string | undefined, forwardedFor: readonly string[]) => string
}

/** More proxies than that in a row are not a chain but an attack. */
const MAX_HOPS = 32

/**
 * Believes X-Forwarded-For from trusted proxies only, read from the right: the client is the first
 * address that is not such a proxy itself. What stands left of it was written by the client, and is
 * never looked at. A header that cannot be read is refused where `allowedNetworks` bounds who may
 * call; elsewhere the peer counts as the client.
 *
 * @param http - CIDR ranges or single addresses. Empty `allowedNetworks`: anybody.
 * @throws {AdminError} `CONFIGURATION_INVALID` for a range that is none.
 */
export function createNetworkGuard(http: {
  readonly trustedProxies: readonly string[]
  readonly allowedNetworks: readonly string[]
}): NetworkGuard {
  const isProxy = createAddressList(http.trustedProxies)
  const isAllowed = createAddressList(http.allowedNetworks)
  const bounded = http.allowedNetworks.length > 0

  function clientOf(peer: string, forwardedFor: readonly string[]): string | undefined {
    if (forwardedFor.length === 0 || !isProxy(peer)) return peer
    const hops = forwardedFor.join(',').split(',')
    if (hops.length > MAX_HOPS) return undefined
    let client = peer
    for (const hop of hops.reverse()) {
      const address = normaliseAddress(withoutPort(hop.trim()))
      if (address === undefined) return undefined
      client = address
      if (!isProxy(address)) break
    }
    return client
  }

  return Object.freeze({
    admit(peer, forwardedFor) {
      const peerAddress = normaliseAddress((peer ?? '').replace(/%.*$/, '')) // a zone is ours
      if (peerAddress === undefined) throw new AdminError('ADDRESS_FORBIDDEN')
      const client = clientOf(peerAddress, forwardedFor)
      if (!bounded) return client ?? peerAddress
      if (client === undefined || !isAllowed(client)) throw new AdminError('ADDRESS_FORBIDDEN')
      return client
    },
  } satisfies NetworkGuard)
}

/** One CIDR range. */
export type Network = {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

/** A range as `BlockList` takes it, or nothing when it is none. `10.0.0.0/8`, `::1`, `2001:db8::/32`. */
export function parseNetwork(range: string): Network | undefined {
  const [text = '', length, ...more] = range.split('/')
  const address = normaliseAddress(text)
  if (address === undefined || more.length > 0) return undefined
  if (length !== undefined && !/^(0|[1-9][0-9]{0,2})$/.test(length)) return undefined
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  const bits = family === 'ipv4' ? 32 : 128
  // A range of IPv4-mapped addresses counts its length from the start of the IPv6 address.
  const mapped = family === 'ipv4' && isIPv6(text) ? 96 : 0
  const prefix = length === undefined ? bits : Number(length) - mapped
  return prefix < 0 || prefix > bits ? undefined : { address, prefix, family }
}

/** @returns One text for each address, or nothing for what is no address. */
export function normaliseAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  if (!isIPv6(text) || text.includes('%')) return undefined
  const { address } = new SocketAddress({ address: text, family: 'ipv6' })
  const mapped = /^::ffff:([0-9.]+)$/.exec(address)?.[1]
  return mapped !== undefined && isIPv4(mapped) ? mapped : address
}

/**
 * What counts as one caller for limits: an IPv4 address, or the /64 of an IPv6 one, which is what one
 * customer of a provider has.
 *
 * @param address - As `admit` returns it.
 */
export function addressGroup(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  if (tail === undefined) return `${left.slice(0, 4).join(':')}::/64`
  const right = tail === '' ? [] : tail.split(':')
  // Dotted digits at the end would be two groups, but they only follow zeros (`::192.0.2.1`).
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`
}

/**
 * @param ranges - CIDR ranges or single addresses.
 * @returns Whether an address, as `normaliseAddress` writes it, is in one of them.
 * @throws {AdminError} `CONFIGURATION_INVALID` for a range that is none.
 */
export function createAddressList(ranges: readonly string[]): (address: string) => boolean {
  // One list for each family: in one list `::/0` would take in every IPv4 address as well.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  const wrong: string[] = []
  for (const range of ranges) {
    const network = parseNetwork(range)
    if (network === undefined) wrong.push(range)
    else lists[network.family].addSubnet(network.address, network.prefix, network.family)
  }
  if (wrong.length > 0) throw new AdminError('CONFIGURATION_INVALID', { networks: wrong })
  return (address) => {
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    return lists[family].check(address, family)
  }
}

/** Some proxies write the port too: `192.0.2.1:4711`, `[2001:db8::1]:4711`, `[2001:db8::1]`. */
function withoutPort(hop: string): string {
  const bracketed = /^\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?$/.exec(hop)?.[1]
  return bracketed ?? /^([0-9.]+):[0-9]{1,5}$/.exec(hop)?.[1] ?? hop
}
