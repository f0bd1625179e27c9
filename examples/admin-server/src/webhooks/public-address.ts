/** Which addresses are the public internet's. @module */

import { BlockList, isIP } from 'node:net'

/** IANA's special purposes for IPv4, multicast, and the one public address that is a cloud's inside. */
const refusedIpv4 = [
  ['0.0.0.0', 8], // this host
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // carrier NAT; also a metadata service
  ['127.0.0.0', 8], // loopback
  ['168.63.129.16', 32], // platform services of Azure
  ['169.254.0.0', 16], // link-local: metadata services
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments; also a metadata service
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
] as const

/** Inside of 2000::/3, whatever leads elsewhere: tunnels carry a private IPv4 address in them. */
const refusedIpv6 = [
  ['2001::', 23], // protocol assignments, Teredo and ORCHID among them
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4
  ['3fff::', 20], // documentation
] as const

// Two lists for IPv4 and IPv6: one list compares IPv4 addresses with ::ffff:0:0/96 as well.
const ipv4 = new BlockList()
for (const [net, prefix] of refusedIpv4) ipv4.addSubnet(net, prefix, 'ipv4')
const ipv6 = new BlockList()
for (const [net, prefix] of refusedIpv6) ipv6.addSubnet(net, prefix, 'ipv6')
const globalIpv6 = new BlockList()
globalIpv6.addSubnet('2000::', 3, 'ipv6')
const loopbackIpv4 = new BlockList()
loopbackIpv4.addSubnet('127.0.0.0', 8, 'ipv4')

/**
 * IPv6 addresses must be global unicast (2000::/3), so that loopback, unique-local, link-local,
 * IPv4-mapped, NAT64 and whatever will be assigned later need no entry.
 *
 * @param address - Text of one address; anything else is not public.
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !ipv4.check(address, 'ipv4')
  if (isIP(address) !== 6 || address.includes('%')) return false // a zone is a link's
  return globalIpv6.check(address, 'ipv6') && !ipv6.check(address, 'ipv6')
}

/** @param host - 127.0.0.0/8 or `::1` as a literal, without brackets; no name is loopback. */
export const isLoopbackLiteral = (host: string): boolean =>
  host === '::1' || (isIP(host) === 4 && loopbackIpv4.check(host, 'ipv4'))
