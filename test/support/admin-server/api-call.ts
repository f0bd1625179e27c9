/** Calls of the API, and what every answer must be. @module */

import { randomBytes, randomInt } from 'node:crypto'
import { expect } from '@jest/globals'
import { adminErrors } from '../../../examples/admin-server/src/errors.ts'
import { typeOf } from '../../../examples/admin-server/src/http/problems.ts'

/** One call. */
export type ApiCall = {
  readonly method: string
  readonly path: string
  readonly token?: string
  /** Sent as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** What came back. */
export type ApiAnswer = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test states the shape by what it expects.
  readonly body: any
}

/** An address of TEST-NET-2 or of a private network: each call may come from one of its own. */
export const anyAddress = (): string =>
  `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`

/** A key that no other call has. */
export const freshKey = (): string => randomBytes(12).toString('hex')

/** The body of an event stream is not waited for. */
export async function callApi(url: string, call: ApiCall): Promise<ApiAnswer> {
  const { method, path, token, body, headers } = call
  const ending = new AbortController()
  const reply = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    signal: ending.signal,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const type = reply.headers.get('content-type') ?? ''
  const isStream = type.startsWith('text/event-stream')
  const text = isStream ? '' : await reply.text()
  if (isStream) ending.abort()
  const isJson = /^application\/(?:problem\+)?json\b/.test(type)
  return {
    status: reply.status,
    headers: reply.headers,
    text,
    body: isJson ? JSON.parse(text) : text,
  }
}

const codes: Readonly<Record<string, readonly [status: number, sentence: string] | undefined>> =
  adminErrors

/** Nothing of our insides is in an answer: no stack, no path of a file, no statement. */
const INSIDES = /\n\s+at |node_modules|\.[cm]?[jt]s:\d+|node:internal|\bSELECT |\bINSERT |\bUPDATE /

/**
 * What each answer has to be, whatever was asked: headers that keep a browser from doing anything with
 * it, and from 400 on a problem whose type, code and status belong together.
 */
export function expectProperAnswer({ status, headers, text, body }: ApiAnswer): void {
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('x-frame-options')).toBe('DENY')
  expect(headers.get('referrer-policy')).toBe('no-referrer')
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'/)
  expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*/)
  expect(headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{24}$/)
  expect(headers.get('access-control-allow-origin')).toBeNull()
  expect(headers.get('server')).toBeNull()
  expect(headers.get('x-powered-by')).toBeNull()
  if (status < 400 || status === 503) return
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(codes[body.code]?.[0]).toBe(status)
  expect(body).toMatchObject({ status, type: typeOf(body.code) })
  expect(body.requestId).toBe(headers.get('x-request-id'))
  expect(text).not.toMatch(INSIDES)
  if (status === 429) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
}
