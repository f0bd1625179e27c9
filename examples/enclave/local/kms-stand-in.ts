/** KMS with recipients: a server before MiniStack, which knows none and does the rest. @module */

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type CmsForm, type CmsParts, encryptForRecipient } from './cms.ts'
import { createKeyPolicyJudge, type KeyPolicy } from './key-policy.ts'
import { type AttestedRecipient, attestedRecipient, KmsRefusal } from './kms-recipient.ts'

type Json = Record<string, unknown>

/** An answer on its way back, for whoever plays a hostile KMS. */
export type Exchange = {
  readonly operation: string
  /** As it was asked, with its `Recipient`. */
  readonly request: Json
  /** As it would be answered: JSON, bytes in base64. */
  readonly reply: Json
  /** What the answer holds encrypted; no bytes when there is none. */
  readonly plaintext: Uint8Array
  /** @returns Base64 of CMS for the same enclave. Anybody can make that. */
  readonly encrypt: (plaintext: Uint8Array, parts?: CmsParts) => string
}

/** May be changed while it runs. */
export type StandInState = {
  /** Absent: who may do what is not asked. */
  readonly keyPolicy?: KeyPolicy | undefined
  readonly form: CmsForm
  /** Milliseconds since 1970: of documents, and of the `Date` of answers. */
  readonly now: () => number
  /** Changes answers to enclaves, and to others. */
  readonly tamper: (exchange: Exchange) => Json | Promise<Json>
}

/** One call that came. */
export type CallSeen = {
  readonly operation: string
  readonly hasRecipient: boolean
  /** `ok`, or the type of the refusal. */
  readonly outcome: string
}

/** A stand-in that runs. */
export type KmsStandIn = {
  /** `http://127.0.0.1:…`, or https. */
  readonly url: string
  readonly port: number
  readonly set: (changes: Partial<StandInState>) => void
  /** As it was in the beginning; forgets the calls. */
  readonly reset: () => void
  /** The last 10,000. */
  readonly calls: () => readonly CallSeen[]
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Where an open key stands in an answer, and what a policy calls the operation. */
const openFields: Readonly<Record<string, string>> = {
  Decrypt: 'Plaintext',
  GenerateDataKey: 'Plaintext',
  GenerateDataKeyPair: 'PrivateKeyPlaintext',
}
const MAX_BODY = 1_048_576
const MAX_CALLS = 10_000

/**
 * Believes documents under one root that are at most five minutes old, judges the call by the key policy
 * and the measurements, lets MiniStack do the cryptography, and encrypts what it answers for the public
 * key of the document. Calls without a `Recipient` are judged, too, and answered as KMS answers anybody.
 *
 * @param options - `upstream`: URL of MiniStack. `root`: DER. `tls`: PEM; without it, http.
 */
export async function startKmsStandIn(
  options: Partial<StandInState> & {
    readonly upstream: string
    readonly root: Uint8Array
    readonly tls?: { readonly key: string; readonly cert: string }
    readonly port?: number
  },
): Promise<KmsStandIn> {
  const { upstream, root, tls, port = 0, ...first } = options
  const beginning: StandInState = {
    ...{ form: 'a', now: Date.now, tamper: ({ reply }: Exchange) => reply },
    ...first,
  }
  let state = beginning
  let judge = judgeOf(state)
  const calls: CallSeen[] = []

  async function answer(operation: string, headers: Headers, body: string): Promise<Answer> {
    const request: Json = JSON.parse(body)
    const { Recipient, ...others } = request
    const field = openFields[operation]
    const { tamper, form, now } = state
    const recipient =
      Recipient === undefined || field === undefined
        ? undefined
        : attestedRecipient(Recipient, { root, now: now() })
    if (field !== undefined) await assertAllowed(judge, operation, request, recipient)
    const answered = await ask(upstream, headers, JSON.stringify(others))
    if (field === undefined || answered.status !== 200) return answered
    const encrypt: Exchange['encrypt'] = (plaintext, parts) =>
      recipient === undefined
        ? ''
        : base64(encryptForRecipient(recipient.publicKey, plaintext, form, parts))
    const reply: Json = JSON.parse(answered.body)
    const plaintext = new Uint8Array(Buffer.from(String(reply[field] ?? ''), 'base64'))
    if (recipient !== undefined) {
      delete reply[field]
      reply['CiphertextForRecipient'] = encrypt(plaintext)
    }
    const told = await tamper({ operation, request, reply, plaintext, encrypt })
    return { ...answered, body: JSON.stringify(told) }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = String(request.headers['x-amz-target'] ?? '').replace(/^.*\./, '')
    const body = await bodyOf(request)
    const headers = headersOf(request)
    const answered = await answer(operation, headers, body).catch(refusalOf)
    if (calls.length === MAX_CALLS) calls.shift()
    const outcome = answered.status === 200 ? 'ok' : (answered.type ?? String(answered.status))
    calls.push({ operation, hasRecipient: body.includes('"Recipient"'), outcome })
    response.sendDate = false
    response.writeHead(answered.status, {
      date: new Date(state.now()).toUTCString(),
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': randomUUID(),
    })
    response.end(answered.body)
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch(() => request.socket.destroy())
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const bound = (server.address() as AddressInfo).port // it listens on TCP
  return Object.freeze({
    url: `http${tls === undefined ? '' : 's'}://127.0.0.1:${bound}`,
    port: bound,
    set(changes) {
      state = { ...state, ...changes }
      judge = judgeOf(state)
    },
    reset() {
      state = beginning
      judge = judgeOf(state)
      calls.length = 0
    },
    calls: () => [...calls],
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  } satisfies KmsStandIn)
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

type Answer = { readonly status: number; readonly body: string; readonly type?: string }
type Judge = ReturnType<typeof createKeyPolicyJudge>

const judgeOf = ({ keyPolicy }: StandInState): Judge =>
  keyPolicy === undefined ? async () => true : createKeyPolicyJudge(keyPolicy)

async function assertAllowed(
  judge: Judge,
  operation: string,
  { KeyId, EncryptionContext }: Json,
  recipient: AttestedRecipient | undefined,
): Promise<void> {
  const keyArn = String(KeyId)
  const encryptionContext: Record<string, string> = Object(EncryptionContext)
  const attestation = recipient?.attestation ?? {}
  if (await judge({ operation, keyArn, attestation, encryptionContext })) return
  throw new KmsRefusal(
    'AccessDeniedException',
    `User is not authorized to perform: kms:${operation} on resource: ${keyArn} with an explicit deny in a resource-based policy`,
  )
}

function refusalOf(thrown: unknown): Answer {
  if (!(thrown instanceof KmsRefusal)) throw thrown
  const { type, message } = thrown
  return { status: 400, body: JSON.stringify({ __type: type, message }), type }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let byteLength = 0
  for await (const piece of request) {
    byteLength += piece.length
    if (byteLength > MAX_BODY) throw new Error('The request is too long.')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

/** Those of one hop are of the other connection. */
function headersOf(request: IncomingMessage): Headers {
  const hop = ['host', 'connection', 'content-length', 'transfer-encoding', 'expect', 'keep-alive']
  const entries = Object.entries(request.headers).flatMap(([name, value]) =>
    typeof value === 'string' && !hop.includes(name) ? [[name, value] as [string, string]] : [],
  )
  return new Headers(entries)
}

async function ask(upstream: string, headers: Headers, body: string): Promise<Answer> {
  const reply = await fetch(upstream, { method: 'POST', headers, body })
  return { status: reply.status, body: await reply.text() }
}
