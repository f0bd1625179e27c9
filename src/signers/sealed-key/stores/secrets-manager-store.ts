/** Records in AWS Secrets Manager, each a secret whose current version is moved, and never overwritten. @module */

import type {
  SecretsManagerClient,
  SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager'
import { equalBytes } from '../../../crypto/bytes.ts'
import { assertKnownKeys, assertTimeout, invalid } from '../../../options.ts'
import type { SealedKeyStore } from '../key-store.ts'
import { nameOfWallet, walletOfName } from '../wallet-id.ts'
import { createSecretCalls, type SecretCalls } from './secrets-manager-calls.ts'

/** Where the secrets are. */
export type SecretsManagerKeyStoreOptions = {
  /** A client of yours, or the configuration of one. */
  readonly client: SecretsManagerClient | SecretsManagerClientConfig
  /** In front of each secret's name. Default `sealed-keys/`. */
  readonly prefix?: string
  /** The KMS key that Secrets Manager encrypts new secrets with. Default: AWS's own of this service. */
  readonly kmsKeyId?: string
  /** Milliseconds for each step, the retries of the client among them. Default 10,000. */
  readonly timeoutMs?: number
}

/**
 * Needs `secretsmanager:CreateSecret`, `GetSecretValue`, `PutSecretValue`, `UpdateSecretVersionStage` on the
 * secrets of its prefix, and `ListSecrets`; no right to delete. A secret is made only where there is none of
 * its name. Secrets Manager has no conditional write: a new version is laid beside the current one, and
 * `AWSCURRENT` moved to it from the version that was read, which AWS does only while it is there.
 *
 * What is removed leaves an empty version, and its name is taken up again by `create`: a deletion could not
 * be bound to what was read. A secret that somebody has scheduled for deletion is `STORE_DENIED`, not
 * missing. Makes no call itself.
 *
 * @throws {SignerError} `INVALID_OPTION`. Each function rejects with `STORE_DENIED`,
 * `STORE_UNAVAILABLE`, `STORE_ANSWER_INVALID` or `AWS_SDK_MISSING`.
 */
export function createSecretsManagerKeyStore(
  options: SecretsManagerKeyStoreOptions,
): SealedKeyStore {
  assertKnownKeys(options, ['client', 'prefix', 'kmsKeyId', 'timeoutMs'])
  const { client, prefix = 'sealed-keys/', kmsKeyId, timeoutMs = 10_000 } = options
  if (typeof client !== 'object' || client === null)
    throw invalid('client', 'it is neither a SecretsManagerClient nor the configuration of one')
  if (typeof prefix !== 'string' || !/^[A-Za-z0-9/_+=.@-]{0,200}$/.test(prefix))
    throw invalid('prefix', 'it is not at most 200 letters, digits and / _ + = . @ -')
  if (kmsKeyId !== undefined && (typeof kmsKeyId !== 'string' || kmsKeyId === ''))
    throw invalid('kmsKeyId', 'it is not the name of a key')
  assertTimeout('timeoutMs', timeoutMs)
  const calls = createSecretCalls({ client, kmsKeyId, timeoutMs })
  const nameOf = (id: string) => `${prefix}${nameOfWallet(id)}`

  return Object.freeze({
    async create(id, record, { signal } = {}) {
      const name = nameOf(id)
      if (await calls.make(name, record, signal)) return true
      const found = await calls.current('create', name, signal)
      if (found?.record !== 'removed') return false
      return calls.succeed('create', { name, from: found.versionId, to: record }, signal)
    },

    async read(id, { signal } = {}) {
      const found = await calls.current('read', nameOf(id), signal)
      return found === undefined || found.record === 'removed' ? undefined : found.record
    },

    async list({ after, limit, signal }) {
      const { names, next } = await calls.list(prefix, { after, limit }, signal)
      const ids = names
        .filter((name) => name.startsWith(prefix))
        .map((name) => walletOfName(name.slice(prefix.length)))
      return { ids: ids.filter((id) => id !== undefined), ...(next !== undefined && { next }) }
    },

    replace: (id, expected, next, { signal } = {}) =>
      replaceCurrent(calls, { name: nameOf(id), expected, next }, signal),
  } satisfies SealedKeyStore)
}

async function replaceCurrent(
  calls: SecretCalls,
  step: {
    readonly name: string
    readonly expected: Uint8Array
    readonly next: Uint8Array | undefined
  },
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { name, expected, next } = step
  const found = await calls.current('replace', name, signal)
  if (found === undefined || found.record === 'removed') return false
  if (!equalBytes(found.record, expected)) return false
  return calls.succeed('replace', { name, from: found.versionId, to: next ?? 'removed' }, signal)
}
