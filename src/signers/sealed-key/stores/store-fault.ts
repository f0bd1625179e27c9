/** What it means that a place for records failed. @module */

import { isSignerError, SignerError } from '../../../errors.ts'
import { describeFacts, factsOf } from '../../aws/thrown-facts.ts'

/** Of files, of S3 and of Secrets Manager: what an operator has to mend. */
const DENIED =
  /^(EACCES|EPERM|EROFS|ENOTDIR|EISDIR|ELOOP|AccessDenied(Exception)?|AllAccessDisabled|NoSuchBucket|PermanentRedirect|AuthorizationHeaderMalformed|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken(Exception)?|InvalidToken|InvalidClientTokenId|UnrecognizedClientException|InvalidSignatureException|(De|En)cryptionFailure|InvalidBucketName|CredentialsProviderError|KMS\w*Exception)$/

/**
 * @param thrown - Not quoted: it may hold a path, a remote body or credentials.
 * @returns `STORE_DENIED`, or `STORE_UNAVAILABLE` with what was thrown as its cause where that is an
 * error of Node.js.
 */
export function storeFault(operation: string, thrown: unknown): SignerError {
  const facts = factsOf(thrown)
  const reason = describeFacts(facts)
  if (DENIED.test(facts.name) || DENIED.test(facts.code) || /^40[13]$/.test(String(facts.status)))
    return new SignerError('STORE_DENIED', { operation, reason })
  const isOfNode = facts.status === 0 && facts.code !== ''
  return new SignerError('STORE_UNAVAILABLE', { operation }, isOfNode ? { cause: thrown } : {})
}

/** Runs a step of a store; what it throws is told as a fault of that step. */
export async function told<T>(operation: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (thrown) {
    throw isSignerError(thrown) ? thrown : storeFault(operation, thrown)
  }
}
