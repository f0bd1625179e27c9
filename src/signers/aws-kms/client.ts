/** The AWS client: the caller's own, or one made from configuration when it is first needed. @module */

import type { KMSClient, KMSClientConfig } from '@aws-sdk/client-kms'
import { SignerError } from '../../errors.ts'
import type { KmsLimits } from './limits.ts'

type AwsKms = typeof import('@aws-sdk/client-kms')

/** Whether this is a client and not its configuration. By shape: there may be two copies of the SDK. */
export const isKmsClient = (kms: KMSClient | KMSClientConfig): kms is KMSClient =>
  typeof kms === 'object' &&
  kms !== null &&
  'send' in kms &&
  typeof kms.send === 'function' &&
  'config' in kms

/** @throws {SignerError} `INVALID_OPTION` unless it is an object; the SDK checks what is in it. */
export function assertKms(kms: KMSClient | KMSClientConfig, option = 'client'): void {
  if (typeof kms !== 'object' || kms === null)
    throw new SignerError('INVALID_OPTION', {
      option,
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
const ownTimeouts = new WeakMap<KMSClient, readonly string[]>()

/**
 * Whether an option of ours made this setting of the client's request handler, whose name is then
 * that of the setting with `Ms`.
 */
export const isOwnTimeout = (client: KMSClient, setting: string): boolean =>
  ownTimeouts.get(client)?.includes(setting) ?? false

/**
 * One client for each configuration object, so that the keys of one authorizer share sockets. A
 * request handler of the caller's own is kept; the default one, and one that is made of options,
 * gets time limits that throw, since the SDK's default waits for ever.
 *
 * @throws {SignerError} `AWS_SDK_MISSING`, `AWS_REGION_INVALID`, `AWS_CONFIG_INVALID`.
 */
export async function kmsClient(
  kms: KMSClient | KMSClientConfig,
  limits: KmsLimits,
): Promise<KMSClient> {
  if (isKmsClient(kms)) return kms
  const existing = clients.get(kms)
  if (existing !== undefined) return existing
  const { connectionTimeoutMs, requestTimeoutMs } = limits
  const timeouts = {
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
  }
  const created = loadAwsKms().then(({ KMSClient }) => makeClient(KMSClient, kms, timeouts))
  created.catch(() => clients.delete(kms))
  clients.set(kms, created)
  return created
}

function makeClient(
  Client: AwsKms['KMSClient'],
  config: KMSClientConfig,
  timeouts: object,
): KMSClient {
  const { requestHandler } = config
  const isHandler = typeof requestHandler === 'object' && 'handle' in (requestHandler ?? {})
  try {
    const client = new Client({
      ...config,
      requestHandler: isHandler ? requestHandler : { ...timeouts, ...requestHandler },
    })
    const isOwn = (name: string) => !isHandler && !(name in (requestHandler ?? {}))
    ownTimeouts.set(client, Object.keys(timeouts).filter(isOwn))
    return client
  } catch (thrown) {
    // The SDK reads some of it at once, and throws an Error of its own.
    if (thrown instanceof Error && /region/i.test(thrown.message))
      throw new SignerError('AWS_REGION_INVALID', { reason: 'it is empty or no Region name' })
    const reason = 'the AWS client cannot be made of it'
    throw new SignerError('AWS_CONFIG_INVALID', { setting: 'client', reason })
  }
}
