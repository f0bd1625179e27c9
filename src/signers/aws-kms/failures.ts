/** What each failure of KMS means: try again, wait for an operator, or give up. @module */

import type { KMSClient } from '@aws-sdk/client-kms'
import { SignerError } from '../../errors.ts'
import { isProviderError, readCredentialFailure } from '../aws/credential-failures.ts'
import { areRefusedCredentials, isSkewed } from '../aws/refused-credentials.ts'
import { describeFacts, factsOf, isThrottled, isTimeout } from '../aws/thrown-facts.ts'
import { ownLimit } from '../own-limits.ts'
import { isOwnTimeout } from './client.ts'

/** Where a call failed. */
export type KmsCall = {
  readonly client: KMSClient
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

const INVALID =
  /^(ValidationException|InvalidGrantTokenException|UnsupportedOperationException|InvalidArnException)$/

/**
 * Sorts what the SDK rejected with. The SDK's error itself is not kept as `cause`: it can hold
 * the request with its authorization header and the remote body.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html#API_Sign_Errors
 */
export function readKmsFailure(thrown: unknown): KmsFailure {
  const facts = factsOf(thrown)
  const { name, message, code, status } = facts
  const reason = describeFacts(facts)

  if (isThrottled(facts))
    return failure('yes', (c) => new SignerError('KMS_THROTTLED', spent(c)), true)
  if (isTimeout(facts)) {
    return failure('yes', (c) => {
      const limit = limitOf(message, c.client)
      return new SignerError('KMS_TIMEOUT', { ...spent(c), limit })
    })
  }
  if (isSkewed(facts))
    return failure('once', ({ keyId }) => new SignerError('KMS_CLOCK_SKEWED', { keyId, reason }))
  // Between the look at the credentials and the signature of the request they may have run out.
  if (isProviderError(thrown))
    return failure('no', ({ client, keyId }) => readCredentialFailure(thrown, client.config, keyId))
  if (areRefusedCredentials(facts))
    return failure('no', ({ keyId }) => refusedCredentials(keyId, reason))
  if (/^AccessDenied(Exception)?$/.test(name))
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
    return failure('no', ({ keyId, operation }) => {
      const needed = /^(Sign|GetPublicKey)$/.test(operation) ? 'SIGN_VERIFY' : 'ENCRYPT_DECRYPT'
      return new SignerError('KEY_USAGE_UNSUPPORTED', { keyId, keyUsage: `not ${needed}` })
    })
  if (/region/i.test(message) && status === 0 && code === '')
    return failure(
      'no',
      () => new SignerError('AWS_REGION_INVALID', { reason: 'not a Region name' }),
    )
  if (name === 'EndpointError') {
    const setting = /FIPS/.test(message) ? 'useFipsEndpoint' : 'useDualstackEndpoint'
    const why = 'it cannot go with an endpoint of your own, such as that of AWS_ENDPOINT_URL_KMS'
    const known = /FIPS|Dual-?stack/i.test(message)
    return misconfigured(known ? setting : 'endpoint', known ? why : reason)
  }
  // A header that cannot be sent, a URL that is none: what the client was configured with.
  if (status === 0 && /^ERR_INVALID_/.test(code)) return misconfigured('client', reason)
  if (INVALID.test(name) || (status >= 400 && status < 500))
    return failure('no', ({ keyId }) => new SignerError('KMS_REQUEST_INVALID', { keyId, reason }))
  // What is left: no network, KMSInternalException, DependencyTimeoutException, KeyUnavailableException and
  // other 5xx, sockets refused or reset, a body that is not JSON.
  return failure('yes', (c) => new SignerError('KMS_UNAVAILABLE', { ...spent(c), reason }))
}

const failure = (
  retry: KmsFailure['retry'],
  error: KmsFailure['error'],
  throttled = false,
): KmsFailure => ({ retry, throttled, error })

const spent = ({ keyId, attempts, elapsedMs }: KmsCall) => ({ keyId, attempts, elapsedMs })

const misconfigured = (setting: string, reason: string) =>
  failure('no', () => new SignerError('AWS_CONFIG_INVALID', { setting, reason }))

const refusedCredentials = (keyId: string, reason: string) =>
  new SignerError('KMS_CREDENTIALS_INVALID', {
    keyId,
    provider: 'KMS',
    reason,
    remedy: 'renew them, or compare access key and secret with those of the AWS account',
  })

/** Settings of the SDK's request handler, by what it says of them. Ours are of `limitError`. */
const timeouts: readonly (readonly [RegExp, string])[] = [
  [/did not establish a connection/, 'connectionTimeout'],
  [/requestTimeout/, 'requestTimeout'],
  [/socket timed out/, 'socketTimeout'],
]

/** An option of ours by its name, also where the SDK was told of it. */
function limitOf(message: string, client: KMSClient): string {
  const ours = ownLimit(message)
  if (ours !== undefined) return ours
  const setting = timeouts.find(([pattern]) => pattern.test(message))?.[1]
  if (setting === undefined) return 'one of the endpoint, or of the system'
  return isOwnTimeout(client, setting) ? `${setting}Ms` : `${setting} of the request handler`
}
