/** The signing service of an enclave as one of this process: what is asked goes in, what comes out goes back. @module */

import { randomUUID } from 'node:crypto'
import { withDeadline } from '../../deadline.ts'
import { SignerError } from '../../errors.ts'
import { assertLength, MAX_REQUEST_BYTES } from '../../signers/remote/protocol.ts'
import { decodeReply, encodeRefusal } from '../../signers/remote/protocol-replies.ts'
import { asSignerError, refusalOf } from '../../signing-service/refusal.ts'
import type { ServiceCall, ServiceResult, SigningService } from '../../signing-service/service.ts'
import { type EnclaveHttp, readJson } from './enclave-http.ts'

/** What the service needs of its host. */
export type EnclaveServiceParts = {
  /** The signing door. */
  readonly http: EnclaveHttp
  /** Milliseconds for one request, with the wait for a socket. */
  readonly timeoutMs: number
  /** Requests under way at once; more are refused. */
  readonly maxConcurrent: number
  /** @throws {SignerError} `ENCLAVE_UNAVAILABLE` while there is no enclave to ask. */
  readonly assertUp: () => void
  /** Told of each refusal that was made here, and not inside. */
  readonly onRefusal: (error: SignerError) => void
  /** Told of each request that ended, however. */
  readonly onRequest: () => void
}

/**
 * It holds no key and decides nothing: each answer, and each refusal of policy or ledger, is the
 * enclave's own. Where there is no answer of the enclave, it refuses; there is no other way to sign.
 */
export function createEnclaveService(parts: EnclaveServiceParts): {
  readonly service: SigningService
  /** Resolves when nothing is under way, or after so many milliseconds. */
  readonly idle: (timeoutMs: number) => Promise<void>
} {
  const { http, maxConcurrent, assertUp, onRefusal, onRequest } = parts
  let underWay = 0
  let onIdle: () => void = () => undefined

  function refuse(thrown: unknown): ServiceResult {
    const error = asSignerError(thrown)
    onRefusal(error)
    const { status, refusal } = refusalOf(error, randomUUID())
    return { status, body: encodeRefusal(refusal) }
  }

  async function ask(asked: unknown, call: ServiceCall): Promise<ServiceResult> {
    if (underWay > maxConcurrent) throw busy(maxConcurrent)
    assertUp()
    const body = encode(asked)
    const timeoutMs = Math.max(1, Math.min(parts.timeoutMs, call.timeoutMs ?? parts.timeoutMs))
    const onTimeout = () => new SignerError('SIGNING_SERVICE_TIMEOUT', { waitedMs: timeoutMs })
    const { signal } = call
    return withDeadline({ timeoutMs, onTimeout, signal }, async (abort) =>
      readAnswer(await http.post('/', body, abort)),
    )
  }

  const service = Object.freeze({
    async handle(asked, given) {
      const call = given ?? {} // a door in JavaScript may pass null
      const startedAt = performance.now()
      underWay += 1
      try {
        return await ask(asked, call)
      } catch (thrown) {
        const waitedMs = Math.round(performance.now() - startedAt)
        return refuse(
          call.signal?.aborted === true
            ? new SignerError('SIGNING_SERVICE_TIMEOUT', { waitedMs })
            : thrown,
        )
      } finally {
        underWay -= 1
        onRequest()
        if (underWay === 0) onIdle()
      }
    },
    refuse(thrown) {
      onRequest()
      return refuse(thrown)
    },
  } satisfies SigningService)
  return {
    service,
    idle: (timeoutMs) =>
      new Promise((resolve) => {
        if (underWay === 0) return resolve()
        const timer = setTimeout(resolve, timeoutMs)
        onIdle = () => {
          clearTimeout(timer)
          resolve()
        }
      }),
  }
}

const busy = (most: number) =>
  new SignerError('SIGNING_SERVICE_BUSY', { reason: `${most} requests are under way` })

/** @throws {SignerError} `SIGNING_REQUEST_MALFORMED`, `SIGNING_REQUEST_TOO_LARGE`. */
function encode(asked: unknown): Uint8Array {
  let text: string | undefined
  try {
    text = JSON.stringify(asked)
  } catch {
    text = undefined // a function of Lambda may be given anything
  }
  if (text === undefined)
    throw new SignerError('SIGNING_REQUEST_MALFORMED', { reason: 'it cannot be written as JSON' })
  const body = Buffer.from(text)
  assertLength(body.length, MAX_REQUEST_BYTES)
  return body
}

/** @throws {SignerError} `SIGNING_REPLY_MALFORMED` for what is neither an answer nor a refusal. */
function readAnswer(reply: { readonly status: number; readonly body: Uint8Array }): ServiceResult {
  const { status } = reply
  const wire = readJson(reply.body)
  const { answer } = decodeReply(wire)
  if ((answer === undefined) === (status === 200))
    throw new SignerError('SIGNING_REPLY_MALFORMED', { reason: `it came with status ${status}` })
  return { status, body: wire as ServiceResult['body'] } // an object, as was just read
}
