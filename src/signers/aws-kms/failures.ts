/** What each failure of KMS means: try again, wait for an operator, or give up. @module */

import { SignerError } from '../../errors.ts'

/** Where a call failed. */
export type KmsCall = {
  readonly keyId: string
  readonly operation: string
  readonly attempts: number
  readonly elapsedMs: number
}

/** How to read a failure. */
export type KmsFailure = {
  /** `no`, `once` (the SDK corrects its clock by the first answer), or until the time is over. */
  readonly retry: 'no' | 'once' | 'yes'
  readonly throttled: boolean
  readonly error: (call: KmsCall) => SignerError
}

const THROTTLES =
  /^(Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|RequestLimitExceeded|SlowDown)$/
const CREDENTIALS =
  /^(ExpiredToken|ExpiredTokenException|UnrecognizedClientException|CredentialsProviderError|TokenProviderError|InvalidClientTokenId|MissingAuthenticationToken|MissingAuthenticationTokenException|IncompleteSignature|IncompleteSignatureException|InvalidSignatureException|SignatureDoesNotMatch|NotAuthorized)$/
const SKEWED = /^(RequestTimeTooSkewed|RequestExpired|RequestInTheFuture)$/
const TIMEOUTS = /^(TimeoutError|RequestTimeout|RequestTimeoutException)$/
const INVALID =
  /^(ValidationException|InvalidGrantTokenException|UnsupportedOperationException|InvalidArnException|TypeError)$/

type Facts = {
  readonly name: string
  readonly message: string
  readonly code: string
  readonly status: number
}

/**
 * Sorts what the SDK rejected with. The SDK's error itself is not kept as `cause`: it can hold
 * the request with its authorization header and the remote body.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html#API_Sign_Errors
 */
export function readKmsFailure(thrown: unknown): KmsFailure {
  const { name, message, code, status } = factsOf(thrown)
  const reason = [name, code, status === 0 ? '' : `HTTP ${status}`].filter(Boolean).join(', ')

  if (THROTTLES.test(name) || status === 429)
    return failure('yes', (c) => new SignerError('KMS_THROTTLED', spent(c)), true)
  if (TIMEOUTS.test(name)) return failure('yes', (c) => new SignerError('KMS_TIMEOUT', spent(c)))
  if (
    SKEWED.test(name) ||
    (CREDENTIALS.test(name) && /not yet current|signature expired/i.test(message))
  )
    return failure('once', ({ keyId }) => new SignerError('KMS_CLOCK_SKEWED', { keyId, reason }))
  if (CREDENTIALS.test(name))
    return failure(
      'no',
      ({ keyId }) => new SignerError('KMS_CREDENTIALS_INVALID', { keyId, reason }),
    )
  if (name === 'AccessDeniedException')
    return failure(
      'no',
      ({ keyId, operation }) => new SignerError('KMS_ACCESS_DENIED', { keyId, operation }),
    )
  if (name === 'DisabledException')
    return failure('no', ({ keyId }) => new SignerError('KEY_DISABLED', { keyId }))
  if (/^(KMSInvalidState|Conflict)Exception$/.test(name))
    return failure('no', ({ keyId }) => new SignerError('KEY_STATE_INVALID', { keyId, reason }))
  if (name === 'NotFoundException')
    return failure('no', ({ keyId }) => new SignerError('KEY_NOT_FOUND', { keyId }))
  if (name === 'InvalidKeyUsageException')
    return failure(
      'no',
      ({ keyId }) =>
        new SignerError('KEY_USAGE_UNSUPPORTED', { keyId, keyUsage: 'not SIGN_VERIFY' }),
    )
  if (/region/i.test(message) && status === 0 && code === '')
    return failure(
      'no',
      () => new SignerError('AWS_REGION_INVALID', { reason: 'not a Region name' }),
    )
  if (INVALID.test(name) || (status >= 400 && status < 500))
    return failure('no', ({ keyId }) => new SignerError('KMS_REQUEST_INVALID', { keyId, reason }))
  // What is left: KMSInternalException, DependencyTimeoutException, KeyUnavailableException and
  // other 5xx, sockets refused or reset, a body that is not JSON.
  return failure('yes', (c) => new SignerError('KMS_UNAVAILABLE', { ...spent(c), reason }))
}

const failure = (
  retry: KmsFailure['retry'],
  error: KmsFailure['error'],
  throttled = false,
): KmsFailure => ({ retry, throttled, error })

const spent = ({ keyId, attempts, elapsedMs }: KmsCall) => ({ keyId, attempts, elapsedMs })

function factsOf(thrown: unknown): Facts {
  const fields: Record<string, unknown> =
    typeof thrown === 'object' && thrown !== null ? { ...thrown } : {}
  const metadata = fields['$metadata']
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? Number(metadata.httpStatusCode) || 0
      : 0
  const error = thrown instanceof Error ? thrown : new Error('not an error')
  const code = typeof fields['code'] === 'string' ? fields['code'] : ''
  return { name: safeName(error.name), message: error.message, code: safeName(code), status }
}

/** A name from a remote answer, cut to what a name can be. */
const safeName = (name: string) => name.replace(/[^A-Za-z0-9_]/g, '').slice(0, 64)
