/** JSON bodies, and no others: one encoding, one meaning, bounded. @module */

import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AdminError } from '../errors.ts'
import { scanJson } from './json-scan.ts'

/** RFC 8259 8.1: UTF-8 is the only encoding; the parameter may say so. */
const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/i

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses the bytes of one JSON text.
 *
 * @param bytes - UTF-8 without byte order mark. Neither modified nor retained.
 * @throws {AdminError} `MALFORMED_BODY` with a reason: those of `scanJson`, `EMPTY`, `NOT_UTF8`,
 *   `BYTE_ORDER_MARK`.
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new AdminError('MALFORMED_BODY', { reason: 'EMPTY' })
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw new AdminError('MALFORMED_BODY', { reason: 'BYTE_ORDER_MARK' })
  const text = decodeUtf8(bytes)
  scanJson(text)
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message quotes the text.
    throw new AdminError('MALFORMED_BODY', { reason: 'NOT_JSON' })
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new AdminError('MALFORMED_BODY', { reason: 'NOT_UTF8' })
  }
}

/** Clients name the type of a body also where they send none. */
function needsBody({ routeOptions }: FastifyRequest): boolean {
  const schema: unknown = routeOptions.schema?.body
  if (typeof schema !== 'object' || schema === null) return false
  const forms: unknown = 'anyOf' in schema ? schema.anyOf : []
  return !(Array.isArray(forms) && forms.some((form) => form?.type === 'null'))
}

/**
 * The server reads `application/json` and refuses each other type with 415; also each content
 * encoding, so nothing small unpacks to something large.
 */
export function acceptStrictJson(app: FastifyInstance): void {
  app.decorateRequest('rawBody')
  app.addHook('onRequest', async (request) => {
    request.rawBody = new Uint8Array(0)
    const { 'content-encoding': encoding, 'content-type': type } = request.headers
    const refused =
      (encoding !== undefined && encoding.toLowerCase() !== 'identity') ||
      (type !== undefined && !JSON_TYPE.test(type))
    if (refused) throw new AdminError('UNSUPPORTED_MEDIA_TYPE')
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      request.rawBody = body
      if (body.length === 0 && !needsBody(request)) return undefined
      return parseStrictJson(request.rawBody)
    },
  )
}
