/** How a symmetric KMS key ends, under which sealed keys were. @module */

import { assertKnownKeys, invalid } from '../../../options.ts'
import { assertKms } from '../../../signers/aws-kms/client.ts'
import { kmsLimits } from '../../../signers/aws-kms/limits.ts'
import type { SealedKeys } from '../../../signers/sealed-key/sealed-keys.ts'
import { type KmsOptions, type KmsSession, openKms } from '../../keys/kms-session.ts'
import type { KeyRetirement } from '../types.ts'
import { assertSealedKeys } from '../vaults/sealed-key-vault.ts'
import { disableKey, type Ending, keyUnused, removeKey } from './ending.ts'
import { assertKeyArn } from './own-key.ts'
import { countRecords, recordThatNeeds } from './records-under.ts'
import { assertTrail, type Trail } from './trail-use.ts'
import { pendingWindow, unusedDays, type WaitingOptions } from './waiting.ts'

/** Options of `wrappingKeyRetirement`. */
export type WrappingKeyRetirementOptions = Omit<KmsOptions, 'signal'> &
  WaitingOptions & {
    /** The ARN of the old key. */
    readonly keyId: string
    /** Of every store that may have records under it. */
    readonly keys: SealedKeys | readonly SealedKeys[]
    /** Days that a deletion waits, 7 to 30. Default 30. */
    readonly pendingWindowInDays?: number
    /** A CloudTrail client of the key's Region, or the configuration of one. */
    readonly trail?: Trail
  }

/** What sealed keys ask of such a key; others may use it in other ways. */
const OPERATIONS = [
  'Decrypt',
  'GenerateDataKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'Encrypt',
  'ReEncrypt',
]

/**
 * Disables the old key and schedules its deletion, as `kmsRetirement` does; what holds it back are records
 * that are under it, and records that cannot be read. Copies that a store keeps of old records (versions
 * of a bucket, backups) open with the old key only: once it is gone, with none. Makes no call itself.
 *
 * Needs `kms:DescribeKey`, `kms:DisableKey`, `kms:GetKeyLastUsage` and `kms:ScheduleKeyDeletion` on it;
 * `cloudtrail:LookupEvents` with `trail`.
 *
 * @returns `disable` and `remove` reject with `KEY_STILL_USED`; all with the codes of KMS, of stores and
 * of CloudTrail.
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`.
 */
export function wrappingKeyRetirement(options: WrappingKeyRetirementOptions): KeyRetirement {
  assertKnownKeys(options, [
    ...['client', 'limits', 'keyId', 'keys', 'unusedForDays', 'pendingWindowInDays', 'trail'],
  ])
  const { client, keyId: keyArn, keys, trail } = options
  assertKms(client)
  const limits = kmsLimits(options.limits ?? {})
  assertKeyArn(keyArn)
  assertTrail(trail)
  const stores: readonly SealedKeys[] = Array.isArray(keys) ? [...keys] : [keys]
  if (stores.length === 0) throw invalid('keys', 'it names no store')
  stores.forEach(assertSealedKeys)

  async function stillNamed({ signal }: KmsSession): Promise<string | undefined> {
    for (const store of stores) {
      const reason = recordThatNeeds(keyArn, await countRecords(store, signal))
      if (reason !== undefined) return reason
    }
    return undefined
  }

  const ending: Ending = {
    keyArn,
    operations: OPERATIONS,
    unusedForDays: unusedDays(options),
    pendingWindowInDays: pendingWindow(options.pendingWindowInDays),
    trail,
    open: (signal) => openKms({ client, limits, ...(signal === undefined ? {} : { signal }) }),
    stillNamed,
  }
  return Object.freeze({
    kind: 'aws-kms',
    reference: keyArn,
    disable: (check) => disableKey(ending, check),
    unused: (check) => keyUnused(ending, check),
    remove: (check) => removeKey(ending, check),
  } satisfies KeyRetirement)
}
