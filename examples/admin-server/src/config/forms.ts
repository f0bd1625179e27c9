/** Forms of texts that a configuration holds: addresses, key ids, URLs, CIDR ranges, secrets. @module */

import { isIP } from 'node:net'
import type { ProblemId } from './problems.ts'

/** `0x` and 16 lower-case digits, not all zero. Says nothing of the chain. */
export const isAddressText = (text: string): boolean => /^0x(?!0{16})[0-9a-f]{16}$/.test(text)

const KEY = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/
const ALIAS = /^alias\/[A-Za-z0-9/_-]{1,250}$/
const ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(?<resource>.+)$/

/** Key id, multi-Region key id, key ARN, alias or alias ARN: what the signer of the library takes. */
export function isKmsKeyId(text: string): boolean {
  const resource = ARN.exec(text)?.groups?.['resource']
  if (resource === undefined) return KEY.test(text) || ALIAS.test(text)
  return ALIAS.test(resource) || (resource.startsWith('key/') && KEY.test(resource.slice(4)))
}

/** Two names with one identity are one key: an id and its ARN, a multi-Region key in two Regions. */
export const kmsKeyIdentity = (keyId: string): string => keyId.replace(/^arn:.*:key\//, '')

/** A private key: 64 digits, PEM, or the start of its DER in base64 (SEC1 and PKCS #8). */
export const looksLikePrivateKey = (text: string): boolean =>
  /^\s*(0x)?[0-9a-f]{64}\s*$/i.test(text) ||
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(text) ||
  /^\s*(MHcCAQEE|MHQCAQEE|MI[EGH][A-Za-z0-9+/]AgEA)/.test(text)

/** A token of this server, a JWT, an AWS access key, or a URL with a password. */
export const looksLikeSecret = (text: string): boolean =>
  /fka_[A-Za-z0-9_-]{8}/.test(text) ||
  /^eyJ[\w-]+\.[\w-]+\./.test(text) ||
  /\b(AKIA|ASIA)[A-Z0-9]{16}\b/.test(text) ||
  /:\/\/[^/\s:@]*:[^/\s@]+@/.test(text)

/** A host name or an address of this machine, with or without brackets. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (isIP(name) === 4) return name.startsWith('127.')
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1'
}

/** An IP address or a host name. */
export const isHost = (text: string): boolean =>
  isIP(text) !== 0 ||
  (/^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*$/i.test(text) &&
    !/^[\d.]+$/.test(text))

/** @returns What is wrong with a URL that is called, or people call; http is for loopback only. */
export function urlProblem(text: string, httpAllowed = false): ProblemId | undefined {
  if (!URL.canParse(text)) return 'URL_INVALID'
  const url = new URL(text)
  if (!/^https?:$/.test(url.protocol)) return 'URL_INVALID'
  if (url.username !== '' || url.password !== '') return 'URL_WITH_CREDENTIALS'
  const safe = url.protocol === 'https:' || httpAllowed || isLoopbackHost(url.hostname)
  return safe ? undefined : 'NOT_HTTPS'
}

/** As `urlProblem`, for scheme, host and port only; a final slash is nothing. */
export function originProblem(text: string): ProblemId | undefined {
  const problem = urlProblem(text)
  if (problem !== undefined) return problem
  return new URL(text).href === `${new URL(text).origin}/` && !/[?#]/.test(text)
    ? undefined
    : 'NOT_AN_ORIGIN'
}

/** @returns The length of the prefix; undefined for what is no range. */
export function cidrPrefix(text: string): number | undefined {
  const [, address = '', digits = ''] = /^([0-9a-f.:]+)\/(0|[1-9]\d{0,2})$/i.exec(text) ?? []
  const family = isIP(address)
  const width = family === 4 ? 32 : 128
  const prefix = Number(digits)
  if (family === 0 || prefix > width) return undefined
  const behind = (1n << BigInt(width - prefix)) - 1n
  return (addressBits(address, family) & behind) === 0n ? prefix : undefined
}

function addressBits(address: string, family: number): bigint {
  if (family === 4)
    return address.split('.').reduce((bits, part) => (bits << 8n) | BigInt(Number(part)), 0n)
  // The URL parser writes an embedded IPv4 address as two groups.
  const [front = '', back] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (half: string) => (half === '' ? [] : half.split(':'))
  const tail = groups(back ?? '')
  const zeros = Array<string>(8 - groups(front).length - tail.length).fill('0')
  return [...groups(front), ...zeros, ...tail].reduce(
    (bits, group) => (bits << 16n) | BigInt(`0x${group}`),
    0n,
  )
}

/**
 * Whether a pattern of addresses compiles and its work is bounded: no repetition but a count of at
 * most 18, and none of a group.
 */
export function isAddressPattern(text: string): boolean {
  const parts = /^(?:[0-9a-fx.|()]|\(\?:|\[\^?[0-9a-fx-]+\]|\{(?:[1-9]|1[0-8])\})+$/
  if (text.length > 200 || !parts.test(text) || /\)\{/.test(text)) return false
  if (/(^|[(|:])[|)]|\|$/.test(text)) return false // an empty alternative takes no character
  try {
    return new RegExp(anchored(text)).source !== ''
  } catch {
    return false
  }
}

/** The whole address has to match, whatever alternatives the pattern has. */
export const anchored = (pattern: string): string => `^(?:${pattern})$`
