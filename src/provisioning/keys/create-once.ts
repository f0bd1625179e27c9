/** A call that must not happen twice: CreateKey makes another key each time. @module */

import type { CreateKeyCommandInput, CreateKeyCommandOutput } from '@aws-sdk/client-kms'
import type { KmsSession } from './kms-session.ts'

/**
 * Sends again only what KMS itself has refused, such as a throttled request. After a lost answer
 * neither this function nor the SDK's own retries send another one.
 *
 * @param label - Stands for the key id in errors.
 * @throws {SignerError} `KMS_TIMEOUT` or `KMS_UNAVAILABLE` when the answer was lost: the key may
 * exist. The other codes say that it does not.
 */
export function sendCreateKey(
  { call, sdk }: KmsSession,
  input: CreateKeyCommandInput,
  label: string,
): Promise<CreateKeyCommandOutput> {
  const target = { keyId: label, operation: 'CreateKey', mayRepeat: isRefusal }
  return call(target, () => new sdk.CreateKeyCommand(input))
}

/** Whether KMS answered that it did not do it. 408 is what something in between answers. */
export function isRefusal(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null || !('$metadata' in thrown)) return false
  const metadata = thrown.$metadata
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata))
    return false
  const status = Number(metadata.httpStatusCode)
  return status >= 400 && status < 500 && status !== 408
}
