/** One attempt: a POST to a checked address, bounded in time and in what it reads. @module */

import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { isIP, connect as netConnect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls'
import { checkedAddresses, hostOf, pinnedLookup, type Resolve } from './address-guard.ts'

/** Why an attempt failed. Stored; holds nothing that the receiver said. */
export type PostErrorCode =
  | 'NAME_NOT_RESOLVED'
  | 'ADDRESS_NOT_PUBLIC'
  | 'CONNECTION_FAILED' // refused, reset, or closed before an answer
  | 'CONNECT_TIMED_OUT'
  | 'TLS_FAILED'
  | 'TIMED_OUT'
  | 'MALFORMED_RESPONSE'
  | 'REDIRECTED' // 3xx: never followed
  | 'HTTP_STATUS' // any other than 2xx
  | 'STOPPED' // by `signal`

/** Delivered when there is no error code. */
export type PostOutcome = { readonly status?: number; readonly errorCode?: PostErrorCode }

/** Opens the connection. Only tests give another than the default. */
export type Dial = (options: ConnectionOptions, secure: boolean) => Socket

/** Bounds and parts of `postWebhook`. Times in milliseconds. */
export type PostOptions = {
  /** Name, TCP and TLS. Default 3,000. */
  readonly connectTimeoutMs?: number
  /** From the first step to the status. Default 10,000. */
  readonly totalTimeoutMs?: number
  /** For what follows the status, which nobody reads. Default 1,000. */
  readonly bodyTimeoutMs?: number
  readonly signal?: AbortSignal
  readonly resolve?: Resolve
  readonly dial?: Dial
  /** PEM; instead of the well-known authorities. */
  readonly certificateAuthority?: string
}

/** Bytes of a response that are read: enough for a polite one to end by itself. */
const MAX_RESPONSE = 1_024
const MAX_RESPONSE_HEADERS = 8_192

/**
 * Rejects for nothing that a receiver or a name server does. Takes no proxy from the environment, keeps no connection, sends no cookie.
 *
 * @param message.url - From `assertWebhookUrl`.
 */
export async function postWebhook(
  message: {
    readonly url: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  },
  options: PostOptions = {},
): Promise<PostOutcome> {
  const { connectTimeoutMs = 3_000, totalTimeoutMs = 10_000, signal } = options
  const url = new URL(message.url)
  let end: (errorCode: PostErrorCode) => void = () => undefined
  const ended = new Promise<PostOutcome>((resolve) => {
    end = (errorCode) => resolve({ errorCode })
  })
  const stop = () => end('STOPPED')
  const connecting = setTimeout(() => end('CONNECT_TIMED_OUT'), connectTimeoutMs)
  const total = setTimeout(() => end('TIMED_OUT'), totalTimeoutMs)
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) stop()
  let request: ClientRequest | undefined
  try {
    const checked = await Promise.race([ended, checkedAddresses(url, options.resolve)])
    if (!('addresses' in checked)) return checked
    request = open(url, message, checked.addresses, options, () => clearTimeout(connecting))
    const answer = await Promise.race([ended, answerOf(request)])
    if (!('headers' in answer)) return answer
    await drained(answer, options.bodyTimeoutMs ?? 1_000, signal)
    return outcomeOf(answer.statusCode ?? 0)
  } finally {
    request?.destroy()
    clearTimeout(connecting)
    clearTimeout(total)
    signal?.removeEventListener('abort', stop)
  }
}

function outcomeOf(status: number): PostOutcome {
  if (status >= 200 && status < 300) return { status }
  return { status, errorCode: status >= 300 && status < 400 ? 'REDIRECTED' : 'HTTP_STATUS' }
}

function open(
  url: URL,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  addresses: readonly string[],
  { dial = dialDirectly, certificateAuthority }: PostOptions,
  connected: () => void,
): ClientRequest {
  const host = hostOf(url)
  const secure = url.protocol === 'https:'
  const connection: ConnectionOptions = {
    host,
    port: Number(url.port || (secure ? 443 : 80)),
    lookup: pinnedLookup(addresses),
    // Whatever the environment says of unverified certificates:
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }),
  }
  const request = httpRequest({
    method: 'POST',
    path: `${url.pathname}${url.search}`,
    headers: {
      host: url.host,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'fcl-kms-admin-server',
      ...headers,
    },
    maxHeaderSize: MAX_RESPONSE_HEADERS,
    insecureHTTPParser: false,
    // Instead of an agent, which may know proxies and keeps connections.
    createConnection: () =>
      dial(connection, secure).once(secure ? 'secureConnect' : 'connect', connected),
  })
  return request.end(body)
}

const dialDirectly: Dial = (options, secure) =>
  // `tls` and `net` name host, port and lookup alike; `tls` calls more of them optional.
  secure ? tlsConnect(options) : netConnect(options as Parameters<typeof netConnect>[0] & object)

/** The response as soon as its headers are there; else why not. Keeps listening: no error escapes. */
const answerOf = (request: ClientRequest): Promise<IncomingMessage | PostOutcome> =>
  new Promise((resolve) => {
    request.on('response', resolve)
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ errorCode: errorCodeOf(error.code ?? '') }),
    )
    request.on('close', () => resolve({ errorCode: 'CONNECTION_FAILED' }))
  })

function errorCodeOf(code: string): PostErrorCode {
  if (code.startsWith('HPE_')) return 'MALFORMED_RESPONSE'
  return /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_|UNABLE_TO_|SELF_SIGNED|EPROTO|HOSTNAME_)/.test(code)
    ? 'TLS_FAILED'
    : 'CONNECTION_FAILED'
}

/** Until the response ends, by itself or by a bound; the status counts, whichever it is. */
const drained = (response: IncomingMessage, timeoutMs: number, signal?: AbortSignal) =>
  new Promise<void>((resolve) => {
    let byteLength = 0
    const over = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', over)
      resolve()
    }
    const timer = setTimeout(over, timeoutMs)
    signal?.addEventListener('abort', over, { once: true })
    if (signal?.aborted) over()
    response.on('data', (chunk: Buffer) => {
      byteLength += chunk.length
      if (byteLength > MAX_RESPONSE) over()
    })
    for (const event of ['end', 'close', 'error']) response.on(event, over)
  })
