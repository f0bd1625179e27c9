/** The parent's helper door, by HTTP on a Unix socket: short questions, and answers nobody trusts. @module */

import { Agent, type IncomingMessage, request } from 'node:http'

/** Of a body, in bytes, in either direction. */
export const MAX_BODY_BYTES = 65_536

/** What came back: any status, any JSON. */
export type ParentAnswer = { readonly status: number; readonly body: unknown }

/** How one question is asked. */
export type AskOptions = {
  /** Milliseconds until it is given up. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Whether it may be asked again where a connection that was kept turns out to be closed. */
  readonly isRepeatable?: boolean
}

/** Asks the parent. Rejects with what Node.js says, or an `Error` of no content. */
export type AskParent = (
  path: string,
  question: object,
  options: AskOptions,
) => Promise<ParentAnswer>

/** Makes no call itself. */
export function createParent(socketPath: string): AskParent {
  const kept = new Agent({ keepAlive: true, maxSockets: 32, maxFreeSockets: 4 })
  return async (path, question, { timeoutMs, signal, isRepeatable = false }) => {
    const timeout = AbortSignal.timeout(timeoutMs)
    const ends = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
    const text = JSON.stringify(question)
    if (Buffer.byteLength(text) > MAX_BODY_BYTES) throw new Error('the question is too long')
    const asked = { socketPath, path, text, signal: ends }
    // What must not be done twice goes on a connection that nobody can have closed already.
    if (!isRepeatable) return post({ ...asked, agent: false })
    try {
      return await post({ ...asked, agent: kept })
    } catch (thrown) {
      if (thrown !== CLOSED_BEFORE) throw thrown
      return post({ ...asked, agent: false })
    }
  }
}

const CLOSED_BEFORE = new Error('the connection was closed while nobody used it')

type Asked = {
  readonly socketPath: string
  readonly path: string
  readonly text: string
  readonly signal: AbortSignal
  readonly agent: Agent | false
}

function post({ socketPath, path, text, signal, agent }: Asked): Promise<ParentAnswer> {
  return new Promise((resolve, reject) => {
    const headers = {
      host: 'parent',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    }
    const options = { socketPath, path, method: 'POST', headers, signal, agent }
    const asking = request({ ...options, maxHeaderSize: 8_192 }, (response) => {
      readAnswer(response).then(resolve, reject)
    })
    asking.once('error', (thrown: NodeJS.ErrnoException) => {
      const isStale = asking.reusedSocket && /^(ECONNRESET|EPIPE)$/.test(thrown.code ?? '')
      reject(isStale ? CLOSED_BEFORE : thrown)
    })
    asking.end(text)
  })
}

async function readAnswer(response: IncomingMessage): Promise<ParentAnswer> {
  const chunks: Uint8Array[] = []
  let byteLength = 0
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    byteLength += chunk.length
    if (byteLength > MAX_BODY_BYTES) throw new Error('the answer is too long') // which closes it
    chunks.push(chunk)
  }
  const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  return { status: response.statusCode ?? 0, body: JSON.parse(text) }
}

/** @returns The fields, where it is an object with no others than these. */
export function fieldsOfAnswer(
  body: unknown,
  known: readonly string[],
): Readonly<Record<string, unknown>> | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  return Object.keys(body).every((name) => known.includes(name)) ? { ...body } : undefined
}

/** @returns The code of an answer that is a refusal. */
export function codeOfAnswer(body: unknown): string | undefined {
  const error = fieldsOfAnswer(body, ['error'])?.['error']
  const code = fieldsOfAnswer(error, ['code', 'message'])?.['code']
  return typeof code === 'string' ? code : undefined
}
