/** Values of labels, from fixed sets: what comes from outside must not make new series. @module */

import { signerErrorTable } from '../error-codes.ts'
import { holdCodes } from '../relay/hold-codes.ts'

/** Codes that the relay has beside those of `SignerError`. */
const relayCodes = [...holdCodes, 'NOT_STARTED', 'PAUSED', 'POLICY_REFUSED', 'SEQUENCE_NUMBER_USED']

/** Those of flow-go's fvm/errors/codes.go that say what to do: signatures, limits, money, storage. */
const chainCodes = [
  ...[1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009],
  ...[1101, 1103, 1105, 1106, 1109, 1110, 1111, 1118, 1201, 1202],
].map(String)

const codes: ReadonlySet<string> = new Set([
  ...Object.keys(signerErrorTable),
  ...relayCodes,
  ...chainCodes,
])
const places: ReadonlySet<string> = new Set([
  ...['prepare', 'claim', 'beat', 'prune', 'settle', 'send', 'store', 'hold', 'follow'],
])

/** What is in none of the sets. */
const OTHER = 'other'

/** @returns A code of this package or of the chain, `none` for an empty one, or `other`. */
export const codeLabel = (code: string | number): string =>
  code === '' ? 'none' : codes.has(String(code)) ? String(code) : OTHER

/** @returns The part of a relay that met trouble, or `other`. */
export const placeLabel = (where: string): string => (places.has(where) ? where : OTHER)

/** @returns Host and port: the path of an access node's URL may hold a key. */
export const hostLabel = (url: string): string => (URL.canParse(url) ? new URL(url).host : OTHER)

/**
 * @param name - Of a quota, for AWS KMS with its account.
 * @returns At most 100 characters; of an AWS account only its last four digits.
 */
export const quotaLabel = (name: string): string =>
  name.replace(/\b\d{8}(\d{4})\b/g, '$1').slice(0, 100)
