/** The calls to Secrets Manager: each bounded in time and in what is read. @module */

import { randomUUID } from 'node:crypto'
import type {
  SecretsManagerClient,
  SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager'
import { withDeadline } from '../../../deadline.ts'
import { isSignerError, SignerError } from '../../../errors.ts'
import { withBoundedReply } from '../../aws/bounded-reply.ts'
import { factsOf } from '../../aws/thrown-facts.ts'
import { READ_BYTES } from '../key-store.ts'
import { storeFault } from './store-fault.ts'

type Sdk = typeof import('@aws-sdk/client-secrets-manager')

/** What a version holds: a record, or that there is none any more. */
type Content = Uint8Array | 'removed'

/** See each function of a store. */
export type SecretCalls = {
  /** @returns False when the name is taken. */
  readonly make: (
    name: string,
    record: Uint8Array,
    signal: AbortSignal | undefined,
  ) => Promise<boolean>
  readonly current: (
    operation: string,
    name: string,
    signal: AbortSignal | undefined,
  ) => Promise<{ readonly record: Content; readonly versionId: string } | undefined>
  /** @returns False when `from` is the current version no more. */
  readonly succeed: (
    operation: string,
    step: { readonly name: string; readonly from: string; readonly to: Content },
    signal: AbortSignal | undefined,
  ) => Promise<boolean>
  readonly list: (
    prefix: string,
    page: { readonly after: string | undefined; readonly limit: number },
    signal: AbortSignal | undefined,
  ) => Promise<{ readonly names: readonly string[]; readonly next?: string }>
}

/** A text, which no record is. */
const REMOVED = '{"fcl-kms":"removed"}'
/** Keeps the version that is laid beside the current one from being taken for none. */
const NEXT = 'fcl-kms-next'
const CURRENT = 'AWSCURRENT'

export function createSecretCalls(options: {
  readonly client: SecretsManagerClient | SecretsManagerClientConfig
  readonly kmsKeyId: string | undefined
  readonly timeoutMs: number
}): SecretCalls {
  const { client: given, kmsKeyId, timeoutMs } = options
  let opening: Promise<{ client: SecretsManagerClient; sdk: Sdk }> | undefined

  function opened() {
    opening ??= open()
    opening.catch(() => {
      opening = undefined
    })
    return opening
  }

  async function open() {
    const sdk = await loadSdk()
    return { sdk, client: isClient(given) ? given : makeClient(sdk, given, timeoutMs) }
  }

  /** @param refused - Names of answers that are none of a fault. */
  async function call<T>(
    operation: string,
    signal: AbortSignal | undefined,
    refused: RegExp,
    send: (client: SecretsManagerClient, sdk: Sdk, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const onTimeout = () => new SignerError('STORE_UNAVAILABLE', { operation, waitedMs: timeoutMs })
    try {
      return await withDeadline({ signal, timeoutMs, onTimeout }, async (abort) => {
        const { client, sdk } = await opened()
        return send(client, sdk, abort)
      })
    } catch (thrown) {
      signal?.throwIfAborted()
      if (isSignerError(thrown)) throw thrown
      const { name } = factsOf(thrown)
      if (refused.test(name)) return undefined
      if (name === 'InvalidRequestException')
        throw new SignerError('STORE_DENIED', { operation, reason: PLANNED })
      throw storeFault(operation, thrown)
    }
  }

  const current: SecretCalls['current'] = async (operation, name, signal) => {
    const reply = await call(operation, signal, MISSING, (client, sdk, abortSignal) =>
      client.send(withBoundedReply(new sdk.GetSecretValueCommand({ SecretId: name })), {
        abortSignal,
      }),
    )
    if (reply === undefined) return undefined
    const { SecretBinary: binary, SecretString: text, VersionId: versionId } = reply
    if (versionId === undefined) throw new SignerError('STORE_ANSWER_INVALID', { operation })
    if (text === REMOVED) return { record: 'removed', versionId }
    // Whatever else it is, it is no record, and whoever reads it says so.
    const bytes = binary ?? new TextEncoder().encode(text ?? '')
    return { record: new Uint8Array(bytes.subarray(0, READ_BYTES)), versionId }
  }

  return {
    current,
    async make(Name, SecretBinary, signal) {
      const key = kmsKeyId === undefined ? {} : { KmsKeyId: kmsKeyId }
      const reply = await call('create', signal, EXISTS, (client, sdk, abortSignal) => {
        const command = new sdk.CreateSecretCommand({ Name, SecretBinary, ...key })
        return client.send(withBoundedReply(command), { abortSignal })
      })
      return reply !== undefined
    },
    async succeed(operation, { name: SecretId, from, to }, signal) {
      const versionId = randomUUID()
      const value = to === 'removed' ? { SecretString: REMOVED } : { SecretBinary: to }
      const version = { SecretId, ClientRequestToken: versionId, VersionStages: [NEXT], ...value }
      const laid = await call(operation, signal, MISSING, (client, sdk, abortSignal) =>
        client.send(withBoundedReply(new sdk.PutSecretValueCommand(version)), { abortSignal }),
      )
      if (laid === undefined) return false
      const step = { MoveToVersionId: versionId, RemoveFromVersionId: from }
      const move = { SecretId, VersionStage: CURRENT, ...step }
      const moved = await call(operation, signal, MOVED, (client, sdk, abortSignal) =>
        client.send(withBoundedReply(new sdk.UpdateSecretVersionStageCommand(move)), {
          abortSignal,
        }),
      )
      if (moved !== undefined) return true
      // Refused the second time, when the client has asked again since the first reply was lost.
      return (await current(operation, SecretId, signal))?.versionId === versionId
    },
    async list(prefix, { after, limit }, signal) {
      const reply = await call('list', signal, NEVER, (client, sdk, abortSignal) => {
        const command = new sdk.ListSecretsCommand({
          MaxResults: Math.min(limit, 100),
          SortOrder: 'asc',
          ...(prefix === '' ? {} : { Filters: [{ Key: 'name', Values: [prefix] }] }),
          ...(after === undefined ? {} : { NextToken: after }),
        })
        return client.send(withBoundedReply(command), { abortSignal })
      })
      const names = (reply?.SecretList ?? []).flatMap(({ Name }) => Name ?? [])
      const next = reply?.NextToken
      return { names, ...(next === undefined || next === '' ? {} : { next }) }
    },
  }
}

/** What the service calls invalid requests, where their form is right. */
const PLANNED =
  'the secret does not allow it as it stands: when its deletion is scheduled, restore it or wait for that'
const MISSING = /^ResourceNotFoundException$/
const EXISTS = /^ResourceExistsException$/
/** The label is on another version by now, or this one is gone. */
const MOVED = /^(InvalidParameterException|ResourceNotFoundException)$/
const NEVER = /^\b$/

async function loadSdk(): Promise<Sdk> {
  try {
    return await import('@aws-sdk/client-secrets-manager')
  } catch (cause) {
    throw new SignerError(
      'AWS_SDK_MISSING',
      { package: '@aws-sdk/client-secrets-manager' },
      { cause },
    )
  }
}

/** By shape: there may be two copies of the SDK. */
const isClient = (
  given: SecretsManagerClient | SecretsManagerClientConfig,
): given is SecretsManagerClient =>
  'send' in given && typeof given.send === 'function' && 'config' in given

/** The SDK by default waits for ever; what the caller has set stays. */
function makeClient(
  { SecretsManagerClient }: Sdk,
  config: SecretsManagerClientConfig,
  timeoutMs: number,
): SecretsManagerClient {
  const { requestHandler } = config
  const isHandler = typeof requestHandler === 'object' && 'handle' in (requestHandler ?? {})
  const timeouts = {
    connectionTimeout: 1_000,
    requestTimeout: Math.min(3_000, timeoutMs),
    throwOnRequestTimeout: true,
  }
  try {
    return new SecretsManagerClient({
      ...config,
      requestHandler: isHandler ? requestHandler : { ...timeouts, ...requestHandler },
    })
  } catch {
    const reason = 'the AWS client cannot be made of it'
    throw new SignerError('AWS_CONFIG_INVALID', { setting: 'client', reason })
  }
}
