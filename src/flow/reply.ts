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
  readonly bigint: (value: unknown, name: string) => bigint
}

/** @param accessNode - For the errors. */
export function replyReader(accessNode: string): ReplyReader {
  const invalid = (name: string) =>
    new SignerError('ACCESS_NODE_REPLY_INVALID', { accessNode, reason: `no usable ${name}` })
  const bigint = (value: unknown, name: string) => {
    if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) throw invalid(name)
    return BigInt(value)
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
    number(value, name) {
      const number = Number(bigint(value, name))
      if (!Number.isSafeInteger(number)) throw invalid(name)
      return number
    },
  }
}

/**
 * @returns The body of a successful reply.
 * @throws {SignerError} `ACCESS_NODE_REFUSED` with the node's own sentence, cut to 300 printable
 * characters.
 */
export function successBody(reply: NodeReply, accessNode: string): unknown {
  const { status, json } = reply
  if (status >= 200 && status < 300) return json
  throw new SignerError('ACCESS_NODE_REFUSED', { accessNode, status, reason: reasonOf(json) })
}

function reasonOf(json: unknown): string {
  const message = typeof json === 'object' && json !== null && 'message' in json ? json.message : ''
  return printable(typeof message === 'string' ? message : '', 300)
}

/** Control characters to spaces, cut at `length`: remote text that goes into an error. */
export function printable(text: string, length: number): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, length)
}
