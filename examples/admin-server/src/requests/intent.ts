/** What a request asks for, as texts and digests that are the same wherever they are made. @module */

import type { JsonCadence } from 'fcl-kms/relay'
import { sha256Hex } from '../access/digest.ts'

/**
 * From who asked and under which Idempotency-Key, so that after a restore of an old database the same
 * call becomes the same on-chain request, which the contract fulfils once.
 *
 * @returns `rq_` and 32 hexadecimal digits.
 */
export const requestIdOf = (requester: string, idempotencyKey: string): string =>
  `rq_${sha256Hex(JSON.stringify([requester, idempotencyKey])).slice(0, 32)}`

/** The id of one item: of its job in the relay, and of its request in the contract. */
export const jobIdOf = (requestId: string, index: number): string => `${requestId}-${index}`

/** @returns Undefined for a job of somebody else. */
export const requestIdOfJob = (jobId: string): string | undefined =>
  /^(rq_[0-9a-f]{32})-\d{1,4}$/.exec(jobId)?.[1]

/** One JSON text for one value: keys in order, as the relay writes arguments. */
export function orderedText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(orderedText).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, part]) => `${JSON.stringify(name)}:${orderedText(part)}`).join()}}`
}

/** The arguments of one item, each as one text. */
export const argumentTexts = (values: readonly JsonCadence[]): readonly string[] =>
  values.map(orderedText)

/** What an approval names. Job ids are arguments or stand beside them, so no two requests share one. */
export type Intent = {
  readonly chainId: string
  readonly account: string
  readonly requestId: string
  readonly functionName: string
  readonly cadenceHash: string
  /** Null where the relay computes it from the number of items. */
  readonly computeLimit: number | null
  readonly items: readonly (readonly string[])[]
}

/** @returns SHA-256, 64 digits. */
export const digestOf = (intent: Intent): string =>
  sha256Hex(
    JSON.stringify([
      'fcl-kms admin server intent 1',
      intent.chainId,
      intent.account,
      intent.requestId,
      intent.functionName,
      intent.cadenceHash,
      intent.computeLimit,
      intent.items,
    ]),
  )

/** @returns SHA-256 of what was asked for, 64 digits: the same key with another is refused. */
export const bodyHashOf = (body: unknown): string => sha256Hex(orderedText(body))
