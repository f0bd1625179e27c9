/** The guards of the access part, as the HTTP server asks for them. @module */

import type { Authenticator, Effect } from '../access/authenticate.ts'
import { bearerOf, credentialsOf } from '../access/credentials.ts'
import type { Limits, RateDecision } from '../access/limits.ts'
import type { NetworkGuard } from '../access/network.ts'
import { isSafeMethod } from '../access/origin.ts'
import { isTokenShape } from '../access/tokens.ts'
import type { Audit } from '../audit/audit.ts'
import type { Database } from '../database/database.ts'
import { AdminError, isAdminError } from '../errors.ts'
import type { Log } from '../observability/log.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Access, CallFacts } from './context.ts'

/** Refusals that the audit trail has a record of; the others are in the log. A minute has so many. */
const MAX_RECORDS_A_MINUTE = 60
const MINUTE_MS = 60_000

const allowed = { allowed: true, retryAfterSeconds: 0 }

export function createAccess(parts: {
  readonly authenticator: Authenticator
  readonly network: NetworkGuard
  readonly limits: Limits
  readonly database: Database
  readonly audit: Audit
  readonly metrics: Metrics
  readonly log: Log
}): Access {
  const { authenticator, network, limits, database, audit, metrics, log } = parts
  let minute = 0
  let recorded = 0

  function mayRecord(): boolean {
    const now = Math.floor(performance.now() / MINUTE_MS)
    if (now !== minute) recorded = 0
    minute = now
    recorded += 1
    return recorded <= MAX_RECORDS_A_MINUTE
  }

  return {
    guardNetwork: (peer, forwardedFor) =>
      network.admit(peer, forwardedFor === undefined ? [] : [forwardedFor]),
    takeTurn(scope, key) {
      // One in all is taken with that of the caller: who is nobody cannot use it up.
      if (scope === 'all') return allowed
      return scope === 'token' ? limits.caller({ name: key }) : limits.address(key)
    },
    async authenticate(facts) {
      const bearer = bearerOf(facts.rawHeaders)
      if (bearer === undefined) return authenticator.authenticate(callOf(facts))
      const look = () => authenticator.authenticate(callOf(facts))
      return withinLimit(limits, { address: facts.clientAddress, credential: bearer }, look)
    },
    checkSignature: ({ principal, body, ...facts }) =>
      authenticator.checkSignature(principal, effectOf(facts), callOf(facts), body),
    onRefusal({ principal, error, ...facts }) {
      metrics.onRefusal(error.code)
      const bearer = bearerOf(facts.rawHeaders)
      if (bearer !== undefined && error.code === 'UNAUTHENTICATED')
        limits.credentials.refused(facts.clientAddress, bearer)
      const { requestId, method, route, clientAddress } = facts
      const cause = error.cause instanceof Error ? error.cause.message : undefined
      const about = { requestId, method, route, clientAddress, code: error.code, cause }
      log.warn({ ...about, principal: principal?.name }, 'refused')
      if (isAdminError(error, 'RATE_LIMITED') || !isOfAudit(error.code) || !mayRecord()) return
      const entry = {
        kind: 'refusal',
        actor: principal?.name ?? 'server',
        requestIds: [],
        facts: { code: error.code, method, route, clientAddress, call: requestId },
      } as const
      database
        .transaction((session) => audit.append(session, [entry]))
        .catch((thrown: unknown) => log.error({ err: thrown }, 'a refusal was not recorded'))
    },
  }
}

/**
 * Behind an address that had too many wrong credentials a token of our own form is looked up all the
 * same: nobody guesses one, and the others there are not shut out. Anything else is refused unseen.
 *
 * @throws {AdminError} `RATE_LIMITED`; also in place of `UNAUTHENTICATED` behind such an address.
 */
export async function withinLimit<T>(
  { credentials }: Limits,
  { address, credential }: { readonly address: string; readonly credential: string },
  look: () => Promise<T>,
): Promise<T> {
  const turn = credentials.check(address, credential)
  if (!turn.allowed && !isTokenShape(credential)) throw limited(turn)
  const found = await look().catch((thrown: unknown) => {
    throw !turn.allowed && isAdminError(thrown, 'UNAUTHENTICATED') ? limited(turn) : thrown
  })
  credentials.accepted(credential)
  return found
}

/** Of one address, until it has fewer wrong credentials. */
const limited = ({ retryAfterSeconds }: RateDecision): AdminError =>
  new AdminError('RATE_LIMITED', { scope: 'credentials', retryAfterSeconds })

/** A page that is left open asks without credentials again and again: that is no record. */
const isOfAudit = (code: string) =>
  ['FORBIDDEN', 'CSRF_REFUSED', 'SIGNATURE_REQUIRED', 'SIGNATURE_REFUSED'].includes(code)

const callOf = ({ rawHeaders, method, url }: CallFacts) => ({
  ...credentialsOf(rawHeaders),
  method,
  target: url,
})

/** Signing out is always possible: a page that has lost its key is left by it. */
function effectOf({ method, route }: Pick<CallFacts, 'method' | 'route'>): Effect {
  if (isSafeMethod(method) || route === '/v1/session') return 'read'
  return /\/approvals(?:\/mine)?$|^\/v1\/(?:pause|resume)$/.test(route) ? 'approval' : 'change'
}
