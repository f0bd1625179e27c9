/** A call that must not happen twice: CreateKey makes another key each time. @module */

import type { CreateKeyCommand, CreateKeyCommandOutput } from '@aws-sdk/client-kms'
import { SignerError } from '../errors.ts'
import { callKms } from '../signers/aws-kms/call.ts'
import { readKmsFailure } from '../signers/aws-kms/failures.ts'
import type { KmsSession } from './kms-session.ts'

/**
 * Sends again only what KMS itself has refused, such as a throttled request. After a lost answer
 * neither this function nor the SDK's own retries send another one.
 *
 * @param label - Stands for the key id in errors.
 * @throws {SignerError} `KMS_TIMEOUT` or `KMS_UNAVAILABLE` when the answer was lost: the key may
 * exist. The other `KMS_…` codes say that it does not.
 */
export async function sendCreateKey(
  { client, limits, signal }: KmsSession,
  command: CreateKeyCommand,
  label: string,
): Promise<CreateKeyCommandOutput> {
  const started = performance.now()
  const call = () => ({
    keyId: label,
    operation: 'CreateKey',
    attempts: 1,
    elapsedMs: Math.round(performance.now() - started),
  })
  stopSdkRetries(command)
  let maybeCreated = false
  const { reply } = await callKms(call(), limits, signal, async (abortSignal) => {
    if (maybeCreated) {
      const { keyId, attempts, elapsedMs } = call()
      throw new SignerError('KMS_TIMEOUT', { keyId, attempts, elapsedMs })
    }
    maybeCreated = true
    try {
      return await client.send(command, { abortSignal })
    } catch (thrown) {
      maybeCreated = !isRefusal(thrown)
      // An error of ours ends callKms at once; when it gave up waiting itself, nobody reads this.
      throw maybeCreated ? readKmsFailure(thrown).error(call()) : thrown
    }
  })
  return reply
}

/** Nearest to the network: the SDK may try again, but the second request fails like the first. */
function stopSdkRetries(command: CreateKeyCommand): void {
  let lost: { readonly thrown: unknown } | undefined
  command.middlewareStack.add(
    (next) => async (args) => {
      if (lost !== undefined) throw lost.thrown
      try {
        return await next(args)
      } catch (thrown) {
        if (!isRefusal(thrown)) lost = { thrown }
        throw thrown
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'fclKmsOneRequest' },
  )
}

/** Whether KMS answered that it did not do it. 408 is what something in between answers. */
function isRefusal(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null || !('$metadata' in thrown)) return false
  const metadata = thrown.$metadata
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata))
    return false
  const status = Number(metadata.httpStatusCode)
  return status >= 400 && status < 500 && status !== 408
}
