/** Mistakes in the configuration of a client, found before anything is sent. @module */

import type { KMSClient } from '@aws-sdk/client-kms'
import { withDeadline } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { readCredentialFailure, slowCredentials } from './credential-failures.ts'

/** A client of the AWS SDK, of whichever service, as far as it is read here. */
type PlacedClient = {
  readonly config: Pick<
    KMSClient['config'],
    'region' | 'endpoint' | 'isCustomEndpoint' | 'useFipsEndpoint' | 'useDualstackEndpoint'
  >
}

const checked = new WeakSet<PlacedClient>()

/** How long providers of Region, endpoint and credentials may take. */
export type ConfigurationBound = {
  /** Milliseconds that are left, asked before each of them. */
  readonly leftMs: () => number
  readonly signal?: AbortSignal | undefined
}

/**
 * Looks at Region, endpoint and credentials as the client will use them, and waits for none of them
 * any longer than there is time.
 *
 * @returns Nothing: the credentials stay in the client, which remembers them until they expire.
 * @throws {SignerError} `AWS_REGION_INVALID`, `AWS_CONFIG_INVALID`, `KMS_CREDENTIALS_MISSING`,
 * `KMS_CREDENTIALS_INVALID`, `KMS_CREDENTIALS_UNAVAILABLE`.
 */
export async function assertConfiguration(
  client: KMSClient,
  keyId: string,
  bound: ConfigurationBound,
): Promise<void> {
  await assertPlace(client, bound)
  const { signal } = bound
  const onTimeout = () => slowCredentials(client.config, keyId)
  if (typeof client.config.credentials === 'function')
    await withDeadline({ signal, timeoutMs: bound.leftMs(), onTimeout }, () =>
      readCredentials(client, keyId),
    )
}

/**
 * Looks at Region and endpoint as the client will use them; what was good is not looked at again.
 *
 * @throws {SignerError} `AWS_REGION_INVALID`, `AWS_CONFIG_INVALID`.
 */
export async function assertPlace(client: PlacedClient, bound: ConfigurationBound): Promise<void> {
  if (checked.has(client)) return
  await clientRegion(client, bound)
  const { leftMs, signal } = bound
  const onTimeout = () => invalid('endpoint', 'its provider did not answer in time')
  await withDeadline({ signal, timeoutMs: leftMs(), onTimeout }, () => assertEndpoint(client))
  checked.add(client)
}

/**
 * @returns The Region the client will call.
 * @throws {SignerError} `AWS_REGION_INVALID` when none or none that can be is configured, or its
 * provider does not answer in time.
 */
export async function clientRegion(
  client: PlacedClient,
  { leftMs, signal }: ConfigurationBound,
): Promise<string> {
  const fault = (reason: string) => new SignerError('AWS_REGION_INVALID', { reason })
  const onTimeout = () => fault('its provider did not answer in time')
  // A client may be anything that has `send` and `config`.
  const read = async (): Promise<unknown> => client.config.region()
  const found = await withDeadline({ signal, timeoutMs: leftMs(), onTimeout }, () =>
    read().catch(() => undefined),
  )
  if (typeof found !== 'string' || found === '')
    throw fault('none is configured, or it is not a Region name')
  return found
}

async function assertEndpoint({ config }: PlacedClient): Promise<void> {
  if (config.endpoint === undefined) return // one of AWS
  // An empty one counts as none for the SDK, which would then call AWS itself.
  if (config.isCustomEndpoint === false) throw invalid('endpoint', 'it is empty')
  const read = async () => config.endpoint?.()
  const endpoint = await read().catch(() => undefined)
  if (endpoint === undefined || !/^https?:$/.test(endpoint.protocol) || endpoint.hostname === '')
    throw invalid('endpoint', 'it is not an http or https URL')
  if (await config.useFipsEndpoint?.())
    throw invalid('useFipsEndpoint', 'it cannot go with an endpoint of your own')
  if (await config.useDualstackEndpoint?.())
    throw invalid('useDualstackEndpoint', 'it cannot go with an endpoint of your own')
}

/**
 * @returns The credentials as the client will use them. Not to be kept, shown or logged.
 * @throws {SignerError} `AWS_CONFIG_INVALID` and the `KMS_CREDENTIALS_…` codes.
 */
export async function readCredentials(
  { config }: KMSClient,
  keyId: string,
): Promise<Readonly<Record<string, unknown>>> {
  let found: unknown
  try {
    found = await config.credentials()
    // The SDK remembers what has no expiry for good; a provider may know better by now.
    if (credentialFault(found) !== undefined)
      found = await config.credentials({ forceRefresh: true })
  } catch (thrown) {
    throw isSignerError(thrown) ? thrown : readCredentialFailure(thrown, config, keyId)
  }
  const fault = credentialFault(found)
  if (fault !== undefined) throw invalid('credentials', fault)
  return found as Readonly<Record<string, unknown>> // an object, as was just checked
}

/** Both go into a header as they are, and the secret into a hash. */
const PRINTABLE = /^[\x21-\x7e]+$/

/** @returns What is wrong with them, in words; undefined when nothing is. */
export function credentialFault(found: unknown): string | undefined {
  if (typeof found !== 'object' || found === null) return 'they are not an object'
  const fields: Record<string, unknown> = { ...found }
  const { accessKeyId, secretAccessKey, sessionToken } = fields
  for (const [name, value] of Object.entries({ accessKeyId, secretAccessKey })) {
    if (typeof value !== 'string' || value === '') return `${name} is missing or empty`
    if (!PRINTABLE.test(value)) return `${name} holds a space or a line feed`
  }
  if (sessionToken === undefined || sessionToken === null || sessionToken === '') return undefined
  return typeof sessionToken === 'string' && PRINTABLE.test(sessionToken)
    ? undefined
    : 'sessionToken holds a space or a line feed'
}

const invalid = (setting: string, reason: string) =>
  new SignerError('AWS_CONFIG_INVALID', { setting, reason })
