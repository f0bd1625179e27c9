/** HTTP to one port of an enclave: few sockets that stay open, short replies. @module */

import { Agent, type AgentOptions, request } from 'node:http'
import type { Duplex } from 'node:stream'
import { onceAborted } from '../../deadline.ts'
import { type SignerErrorCode, signerErrorTable } from '../../error-codes.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { createCallQueue } from '../../signers/call-queue.ts'
import { readRemoteFailure } from '../../signers/remote/failures.ts'
import { exchange } from '../../signers/remote/http-transport.ts'
import { CONTENT_TYPE } from '../../signers/remote/protocol.ts'
import type { TransportReply } from '../../signers/remote/transport.ts'
import { parseBody } from '../../signing-service/http/head.ts'
import { connectVsock, enclaveUnavailable } from './vsock.ts'

/** A port of the enclave that answers by HTTP. */
export type EnclaveHttp = {
  /**
   * One POST, tried again only on a socket that the enclave had closed while it was idle.
   *
   * @param body - JSON in UTF-8.
   * @throws {SignerError} `ENCLAVE_UNAVAILABLE`, `SIGNING_REPLY_MALFORMED` for what is not HTTP or too
   * long. Rejects with `signal.reason` on abort.
   */
  readonly post: (path: string, body: Uint8Array, signal: AbortSignal) => Promise<TransportReply>
  /** Ends all sockets, and whatever waits on them: the enclave that they led to is gone. */
  readonly drop: () => void
}

/** Idle sockets are closed well before the door inside does it, which is after a minute. */
const IDLE_MS = 20_000
/** Idle sockets that one request may find closed: an enclave that restarted closed all. */
const MAX_STALE = 2

export function createEnclaveHttp(options: {
  readonly socketPath: string
  readonly port: number
  readonly maxSockets: number
  readonly connectTimeoutMs: number
}): EnclaveHttp {
  const { socketPath, port, maxSockets, connectTimeoutMs: timeoutMs } = options
  const open = (signal: AbortSignal) => connectVsock({ socketPath, port, timeoutMs, signal })
  // An agent counts sockets only once they are connected, and so would open any number at once.
  const queue = createCallQueue(() => maxSockets)
  let life = new AbortController() // of the enclave, as far as one knows
  let agent = createVsockAgent(maxSockets, open, life.signal)
  const headers = {
    host: 'enclave',
    'content-type': CONTENT_TYPE,
    accept: CONTENT_TYPE,
    'accept-encoding': 'identity',
  }

  async function ask(path: string, body: Uint8Array, signal: AbortSignal) {
    const mine = agent
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted()
      const length = { 'content-length': body.length }
      const head = { method: 'POST', path, headers: { ...headers, ...length } }
      try {
        return await exchange(request({ ...head, agent: mine, signal }), body)
      } catch (thrown) {
        signal.throwIfAborted()
        const fault = readRemoteFailure(thrown)
        if (fault.retry === 'now' && attempt <= MAX_STALE) continue
        throw errorOf(fault.error({ signerId: 'enclave', attempts: attempt, elapsedMs: 0 }))
      }
    }
  }

  return Object.freeze({
    async post(path, body, signal) {
      const ends = new AbortController()
      const end = (reason: unknown) => ends.abort(reason)
      const stops = [onceAborted(signal, end), onceAborted(life.signal, end)]
      try {
        signal.throwIfAborted()
        const giveBack = await queue.join().turn(ends.signal)
        try {
          return await ask(path, body, ends.signal)
        } finally {
          giveBack()
        }
      } finally {
        for (const stop of stops) stop()
      }
    },
    drop() {
      const left = { agent, life }
      life = new AbortController()
      agent = createVsockAgent(maxSockets, open, life.signal)
      left.life.abort(enclaveUnavailable('it ended, or does not answer any more'))
      left.agent.destroy()
    },
  } satisfies EnclaveHttp)
}

/** The way of an agent to a socket, which its types do not tell. */
type Opening = {
  createConnection: (options: AgentOptions, done: (error: unknown, socket?: Duplex) => void) => void
}

function createVsockAgent(
  maxSockets: number,
  open: (signal: AbortSignal) => Promise<Duplex>,
  life: AbortSignal,
): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets, timeout: IDLE_MS, scheduling: 'lifo' })
  const opening: Opening = {
    createConnection(_options, done) {
      open(life).then((socket) => {
        // A server that speaks first would be taken for the answer to what it has not been asked.
        if (socket.readableLength === 0) return done(null, socket)
        socket.destroy()
        return done(enclaveUnavailable('it sent bytes before it was asked anything'))
      }, done)
    },
  }
  return Object.assign(agent, opening)
}

/** Errors of a way to some signing service, as those of the way into the enclave. */
function errorOf(error: SignerError): SignerError {
  if (isSignerError(error, 'REMOTE_SIGNER_REPLY_INVALID'))
    return new SignerError('SIGNING_REPLY_MALFORMED', { reason: error.context.reason })
  if (!/^REMOTE_SIGNER_/.test(error.code)) return error
  const { reason } = { reason: error.code, ...error.context }
  return enclaveUnavailable(`the connection failed: ${reason}`)
}

/** @throws {SignerError} `SIGNING_REPLY_MALFORMED` for what is not strict JSON. */
export function readJson(body: Uint8Array): unknown {
  try {
    return parseBody(body)
  } catch (thrown) {
    if (!isSignerError(thrown, 'SIGNING_REQUEST_MALFORMED')) throw thrown
    throw new SignerError('SIGNING_REPLY_MALFORMED', { reason: thrown.context.reason })
  }
}

/** @returns An error that the enclave told by its code, which may be one of a later version. */
export const toldByEnclave = (code: string): SignerError =>
  isPassingCode(code)
    ? enclaveUnavailable(`it answered ${code}`)
    : new SignerError('ENCLAVE_REFUSED', { enclaveCode: code })

/** Whether waiting mends it, as far as this version knows the code. */
export const isPassingCode = (code: string): boolean =>
  isKnown(code) && signerErrorTable[code][0] === 'retry'

const isKnown = (code: string): code is SignerErrorCode => Object.hasOwn(signerErrorTable, code)
