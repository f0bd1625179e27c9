/** Reading replies of the REST API: nothing is believed that does not have its shape. @module */

import { SignerError } from '../errors.ts'
import type { NodeReply } from './http.ts'

/** Reads fields of one reply. Every method throws `ACCESS_NODE_REPLY_INVALID` on another shape. */
export type ReplyReader = {
  readonly object: (value: unknown, name: string) => Readonly<Record<string, unknown>>
  readonly list: (value: unknown, name: string) => readonly unknown[]
  readonly text: (value: unknown, name: string) => string
  /** Numbers come as decimal text. At most 2⁵³ − 1. */
  readonly number: (value: unknown, name: string) => number
  /** At most 2⁶⁴ − 1. */
  readonly bigint: (value: unknown, name: string) => bigint
  readonly boolean: (value: unknown, name: string) => boolean
}

/** @param accessNode - For the errors. */
export function replyReader(accessNode: string): ReplyReader {
  const invalid = (name: string) =>
    new SignerError('ACCESS_NODE_REPLY_INVALID', { accessNode, reason: `no usable ${name}` })
  const bigint = (value: unknown, name: string) => {
    const number = typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : -1n
    if (BigInt.asUintN(64, number) !== number) throw invalid(name)
    return number
  }
  return {
    object(value, name) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name)
      return { ...value }
    },
    list(value, name) {
      if (!Array.isArray(value)) throw invalid(name)
      return value
    },
    text(value, name) {
      if (typeof value !== 'string') throw invalid(name)
      return value
    },
    bigint,
    boolean(value, name) {
      if (typeof value !== 'boolean') throw invalid(name)
      return value
    },
    number(value, name) {
      const number = Number(bigint(value, name))
      if (!Number.isSafeInteger(number)) throw invalid(name)
      return number
    },
  }
}

/**
 * @returns The body of a successful reply.
 * @throws {SignerError} `ACCESS_NODE_REFUSED` with the node's own sentence.
 */
export function successBody(reply: NodeReply, accessNode: string): unknown {
  const { status, json } = reply
  if (status >= 200 && status < 300) return json
  throw new SignerError('ACCESS_NODE_REFUSED', { accessNode, status, reason: reasonOf(json) })
}

/** The node's own sentence; empty when there is none. */
export function reasonOf(json: unknown): string {
  const message = typeof json === 'object' && json !== null && 'message' in json ? json.message : ''
  return typeof message === 'string' ? message : ''
}
