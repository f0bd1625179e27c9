/** The core of a signing service: reads the message, decides, signs. All doors lead here. @module */

import { randomUUID } from 'node:crypto'
import { hashMessage } from '../crypto/hash.ts'
import { bytesToHex } from '../crypto/hex.ts'
import { type DecodedMessage, decodeMessage } from '../crypto/message-decoding.ts'
import { withDeadline } from '../deadline.ts'
import { SignerError } from '../errors.ts'
import { tellObserver } from '../observers.ts'
import { scriptHash } from '../policy/rules.ts'
import {
  decodeRequest,
  type ServiceAnswer,
  type ServiceRequest,
  type WireObject,
} from '../signers/remote/protocol.ts'
import { encodeAnswer, encodeRefusal } from '../signers/remote/protocol-replies.ts'
import type { SignReport } from '../signers/signer.ts'
import { attestKey } from './attest.ts'
import { decide } from './decide.ts'
import type { RequestEvent } from './event.ts'
import { compileOptions, type ReadyOptions, type SigningServiceOptions } from './options.ts'
import { asSignerError, refusalOf } from './refusal.ts'

/** What a door knows of a request. */
export type ServiceCall = {
  /** Who asks: an ARN, or the subject of a certificate. Never from the request itself. */
  readonly caller?: string
  /** Ends the request when the caller is gone. */
  readonly signal?: AbortSignal
  /** Milliseconds, where the door has less time than the service would take. */
  readonly timeoutMs?: number
}

/** What goes back: an HTTP status, and plain data for JSON. */
export type ServiceResult = { readonly status: number; readonly body: WireObject }

/** Reads, decides, signs. */
export type SigningService = {
  /**
   * @param request - What the JSON of a request says, see docs/signing-service.md. Anything.
   * @returns An answer or a refusal of the protocol. Never rejects.
   */
  readonly handle: (request: unknown, call?: ServiceCall) => Promise<ServiceResult>
  /** Refuses what a door could not even read, so that it is observed as well. */
  readonly refuse: (error: unknown, call?: ServiceCall) => ServiceResult
}

/**
 * A service that signs what it has read and understood: the message of a transaction that its policy
 * allows, for an account of the key, once for each sequence number where it has a ledger. Makes no
 * call before the first request.
 *
 * @returns Frozen; give it to `listen` or `lambdaHandler`, or call it.
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`.
 */
export function createSigningService(options: SigningServiceOptions): SigningService {
  const ready = compileOptions(options)
  let underWay = 0

  async function answer(request: unknown, call: ServiceCall, facts: Facts): Promise<ServiceResult> {
    const read = decodeRequest(request)
    facts.operation = read.operation
    facts.key = read.key
    const timeoutMs = Math.max(1, Math.min(ready.timeoutMs, call.timeoutMs ?? ready.timeoutMs))
    const onTimeout = () => new SignerError('SIGNING_SERVICE_TIMEOUT', { waitedMs: timeoutMs })
    const { signal } = call
    const said = await withDeadline({ timeoutMs, onTimeout, signal }, (inner) =>
      answerTo(ready, read, { ...call, signal: inner }, facts),
    )
    return { status: 200, body: encodeAnswer(said) }
  }

  function refuse(thrown: unknown, facts: Facts): ServiceResult {
    const error = asSignerError(thrown)
    facts.errorCode = error.code
    facts.disposition = error.disposition
    facts.problem = error.message
    const { status, refusal } = refusalOf(error, facts.requestId)
    return { status, body: encodeRefusal(refusal) }
  }

  function tell(facts: Facts, startedAt: number): void {
    const durationMs = performance.now() - startedAt
    const told = facts.operation === 'sign' ? 'signed' : 'told'
    const outcome = facts.errorCode === undefined ? told : 'refused'
    tellObserver(
      ready.onRequest,
      { ...facts, outcome, durationMs },
      { name: 'onRequest', spared: 'the answer is' },
    )
  }

  return Object.freeze({
    async handle(request, given) {
      const call = given ?? {} // a door in JavaScript may pass null
      const startedAt = performance.now()
      const facts = newFacts(call)
      underWay += 1
      try {
        if (underWay > ready.maxConcurrent)
          throw new SignerError('SIGNING_SERVICE_BUSY', {
            reason: `${ready.maxConcurrent} requests are under way`,
          })
        return await answer(request, call, facts)
      } catch (thrown) {
        const isGone = call.signal?.aborted === true
        const waitedMs = Math.round(performance.now() - startedAt)
        return refuse(
          isGone ? new SignerError('SIGNING_SERVICE_TIMEOUT', { waitedMs }) : thrown,
          facts,
        )
      } finally {
        underWay -= 1
        tell(facts, startedAt)
      }
    },
    refuse(error, given) {
      const call = given ?? {}
      const facts = newFacts(call)
      const result = refuse(error, facts)
      tell(facts, performance.now())
      return result
    },
  } satisfies SigningService)
}

/** An event while it comes together. */
type Facts = {
  -readonly [Name in keyof Omit<RequestEvent, 'outcome' | 'durationMs'>]: RequestEvent[Name]
}

const newFacts = ({ caller }: ServiceCall): Facts => ({
  requestId: randomUUID(),
  operation: 'malformed',
  ...(caller === undefined ? {} : { caller }),
})

async function answerTo(
  options: ReadyOptions,
  request: ServiceRequest,
  call: ServiceCall & { readonly signal: AbortSignal },
  facts: Facts,
): Promise<ServiceAnswer> {
  const key = options.keys.get(request.key)
  if (key === undefined) throw new SignerError('SIGNING_KEY_UNKNOWN', { key: request.key })
  const { signal, caller } = call
  const { requestId } = facts
  if (request.operation === 'publicKey') {
    const { bytes: publicKey, algorithm: signatureAlgorithm } = await key.signer.publicKey({
      signal,
    })
    return { key: key.name, publicKey, signatureAlgorithm, keyId: key.signer.id, requestId }
  }
  let report: SignReport | undefined
  const onReport = (told: SignReport) => {
    report = told
    if (told.keyId !== undefined) facts.backendKeyId = told.keyId
    if (told.requestId !== undefined) facts.backendRequestId = told.requestId
    if (told.unanswered !== undefined) facts.backendUnanswered = told.unanswered
  }
  if (request.operation === 'attest') {
    const { nonce } = request
    const attested = await attestKey(key, options.attest, { nonce, signal, onReport })
    return { ...attested, keyId: key.signer.id, requestId }
  }
  const { message, hashAlgorithm, approvals = [] } = request
  facts.hashAlgorithm = hashAlgorithm
  // A hash of a megabyte takes two milliseconds, and nobody else wants it.
  const isObserved = options.onRequest !== undefined
  if (isObserved) facts.messageHash = bytesToHex(hashMessage(message, 'SHA3_256'))
  const decoded = decodeMessage(message)
  if (isObserved) addFacts(facts, decoded)
  const replayed = await decide(options, { key, decoded, approvals, caller, signal })
  if (replayed !== undefined) facts.replayed = replayed
  const signature = await key.signer.sign({ message, hashAlgorithm, signal, onReport })
  const { bytes: publicKey, algorithm: signatureAlgorithm } = await key.signer.publicKey({ signal })
  const keyId = report?.keyId ?? key.signer.id
  facts.backendKeyId = keyId
  return { key: key.name, publicKey, signatureAlgorithm, signature, keyId, requestId }
}

function addFacts(facts: Facts, decoded: DecodedMessage): void {
  facts.kind = decoded.kind
  if (!('payload' in decoded)) return
  const { payer, cadence, proposalKey } = decoded.payload
  facts.payer = payer
  facts.cadenceHash = scriptHash(cadence)
  facts.proposalKey = { ...proposalKey, sequenceNumber: String(proposalKey.sequenceNumber) }
}
