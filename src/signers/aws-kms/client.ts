/** The AWS client: the caller's own, or one made from configuration when it is first needed. @module */

import type { KMSClient, KMSClientConfig } from '@aws-sdk/client-kms'
import { SignerError } from '../../errors.ts'
import type { KmsLimits } from './limits.ts'

type AwsKms = typeof import('@aws-sdk/client-kms')

/** Whether this is a client and not its configuration. By shape: there may be two copies of the SDK. */
export const isKmsClient = (kms: KMSClient | KMSClientConfig): kms is KMSClient =>
  'send' in kms && typeof kms.send === 'function' && 'config' in kms

/** @throws {SignerError} `INVALID_OPTION` unless it is an object; the SDK checks what is in it. */
export function assertKms(kms: KMSClient | KMSClientConfig): void {
  if (typeof kms !== 'object' || kms === null)
    throw new SignerError('INVALID_OPTION', {
      option: 'client',
      reason: 'it is neither a KMSClient nor the configuration of one',
    })
}

/**
 * Loads the AWS client package, which costs about 100 ms, at the first call and not before.
 *
 * @throws {SignerError} `AWS_SDK_MISSING` when it is not installed.
 */
export async function loadAwsKms(): Promise<AwsKms> {
  try {
    return await import('@aws-sdk/client-kms')
  } catch (cause) {
    throw new SignerError('AWS_SDK_MISSING', { package: '@aws-sdk/client-kms' }, { cause })
  }
}

const clients = new WeakMap<object, Promise<KMSClient>>()

/**
 * One client for each configuration object, so that the keys of one authorizer share sockets. A
 * request handler of the caller's own is kept; the default one gets time limits that throw, since
 * the SDK's default waits for ever.
 */
export async function kmsClient(
  kms: KMSClient | KMSClientConfig,
  limits: KmsLimits,
): Promise<KMSClient> {
  if (isKmsClient(kms)) return kms
  const existing = clients.get(kms)
  if (existing !== undefined) return existing
  const { connectionTimeoutMs, requestTimeoutMs } = limits
  const created = loadAwsKms().then(
    ({ KMSClient }) =>
      new KMSClient({
        requestHandler: {
          connectionTimeout: connectionTimeoutMs,
          requestTimeout: requestTimeoutMs,
          throwOnRequestTimeout: true,
        },
        ...kms,
      }),
  )
  created.catch(() => clients.delete(kms))
  clients.set(kms, created)
  return created
}

/**
 * @returns The Region the client will call.
 * @throws {SignerError} `AWS_REGION_INVALID` when none or none that can be is configured.
 */
export async function clientRegion(client: KMSClient): Promise<string> {
  try {
    return await client.config.region()
  } catch {
    throw new SignerError('AWS_REGION_INVALID', {
      reason: 'none is configured, or it is not a Region name',
    })
  }
}
