/** What each failure of a way to a signing service means: try again, wait for somebody, or give up. @module */

import { isSignerError, SignerError } from '../../errors.ts'
import { type CredentialSource, sortCredentialFailure } from '../aws/credential-failures.ts'
import { areRefusedCredentials, isSkewed } from '../aws/refused-credentials.ts'
import {
  describeFacts,
  factsOf,
  isThrottled,
  isTimeout,
  type ThrownFacts,
} from '../aws/thrown-facts.ts'
import { ownLimit } from '../own-limits.ts'
import type { TransportReply } from './transport.ts'

/** Where a call failed, and what it had cost. */
export type Spent = {
  readonly signerId: string
  /** Requests sent. */
  readonly attempts: number
  readonly elapsedMs: number
}

/** How to go on after a failure. */
export type RemoteFault = {
  /** `no`, `once`, until the time is over, or `now`, without a pause. */
  readonly retry: 'no' | 'once' | 'now' | 'yes'
  readonly throttled?: boolean
  /** The credentials that were remembered are to be asked for again. */
  readonly expired?: boolean
  /** Milliseconds that the other side asks to wait. */
  readonly waitMs?: number
  readonly error: (spent: Spent) => SignerError
}

/** A fault that its finder has sorted already. */
type Sorted = Error & { readonly fault: RemoteFault }

/** To be thrown, since it ends what comes between. */
export const faultError = (fault: RemoteFault): Error =>
  Object.assign(new Error('a sorted fault'), { fault }) satisfies Sorted

const sortedFault = (thrown: unknown): RemoteFault | undefined =>
  thrown instanceof Error && 'fault' in thrown ? (thrown as Sorted).fault : undefined

/** Certificates that are not trusted, as OpenSSL and Node.js name them. */
const UNTRUSTED =
  /^(CERT_|UNABLE_TO_|ERR_TLS_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH|DEPTH_ZERO|SELF_SIGNED|CRL_|ERROR_IN_)/

/**
 * Sorts what a way rejected with. What was thrown is not kept as `cause`: it can hold the request
 * with its authorization header, and the remote body.
 */
export function readRemoteFailure(thrown: unknown): RemoteFault {
  const sorted = sortedFault(thrown)
  if (sorted !== undefined) return sorted
  if (isSignerError(thrown)) return { retry: 'no', error: () => thrown }
  const facts = factsOf(thrown)
  const { code, message } = facts
  const reason = describeFacts(facts)
  if (isTimeout(facts)) {
    const limit = ownLimit(message) ?? 'one of the client, or of the system'
    return {
      retry: 'yes',
      error: (spent) => new SignerError('REMOTE_SIGNER_TIMEOUT', { ...spent, limit }),
    }
  }
  if (UNTRUSTED.test(code) || /^ERR_SSL_/.test(code) || code === 'EPROTO')
    return {
      retry: 'once',
      error: ({ signerId }) => new SignerError('REMOTE_SIGNER_TLS_FAILED', { signerId, reason }),
    }
  if (/^(EACCES|EPERM)$/.test(code)) return denied(reason)
  if (facts.name === 'ReplyTooLargeError') return tooLarge
  if (/^HPE_/.test(code)) return notReply(`it is not HTTP (${code})`)
  return awsFault(facts, reason) ?? unavailable(reason, wasReused(thrown))
}

/** A socket that the other side closed while it was idle; it has seen nothing of this request. */
const wasReused = (thrown: unknown) =>
  typeof thrown === 'object' && thrown !== null && 'wasReused' in thrown

/** @returns The fault of what a provider of credentials rejected with, of the SDK or of the caller. */
export function readCredentialsFault(thrown: unknown, source: CredentialSource): RemoteFault {
  if (isSignerError(thrown)) return { retry: 'no', error: () => thrown }
  const { kind, ...facts } = sortCredentialFailure(thrown, source)
  // Each kind has the facts of its code.
  if ('setting' in facts)
    return { retry: 'no', error: () => new SignerError('AWS_CONFIG_INVALID', facts) }
  if ('remedy' in facts)
    return {
      retry: 'no',
      error: ({ signerId }) => new SignerError('REMOTE_SIGNER_CREDENTIALS', { signerId, ...facts }),
    }
  return unavailable(`${facts.provider} did not give credentials (${facts.reason})`)
}

/** By the names of AWS, whether its client threw them or a gateway answered with them. */
function awsFault(facts: ThrownFacts, reason: string): RemoteFault | undefined {
  const { name, status } = facts
  if (isThrottled(facts)) return throttled(reason)
  if (isSkewed(facts)) return skewed(reason)
  if (/^Expired/.test(name)) return { ...denied(reason), retry: 'once', expired: true }
  if (areRefusedCredentials(facts) || /^AccessDenied|^Forbidden/.test(name)) return denied(reason)
  if (name === 'ResourceNotFoundException') return notFound(reason)
  // The function is being changed, or is not ready yet.
  if (/^Resource(Conflict|NotReady)Exception$/.test(name)) return unavailable(reason)
  if (status >= 400 && status < 500) return byStatus(status, reason)
  return undefined
}

/** Between a client's clock and that of AWS, which takes five. */
const SKEW_MS = 4 * 60_000

/**
 * Sorts a reply that is no reply of a signing service: a gateway, a proxy or a load balancer
 * answered. Its body is not looked at.
 *
 * @param reason - What is wrong with it as a reply of the protocol.
 */
export function readForeignReply({ status, headers }: TransportReply, reason: string): RemoteFault {
  const type = textOf(headers['x-amzn-errortype']).split(':')[0] ?? ''
  const name = type.replace(/[^A-Za-z0-9_]/g, '').slice(0, 64)
  const said = [name, `HTTP ${status}`].filter(Boolean).join(', ')
  const date = Date.parse(textOf(headers['date']))
  if (status === 401 || status === 403) {
    const offMs = Math.abs(date - Date.now())
    if (offMs > SKEW_MS && headers['x-amzn-errortype'] !== undefined)
      return skewed(`${Math.round(offMs / 1_000)} s between the clocks (${said})`)
  }
  const facts = { name, message: '', code: '', status, path: '' }
  return awsFault(facts, said) ?? byStatus(status, said, reason)
}

/** @returns Milliseconds that the other side asks to wait; 0 when it does not, or gives a date. */
export const patienceOf = ({ headers }: TransportReply): number =>
  1_000 * Number(/^\d{1,4}$/.exec(textOf(headers['retry-after']))?.[0] ?? 0)

function byStatus(status: number, said: string, reason = said): RemoteFault {
  if (status === 429) return throttled(said)
  if (status === 401 || status === 403 || status === 407) return denied(said)
  if (status === 404 || status === 405 || status === 410) return notFound(said)
  if (status === 408 || status === 425 || status >= 500) return unavailable(said)
  if (status >= 300 && status < 400) return { ...notReply(`${said} is a redirect`), retry: 'no' }
  if (status >= 200 && status < 300) return notReply(reason)
  return { ...notReply(`${said} is no answer of a signing service`), retry: 'no' }
}

const unavailable = (reason: string, isStale = false): RemoteFault => ({
  retry: isStale ? 'now' : 'yes',
  error: (spent) => new SignerError('REMOTE_SIGNER_UNAVAILABLE', { ...spent, reason }),
})

const throttled = (reason: string): RemoteFault => ({
  retry: 'yes',
  throttled: true,
  error: (spent) => new SignerError('REMOTE_SIGNER_THROTTLED', { ...spent, reason }),
})

const skewed = (reason: string): RemoteFault => ({
  retry: 'no',
  error: ({ signerId }) => new SignerError('REMOTE_SIGNER_CLOCK_SKEWED', { signerId, reason }),
})

const denied = (reason: string): RemoteFault => ({
  retry: 'no',
  error: ({ signerId }) => new SignerError('REMOTE_SIGNER_DENIED', { signerId, reason }),
})

const notFound = (reason: string): RemoteFault => ({
  retry: 'no',
  error: ({ signerId }) => new SignerError('REMOTE_SIGNER_NOT_FOUND', { signerId, reason }),
})

/** A page of a proxy may be gone the next moment. */
export const notReply = (reason: string): RemoteFault => ({
  retry: 'yes',
  error: (spent) => new SignerError('REMOTE_SIGNER_REPLY_INVALID', { ...spent, reason }),
})

/** A reply of this shape will not become another by being asked again. */
export const lastingReply = (reason: string): RemoteFault => ({ ...notReply(reason), retry: 'no' })

const tooLarge = notReply('it is longer than a reply can be')
export const replyTooLarge = (): Error => faultError(tooLarge)

const textOf = (value: string | readonly string[] | undefined): string =>
  typeof value === 'string' ? value : (value?.[0] ?? '')

/** @param kind - `Unhandled` when it threw, timed out or ran out of memory. */
export const lambdaFailed = (kind: string): Error =>
  faultError(unavailable(`the function failed (${kind.replace(/[^A-Za-z]/g, '').slice(0, 32)})`))
