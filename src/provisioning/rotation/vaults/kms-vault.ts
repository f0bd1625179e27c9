/** New keys in AWS KMS, one for each rotation. @module */

import { isSignerError, SignerError } from '../../../errors.ts'
import { assertKnownKeys, assertSignal, invalid } from '../../../options.ts'
import { doubling, retrying } from '../../../retry.ts'
import { createAwsKmsSigner } from '../../../signers/aws-kms/aws-kms-signer.ts'
import { assertKms } from '../../../signers/aws-kms/client.ts'
import { kmsLimits } from '../../../signers/aws-kms/limits.ts'
import { createKey } from '../../keys/create-key.ts'
import { type KeySpec, keyRequest } from '../../keys/key-request.ts'
import { type KmsOptions, type KmsSession, openKms } from '../../keys/kms-session.ts'
import { assertKeyArn } from '../retirement/own-key.ts'
import { tagNewKey } from '../retirement/tags.ts'
import type { RotationVault } from '../types.ts'
import { findTaggedKey, type Search } from './find-tagged-key.ts'
import { assertRotationId, ROTATION_TAG } from './rotation-id.ts'

/** Options of `kmsVault`. */
export type KmsVaultOptions = Omit<KmsOptions, 'signal'> & {
  /**
   * The ARN of a key that was made beforehand: then none is made. No alias, which may name another key
   * tomorrow.
   */
  readonly keyId?: string
  /** Default `ECC_SECG_P256K1`. */
  readonly spec?: KeySpec
  readonly description?: string
  /** Lets replicas be made in other Regions, now or later. Cannot be changed. Default false. */
  readonly multiRegion?: boolean
  /** At most 49, besides `fcl-kms:rotation`, which is the vault's own. */
  readonly tags?: Readonly<Record<string, string>>
  /**
   * What to do when no key has the tag, and the tags of some are denied: one of them may be the key of
   * this rotation. `refuse` makes none; `pass-over` takes them for keys of others, which they are where
   * their key policies keep this caller out: a vault's keys have KMS's default one. Default `refuse`.
   */
  readonly unreadable?: 'refuse' | 'pass-over'
}

/**
 * A vault of KMS keys of one account and Region. Each has the tag `fcl-kms:rotation` from its creation
 * on, by which it is found again: called with the same id, `create` gives the same key. KMS makes its
 * lists within seconds, so a key that was made a moment before a kill can be overlooked; two keys with
 * one tag are told, never chosen from. Makes no call itself.
 *
 * Needs `kms:ListKeys`, `kms:ListResourceTags`, `kms:DescribeKey`, `kms:CreateKey`, `kms:TagResource` and
 * `kms:GetPublicKey`; the signer needs `kms:Sign`.
 *
 * @returns `create` rejects with `KEY_CREATION_UNCERTAIN` where it cannot be told whether the rotation
 * has a key, before it makes one; with `KEY_CREATION_INCOMPLETE` and the `KMS_…` codes.
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function kmsVault(options: KmsVaultOptions): RotationVault {
  assertKnownKeys(options, [
    ...['client', 'limits', 'keyId', 'spec', 'description', 'multiRegion', 'tags', 'unreadable'],
  ])
  const { client, limits, keyId, tags = {}, unreadable = 'refuse' } = options
  assertKms(client)
  const known = kmsLimits(limits ?? {})
  if (unreadable !== 'refuse' && unreadable !== 'pass-over')
    throw invalid('unreadable', 'it is neither refuse nor pass-over')
  keyRequest({ tags })
  if (Object.hasOwn(tags, ROTATION_TAG))
    throw invalid('tags', `it has ${ROTATION_TAG}, which is the vault's own`)
  const wanted = {
    ...pick(options, ['spec', 'description', 'multiRegion']),
    // A value of the same length, so that what is checked here is what will be sent.
    tags: { ...tags, [ROTATION_TAG]: '0'.repeat(16) },
  }
  const { spec } = keyRequest(wanted)
  assertReady(options)
  const open = (reference: string) => createAwsKmsSigner({ ...known, client, keyId: reference })

  return Object.freeze({
    kind: 'aws-kms',
    async create(rotation) {
      assertKnownKeys(rotation, ['id', 'signal'])
      const { id, signal } = rotation
      assertRotationId(id)
      assertSignal(signal)
      const shared = { client, limits: known, ...(signal === undefined ? {} : { signal }) }
      const kms = await openKms(shared)
      if (keyId !== undefined) {
        await open(keyId).publicKey(signal === undefined ? {} : { signal })
        return { reference: keyId }
      }
      const search = { id, spec, passOver: unreadable === 'pass-over' }
      const found = await findTaggedKey(kms, search)
      if (found !== undefined) return { reference: found }
      try {
        const named = { ...wanted, tags: { ...tags, [ROTATION_TAG]: id } }
        return { reference: (await createKey({ ...shared, ...named })).keyArn }
      } catch (thrown) {
        const isUnknown =
          isSignerError(thrown, 'KMS_TIMEOUT') || isSignerError(thrown, 'KMS_UNAVAILABLE')
        if (!isUnknown) throw thrown
        return { reference: await awaitTaggedKey(kms, search, thrown) }
      }
    },
    open,
    async tagAccount(facts) {
      const { signal } = facts
      assertSignal(signal)
      const shared = { client, limits: known, ...(signal === undefined ? {} : { signal }) }
      return tagNewKey(await openKms(shared), facts)
    },
  } satisfies RotationVault)
}

function assertReady({ keyId, spec, description, multiRegion, tags }: KmsVaultOptions): void {
  if (keyId === undefined) return
  assertKeyArn(keyId)
  const made = Object.entries({ spec, description, multiRegion, tags })
  const [other] = made.find(([, value]) => value !== undefined) ?? []
  if (other !== undefined)
    throw invalid(other, 'it is of a key that is made: leave it or keyId out')
}

/** After an answer that was lost: what was made shows within seconds. */
async function awaitTaggedKey(kms: KmsSession, search: Search, lost: Error): Promise<string> {
  const reason = 'KMS did not answer, and no key of it has shown yet: run it again in a minute'
  const unseen = new SignerError(
    'KEY_CREATION_UNCERTAIN',
    { id: search.id, reason },
    { cause: lost },
  )
  const { totalTimeoutMs } = kms.limits
  return retrying(
    {
      totalTimeoutMs,
      signal: kms.signal,
      pauseMs: (thrown, attempts) =>
        thrown === unseen ? doubling(200, 2_000, attempts) : undefined,
      finalError: (thrown) => thrown,
    },
    async () => {
      const found = await findTaggedKey(kms, search)
      if (found === undefined) throw unseen
      return found
    },
  )
}

/** Those options that are there: one that is absent is not `undefined`. */
function pick<T extends object, K extends keyof T>(options: T, names: readonly K[]): Pick<T, K> {
  const entries = names.filter((name) => options[name] !== undefined).map((n) => [n, options[n]])
  return Object.fromEntries(entries) as Pick<T, K> // the same names and values
}
