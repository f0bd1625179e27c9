/** What every door by HTTP asks of a request before it reads the body. @module */

import { SignerError } from '../../errors.ts'
import { parseStrictJson } from '../../policy/strict-json.ts'
import { MAX_REQUEST_BYTES } from '../../signers/remote/protocol.ts'

/** The head of a request, names of headers in lower case. */
export type RequestHead = {
  readonly method: string | undefined
  /** With query, if it has one. `undefined` where the door looks at no path. */
  readonly path: string | undefined
  readonly headers: Readonly<Record<string, unknown>>
}

/** Something is wrong with the way a request came, and the status that HTTP has for it. */
export type HeadFault = { readonly status: number; readonly error: SignerError }

/** @param path - The only one that there is. @returns What is wrong, if something is. */
export function headFault(head: RequestHead, path: string): HeadFault | undefined {
  const { method, headers } = head
  if (head.path !== undefined && head.path !== path) return fault(404, 'there is no such path')
  if (method !== 'POST') return fault(405, 'the method is not POST')
  // A page whose name was made to lead here asks its own origin, and needs no leave by OPTIONS.
  if (headers['origin'] !== undefined) return fault(403, 'it comes from a page in a browser')
  const type = textOf(headers['content-type']).split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') return fault(415, 'the content type is not application/json')
  const encoding = textOf(headers['content-encoding']).toLowerCase()
  const transfer = textOf(headers['transfer-encoding']).toLowerCase()
  if (!['', 'identity'].includes(encoding) || !['', 'chunked'].includes(transfer))
    return fault(415, 'the body is compressed')
  const byteLength = Number(textOf(headers['content-length']) || 0)
  return byteLength > MAX_REQUEST_BYTES ? tooLarge(byteLength) : undefined
}

export const tooLarge = (byteLength: number, maxBytes: number = MAX_REQUEST_BYTES): HeadFault => ({
  status: 413,
  error: new SignerError('SIGNING_REQUEST_TOO_LARGE', { byteLength, maxBytes }),
})

const fault = (status: number, reason: string): HeadFault => ({
  status,
  error: new SignerError('SIGNING_REQUEST_MALFORMED', { reason }),
})

const textOf = (header: unknown) => (typeof header === 'string' ? header : '')

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * @returns What the JSON says.
 * @throws {SignerError} `SIGNING_REQUEST_MALFORMED` for what is not UTF-8 or not JSON, or has a key
 * twice, which what stands before this door may read otherwise; nothing of it is quoted.
 */
export function parseBody(body: Uint8Array): unknown {
  const parsed = parseStrictJson(textOfBody(body))
  if (parsed.reason === undefined) return parsed.value
  throw new SignerError('SIGNING_REQUEST_MALFORMED', { reason: `the body: ${parsed.reason}` })
}

function textOfBody(body: Uint8Array): string {
  try {
    return utf8.decode(body)
  } catch {
    throw new SignerError('SIGNING_REQUEST_MALFORMED', { reason: 'the body is not UTF-8' })
  }
}

/** Headers of every reply. */
export const replyHeaders: Readonly<Record<string, string>> = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
}
