/** What can be told of anything that was thrown, without its text. @module */

/** Facts of an error of the SDK, of Node.js or of anybody else. */
export type ThrownFacts = {
  readonly name: string
  /** To be looked at, never shown: it can quote a remote body. */
  readonly message: string
  /** Of a system error or of what caused it. */
  readonly code: string
  /** Of the answer; 0 when there was none. */
  readonly status: number
  /** The file of a system error. */
  readonly path: string
}

/** The SDK's error is not kept: it can hold the request with its authorization header. */
export function factsOf(thrown: unknown): ThrownFacts {
  const fields = fieldsOf(thrown)
  const { name, message } = thrown instanceof Error ? thrown : new Error('not an error')
  const status = Number(fieldsOf(fields['$metadata'])['httpStatusCode'] ?? fields['statusCode'])
  return {
    name: safeName(name),
    message,
    code: safeName(textOf(fields['code']) || textOf(fieldsOf(fields['cause'])['code'])),
    status: Number.isInteger(status) ? status : 0,
    path: textOf(fields['path']),
  }
}

/** @returns Name, code and status, as far as there are any. */
export const describeFacts = ({ name, code, status }: ThrownFacts): string =>
  [name, code, status === 0 ? '' : `HTTP ${status}`].filter(Boolean).join(', ')

const THROTTLES = /throttl|^TooManyRequests|^RequestLimitExceeded$|^SlowDown$/i
const TIMEOUTS = /^(TimeoutError|RequestTimeout|RequestTimeoutException)$/
/** Of sockets, of names that were not resolved, and of undici. */
const NETWORK =
  /^(E(CONN|HOST|NET|AI_|PIPE|TIMEDOUT|PROTO)\w*|ENOTFOUND|UND_ERR_\w+|ERR_(SSL|TLS|HTTP2)_\w+|CERT_\w+)$/

export const isThrottled = ({ name, status }: ThrownFacts): boolean =>
  THROTTLES.test(name) || status === 429

/** A reset of the other side has this name, too, but a code that says what it was. */
export const isTimeout = ({ name, code }: ThrownFacts): boolean =>
  TIMEOUTS.test(name) && (code === '' || /TIMEDOUT|TIMEOUT/.test(code))

/** What asking again may mend: throttling, 5xx, sockets, times that were over. */
export const isPassingFault = (facts: ThrownFacts): boolean =>
  isThrottled(facts) ||
  TIMEOUTS.test(facts.name) ||
  facts.status >= 500 ||
  facts.status === 408 ||
  NETWORK.test(facts.code) ||
  /^(\w+: )?(fetch failed$|TimeoutError from instance|Unable to connect to instance)/.test(
    facts.message,
  )

/** Errors may have a prototype of their own, whose getters are not asked. */
export const fieldsOf = (value: unknown): Record<string, unknown> =>
  isObject(value) ? { ...value, ...causeOf(value) } : {}

export const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null

const causeOf = (value: object) => ('cause' in value ? { cause: value.cause } : {})

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')

/** A name from a remote answer, cut to what a name can be. */
const safeName = (name: string) => name.replace(/[^A-Za-z0-9_]/g, '').slice(0, 64)
