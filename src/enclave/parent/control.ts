/** What the parent asks of its enclave besides signatures: to make a key, and how it is. @module */

import { isSignatureAlgorithm, type SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { hexToBytes } from '../../crypto/hex.ts'
import { importPublicKey } from '../../crypto/verify.ts'
import { withDeadline } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { KEY_NAME } from '../../signers/remote/protocol.ts'
import { type EnclaveHttp, readJson, toldByEnclave } from './enclave-http.ts'
import type { JsonObject } from './json-door.ts'
import { invalidOption } from './unix-door.ts'
import { enclaveUnavailable } from './vsock.ts'

/** A key that the enclave made, or has. */
export type EnclaveKey = {
  readonly key: string
  /** 128 lower-case hexadecimal digits, X‖Y. */
  readonly publicKey: string
  readonly signatureAlgorithm: SignatureAlgorithm
}

/** How the enclave is, by its own word. */
export type EnclaveHealth = {
  readonly status: 'ok' | 'starting' | 'failing'
  /** Why it is failing. */
  readonly error?: { readonly code: string; readonly message: string }
  readonly startedAt: Date
  /** Milliseconds by which the clock inside is ahead of the parent's, as far as the way there lets tell. */
  readonly clockOffsetMs: number
}

/** The control door of an enclave. */
export type EnclaveControl = {
  readonly create: (key: string, timeoutMs: number, signal?: AbortSignal) => Promise<EnclaveKey>
  readonly health: (timeoutMs: number, signal?: AbortSignal) => Promise<EnclaveHealth>
}

/**
 * @returns Each rejects with `ENCLAVE_UNAVAILABLE`, `ENCLAVE_REFUSED`, `SIGNING_REPLY_MALFORMED`, and
 * with `signal.reason` on abort.
 */
export function createEnclaveControl(http: EnclaveHttp): EnclaveControl {
  async function ask(
    path: string,
    asked: JsonObject,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<JsonObject> {
    const body = Buffer.from(JSON.stringify({ version: 1, ...asked }))
    const onTimeout = () => enclaveUnavailable(`no answer to ${path} within ${timeoutMs} ms`)
    const reply = await withDeadline({ timeoutMs, signal, onTimeout }, (abort) =>
      http.post(path, body, abort),
    )
    const wire = readJson(reply.body)
    if (!isObject(wire)) throw malformedReply('it is not an object')
    if (reply.status === 200) return wire
    const { code } = errorOf(wire['error'])
    throw toldByEnclave(code)
  }

  return Object.freeze({
    async create(key, timeoutMs, signal) {
      if (typeof key !== 'string' || !KEY_NAME.test(key))
        throw invalidOption('key', 'it is not 1 to 128 letters, digits and ._:/@+-')
      const told = await ask('/create', { key }, timeoutMs, signal)
      const { publicKey, signatureAlgorithm } = told
      if (told['key'] !== key) throw malformedReply('it is about another key')
      if (!isSignatureAlgorithm(signatureAlgorithm))
        throw malformedReply('signatureAlgorithm is neither ECDSA_P256 nor ECDSA_secp256k1')
      if (typeof publicKey !== 'string' || !/^[0-9a-f]{128}$/.test(publicKey))
        throw malformedReply('publicKey is not 128 lower-case hexadecimal digits')
      assertPoint(publicKey, signatureAlgorithm)
      return Object.freeze({ key, publicKey, signatureAlgorithm })
    },
    async health(timeoutMs, signal) {
      const askedAt = Date.now()
      const { status, error, now, startedAt } = await ask('/health', {}, timeoutMs, signal)
      const here = (askedAt + Date.now()) / 2
      if (status !== 'ok' && status !== 'starting' && status !== 'failing')
        throw malformedReply('status is none of ok, starting and failing')
      if (!isTime(now) || !isTime(startedAt)) throw malformedReply('a time is none')
      return Object.freeze({
        status,
        ...(error === undefined ? {} : { error: errorOf(error) }),
        startedAt: new Date(startedAt),
        clockOffsetMs: Math.round(now - here),
      })
    },
  } satisfies EnclaveControl)
}

function errorOf(error: unknown): { readonly code: string; readonly message: string } {
  const { code, message } = isObject(error) ? error : {}
  if (typeof code !== 'string' || !/^[A-Z][A-Z0-9_]{0,63}$/.test(code))
    throw malformedReply('error.code is not a code')
  if (typeof message !== 'string') throw malformedReply('error.message is not a text')
  return Object.freeze({ code, message: message.replace(/\p{C}+/gu, ' ').slice(0, 600) })
}

function assertPoint(publicKey: string, algorithm: SignatureAlgorithm): void {
  try {
    importPublicKey(hexToBytes(publicKey, 'publicKey'), algorithm)
  } catch (thrown) {
    if (isSignerError(thrown, 'MALFORMED_PUBLIC_KEY')) throw malformedReply('publicKey is no point')
    throw thrown
  }
}

/** Milliseconds since 1970 that a `Date` can hold. */
const isTime = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= 8_640_000_000_000_000

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const malformedReply = (reason: string) => new SignerError('SIGNING_REPLY_MALFORMED', { reason })
