/** What the server says when it does not do something: a stable code, an HTTP status, a remedy. @module */

/** HTTP status and sentence of each code. A code is also the last part of a problem's `type`. */
const sentences = {
  // Configuration and start
  CONFIGURATION_INVALID: [500, 'The configuration has mistakes. Mend each one that is listed.'],
  DATABASE_UNAVAILABLE: [
    503,
    'The database does not answer. Try again later; the same Idempotency-Key is the same request.',
  ],
  DATABASE_LOGIN_REFUSED: [
    503,
    'PostgreSQL does not let this user in. Mend user and password of DATABASE_URL, or pg_hba.conf.',
  ],
  DATABASE_MISSING: [
    503,
    'PostgreSQL has no database of this name. Create it, or mend the name in DATABASE_URL.',
  ],
  DATABASE_REFUSED: [409, 'The database refuses this change, since it breaks a rule of its own.'],
  DATABASE_IN_USE: [
    409,
    'Another process has this folder open. Stop it first, or use PostgreSQL, which many may share.',
  ],
  DATABASE_TOO_NEW: [500, 'A later version has changed the tables. Start that version.'],
  // Who
  UNAUTHENTICATED: [401, 'No valid credentials came along. Send a bearer token, or sign in again.'],
  FORBIDDEN: [403, 'This principal may not do that. Ask for a token with the role that is named.'],
  ADDRESS_FORBIDDEN: [403, 'Requests from this network address are not allowed.'],
  CSRF_REFUSED: [403, 'The request did not come from the dashboard. Load the page anew.'],
  SIGNATURE_REQUIRED: [
    401,
    'This call must carry a signature of the request. See docs/admin-server.md.',
  ],
  SIGNATURE_REFUSED: [401, 'The signature of the request is wrong, too old, or was used before.'],
  RATE_LIMITED: [429, 'Too many requests. Wait as long as Retry-After says.'],
  OVERLOADED: [503, 'Too much is waiting already. Try again later.'],
  // What
  MALFORMED_REQUEST: [400, 'The request line or a header is not allowed here. Mend what is named.'],
  HEADERS_TOO_LARGE: [431, 'The headers are too many or too large. Send fewer.'],
  REQUEST_TIMEOUT: [408, 'The request did not arrive in time. Send it again.'],
  MALFORMED_BODY: [400, 'The body is not the JSON that is asked for. Mend what is named.'],
  INVALID_REQUEST: [422, 'A field is not what it must be. Mend what is named.'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'Send application/json.'],
  NOT_ACCEPTABLE: [406, 'This resource is not to be had in the form that was asked for.'],
  BODY_TOO_LARGE: [413, 'The body is too large. Ask for less at once.'],
  METHOD_NOT_ALLOWED: [405, 'This resource does not know the method.'],
  NOT_FOUND: [404, 'There is no such thing, or not for this principal.'],
  IDEMPOTENCY_KEY_REQUIRED: [400, 'Send an Idempotency-Key: 1 to 255 printable ASCII characters.'],
  IDEMPOTENCY_KEY_REUSED: [
    422,
    'The Idempotency-Key was used for another request. Take a new one.',
  ],
  POLICY_REFUSED: [422, 'The policy does not allow this.'],
  // Approvals
  SELF_APPROVAL: [403, 'Who asked for it cannot approve it. Another person has to.'],
  NOT_AN_APPROVER: [403, 'No key of the account names this principal as an approver.'],
  DIGEST_MISMATCH: [
    409,
    'The approval names another intent. Read what will be signed, and approve that.',
  ],
  CONTENT_ALTERED: [
    409,
    'What is stored is not what was asked for, so it cannot be shown. It is never signed: cancel it, and find out who changed it.',
  ],
  ALREADY_APPROVED: [409, 'This principal has approved already.'],
  NOT_APPROVED: [409, 'This principal has no approval here that could be withdrawn.'],
  ALREADY_DECIDED: [409, 'It is signed, or about to be: it can no longer be changed.'],
  NOT_QUARANTINED: [409, 'The outcome of this item is not in doubt.'],
  REQUEST_OVER: [409, 'It is over: done, failed, cancelled or expired.'],
  // Behind
  UPSTREAM_UNAVAILABLE: [
    503,
    'KMS, the access node or the identity provider does not answer, or not as it should, or the server has no right to it. Try again later; if it stays so, `cause` leads to the remedy.',
  ],
  // Audit
  ANCHOR_FAILED: [
    503,
    'The anchor of the audit trail could not be written or read. Look at its file or bucket.',
  ],
  AUDIT_BROKEN: [500, 'The audit chain does not verify. Stop, and find out who changed it.'],
  INTERNAL: [500, 'Something failed that should not. The request id leads to the log.'],
} as const satisfies Record<string, readonly [status: number, sentence: string]>

/** Every code of the server. */
export type AdminErrorCode = keyof typeof sentences

/** All codes with status and sentence, for problem details and the documents. */
export const adminErrors: Readonly<Record<AdminErrorCode, readonly [number, string]>> = sentences

/** Facts that may be shown to the caller: never a secret, never another's data. */
export type AdminErrorFacts = Readonly<Record<string, unknown>>

/** The one error of the server. */
export class AdminError extends Error {
  override readonly name = 'AdminError'
  readonly code: AdminErrorCode
  readonly facts: AdminErrorFacts
  readonly status: number

  constructor(code: AdminErrorCode, facts: AdminErrorFacts = {}, cause?: unknown) {
    const [status, sentence] = sentences[code]
    super(`${sentence} [${code}]`, cause === undefined ? {} : { cause })
    this.code = code
    this.status = status
    this.facts = Object.freeze({ ...facts })
  }
}

/** By name and code, as the library does it. */
export const isAdminError = <C extends AdminErrorCode>(
  thrown: unknown,
  code?: C,
): thrown is AdminError & { readonly code: C } =>
  thrown instanceof Error &&
  thrown.name === 'AdminError' &&
  (code === undefined || (thrown as AdminError).code === code)
