/** The Nitro Secure Module, asked for attestation documents through a Unix socket. @module */

import { encode } from 'cborg'
import { bytesOrNone } from '../../crypto/arguments.ts'
import { withDeadline } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { assertKnownKeys, assertSignal, assertTimeout, invalid } from '../../options.ts'
import { createSerial } from '../../serial.ts'
import { readCbor } from '../cbor.ts'
import { type Connection, invalidReply, openConnection, unavailable } from './connection.ts'
import { MAX_REQUEST_BYTES } from './frames.ts'

/** What a document is asked to hold. Absent ones are left out of it. */
export type DocumentRequest = {
  /** 1 to 512 bytes. */
  readonly nonce?: Uint8Array
  /** 1 to 1,024 bytes: DER of a key, by custom. */
  readonly publicKey?: Uint8Array
  /** 1 to 512 bytes. */
  readonly userData?: Uint8Array
}

/** The hardware that tells what runs in this enclave. */
export type SecurityModule = {
  /**
   * @returns COSE_Sign1, at most 12,288 bytes; see `verifyAttestation`.
   * @throws {SignerError} `SECURITY_MODULE_UNAVAILABLE`, `SECURITY_MODULE_REFUSED`,
   * `SECURITY_MODULE_REPLY_INVALID`, `INVALID_OPTION`; or rejects with the reason of the signal.
   */
  readonly attest: (
    request: DocumentRequest,
    options?: { readonly signal?: AbortSignal | undefined },
  ) => Promise<Uint8Array>
  /** Ends the connection; the next question opens another. */
  readonly close: () => void
}

const MAX_WAITING = 1_000
const mostBytes: Readonly<Record<keyof DocumentRequest, number>> = {
  nonce: 512,
  publicKey: 1_024,
  userData: 512,
}

/**
 * Connects with the first question, and again when the connection has ended. Questions are asked one
 * after the other, up to 1,000 of them waiting.
 *
 * @param options - `socketPath`: where the init of the enclave listens. `timeoutMs`: milliseconds for one
 * question with its wait, default 5,000.
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function connectSecurityModule(options: {
  readonly socketPath: string
  readonly timeoutMs?: number
}): SecurityModule {
  assertKnownKeys(options, ['socketPath', 'timeoutMs'])
  const { socketPath, timeoutMs = 5_000 } = options
  if (typeof socketPath !== 'string' || socketPath === '')
    throw invalid('socketPath', 'it is not a path')
  assertTimeout('timeoutMs', timeoutMs)
  const line = createSerial()
  let connection: Connection | undefined

  async function ask(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted()
    const isUsed = connection?.isOpen() === true
    if (!isUsed) connection = openConnection(socketPath)
    try {
      return await (connection as Connection).exchange(request, signal) // made above
    } catch (thrown) {
      // Whoever listens may have begun anew since the last question.
      if (!isUsed || signal.aborted || !isSignerError(thrown, 'SECURITY_MODULE_UNAVAILABLE'))
        throw thrown
      connection = openConnection(socketPath)
      return await connection.exchange(request, signal)
    }
  }

  return Object.freeze({
    async attest(request, asked = {}) {
      assertKnownKeys(asked, ['signal'])
      assertSignal(asked.signal)
      const bytes = requestOf(request)
      if (line.size() >= MAX_WAITING) throw unavailable(`${MAX_WAITING} questions wait`)
      const onTimeout = () => unavailable(`it did not answer within ${timeoutMs} ms`)
      return withDeadline({ signal: asked.signal, timeoutMs, onTimeout }, async (signal) =>
        documentOf(await line.run(() => ask(bytes, signal))),
      )
    },
    close: () => connection?.close(),
  } satisfies SecurityModule)
}

/** @see https://github.com/aws/aws-nitro-enclaves-nsm-api/blob/main/src/api/mod.rs Request */
function requestOf(request: DocumentRequest): Uint8Array {
  assertKnownKeys(request, Object.keys(mostBytes))
  const part = (name: keyof DocumentRequest) => {
    const value = request[name]
    if (value === undefined) return null
    const { length = 0 } = bytesOrNone(value) ?? {}
    if (length === 0 || length > mostBytes[name])
      throw invalid(name, `it is not 1 to ${mostBytes[name]} bytes`)
    return value
  }
  const fields = {
    user_data: part('userData'),
    nonce: part('nonce'),
    public_key: part('publicKey'),
  }
  const bytes = encode({ Attestation: fields })
  // Never with the bounds above: the driver would cut it.
  if (bytes.length > MAX_REQUEST_BYTES) throw invalid('request', 'it is too long')
  return bytes
}

/** Codes of the module, as it calls them. */
const REFUSALS = [
  'InvalidArgument',
  'InvalidIndex',
  'InvalidResponse',
  'ReadOnlyIndex',
  'InvalidOperation',
  'BufferTooSmall',
  'InputTooLarge',
  'InternalError',
]

function documentOf(reply: Uint8Array): Uint8Array {
  const answer = readCbor(reply)
  const [[name, value] = [], ...more] = answer instanceof Map ? answer : []
  if (more.length === 0 && name === 'Error' && REFUSALS.includes(String(value)))
    throw new SignerError('SECURITY_MODULE_REFUSED', { reason: String(value) })
  const document = value instanceof Map && value.size === 1 ? value.get('document') : undefined
  if (more.length > 0 || name !== 'Attestation' || !(document instanceof Uint8Array))
    throw invalidReply('it is no answer to the question for a document')
  if (document.length === 0) throw invalidReply('the document has no bytes')
  return document.slice()
}
