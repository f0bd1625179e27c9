/** Reads what came back: an answer, a refusal of the service, or something that is neither. @module */

import {
  type Disposition,
  type SignerErrorCode,
  type SignerErrorContext,
  signerErrorTable,
} from '../../error-codes.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import {
  faultError,
  lastingReply,
  patienceOf,
  type RemoteFault,
  readForeignReply,
} from './failures.ts'
import { PROTOCOL_VERSION, type ServiceAnswer, type ServiceRefusal } from './protocol.ts'
import { decodeReply } from './protocol-replies.ts'
import type { TransportReply } from './transport.ts'

/**
 * @returns The answer, of the right form.
 * @throws {Error} A fault for anything else. What the service calls an error is known by its code,
 * if that is one of this package: then its disposition is what this package says of it. Any other
 * code is a refusal, unless the status says that it passes.
 */
export function readReply(reply: TransportReply): ServiceAnswer {
  const read = decoded(reply)
  if ('answer' in read && reply.status === 200) return read.answer
  const fault = faultOf(read, reply)
  const waitMs = patienceOf(reply)
  throw faultError(waitMs > 0 ? { ...fault, waitMs } : fault)
}

function faultOf(read: Decoded | RemoteFault, reply: TransportReply): RemoteFault {
  if ('retry' in read) return read
  if ('refusal' in read) return refusalFault(read.refusal, reply)
  return readForeignReply(reply, 'it has an answer and another status than 200')
}

type Decoded = { readonly answer: ServiceAnswer } | { readonly refusal: ServiceRefusal }

function decoded(reply: TransportReply): Decoded | RemoteFault {
  const foreign = (reason: string) => readForeignReply(reply, reason)
  const encoding = reply.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') return foreign('it is compressed')
  if (reply.body.length === 0) return foreign('it is empty')
  let wire: unknown
  try {
    wire = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(reply.body))
  } catch {
    return foreign('it is not JSON')
  }
  try {
    return decodeReply(wire)
  } catch (thrown) {
    if (!isSignerError(thrown, 'SIGNING_REPLY_MALFORMED')) throw thrown
    const { reason } = thrown.context
    return speaksOtherVersion(wire) ? lastingReply(reason) : foreign(reason)
  }
}

const speaksOtherVersion = (wire: unknown): boolean =>
  typeof wire === 'object' &&
  wire !== null &&
  'version' in wire &&
  Number.isInteger(wire.version) &&
  wire.version !== PROTOCOL_VERSION

/** The quota or the line of the service is full; it says so in time. */
const THROTTLES: readonly SignerErrorCode[] = [
  'KMS_THROTTLED',
  'KMS_QUEUE_TIMEOUT',
  'SIGNING_QUEUE_FULL',
  'SIGNING_SERVICE_BUSY',
  'REMOTE_SIGNER_THROTTLED',
  'REMOTE_SIGNER_QUEUE_TIMEOUT',
]

type Told = SignerErrorContext['REMOTE_SIGNER_REFUSED']

function refusalFault(refusal: ServiceRefusal, reply: TransportReply): RemoteFault {
  const { code: serviceCode } = refusal
  const reason = printable(refusal.reason ?? '')
  const requestId = printable(refusal.requestId)
  if (!isKnown(serviceCode)) {
    const isPassing = reply.status === 429 || reply.status >= 500
    return isPassing
      ? readForeignReply(reply, '')
      : finalFault('refuse', { serviceCode, reason, requestId })
  }
  const [disposition] = signerErrorTable[serviceCode]
  if (disposition !== 'retry') return finalFault(disposition, { serviceCode, reason, requestId })
  const told = `the service answered ${serviceCode}`
  return THROTTLES.includes(serviceCode)
    ? {
        retry: 'yes',
        throttled: true,
        error: (spent) => new SignerError('REMOTE_SIGNER_THROTTLED', { ...spent, reason: told }),
      }
    : {
        retry: 'yes',
        error: (spent) => new SignerError('REMOTE_SIGNER_UNAVAILABLE', { ...spent, reason: told }),
      }
}

const codeOf = {
  hold: 'REMOTE_SIGNER_HELD',
  fail: 'REMOTE_SIGNER_REQUEST_REFUSED',
  refuse: 'REMOTE_SIGNER_REFUSED',
} as const satisfies Record<Exclude<Disposition, 'retry'>, SignerErrorCode>

const finalFault = (
  disposition: Exclude<Disposition, 'retry'>,
  told: Omit<Told, 'signerId'>,
): RemoteFault => ({
  retry: 'no',
  error: ({ signerId }) => new SignerError(codeOf[disposition], { signerId, ...told }),
})

const isKnown = (code: string): code is SignerErrorCode => Object.hasOwn(signerErrorTable, code)

/** Texts of the service, for people: no controls, no marks that turn the direction of text, and not the whole of it. */
export const printable = (text: string): string =>
  text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 300)
