/** Credentials for the KMS of the enclave, handed out for one call: of the instance's role, or the caller's. @module */

import { withDeadline } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { type CredentialsOption, credentialProvider } from '../../signers/remote/credentials.ts'
import { readRemoteFailure } from '../../signers/remote/failures.ts'
import { type JsonRoute, malformed } from './json-door.ts'
import { invalidOption } from './unix-door.ts'

/** In errors, in place of a key that the parent does not know. */
const keyId = 'that of the enclave'

/**
 * They are asked for anew each time, except that what has an end is remembered in memory until a
 * minute before it, as by the AWS SDK itself. Without an attestation they open nothing: the key policy
 * asks for the measurements of the image as well.
 *
 * @param given - Default: the default chain of the AWS SDK, on EC2 the role of the instance by IMDS.
 * @param timeoutMs - For whatever gives them.
 * @throws {SignerError} `INVALID_OPTION`. The route throws `KMS_CREDENTIALS_…`, `AWS_CONFIG_INVALID`
 * and `AWS_SDK_MISSING`.
 */
export function createCredentialsRoute(
  given: CredentialsOption | undefined,
  timeoutMs: number,
): JsonRoute {
  if (given !== undefined && !/^(object|function)$/.test(typeof given))
    throw invalidOption('credentials', 'they are neither an object nor a function')
  if (given === null) throw invalidOption('credentials', 'they are null')
  const provide = credentialProvider(given)
  const onTimeout = () => unavailable(`no answer within ${timeoutMs} ms`)
  return async (asked, signal) => {
    if (Object.keys(asked).length > 0) throw malformed('it has fields other than version')
    const found = await withDeadline({ timeoutMs, signal, onTimeout }, () =>
      provide({ fresh: false }),
    ).catch((thrown: unknown) => {
      throw errorOf(thrown)
    })
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = found
    return {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      ...(expiration instanceof Date ? { expiration: expiration.toISOString() } : {}),
    }
  }
}

/** The faults of a remote signer's credentials by the names that they have for KMS. */
function errorOf(thrown: unknown): SignerError {
  const spent = { signerId: 'enclave', attempts: 1, elapsedMs: 0 }
  const error = readRemoteFailure(thrown).error(spent)
  if (isSignerError(error, 'REMOTE_SIGNER_CREDENTIALS')) {
    const { provider, reason, remedy } = error.context
    return new SignerError('KMS_CREDENTIALS_MISSING', { keyId, provider, reason, remedy })
  }
  if (!/^REMOTE_SIGNER_/.test(error.code)) return error
  const { reason } = { reason: error.code, ...error.context }
  return unavailable(reason)
}

const unavailable = (reason: string) =>
  new SignerError('KMS_CREDENTIALS_UNAVAILABLE', { keyId, provider: 'of the parent', reason })
