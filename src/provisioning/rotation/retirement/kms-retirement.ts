/** How an old signing key in AWS KMS ends. @module */

import { ALIAS } from '../../../kms-key-id.ts'
import { assertKnownKeys, invalid } from '../../../options.ts'
import { assertKms } from '../../../signers/aws-kms/client.ts'
import { kmsLimits } from '../../../signers/aws-kms/limits.ts'
import { listTags, readAccountTags } from '../../keys/account-tags.ts'
import { type KmsOptions, type KmsSession, openKms } from '../../keys/kms-session.ts'
import type { KeyRetirement } from '../types.ts'
import { type AccountOptions, accountsOf, accountThatHas } from './account-uses.ts'
import { moveAlias } from './alias.ts'
import { disableKey, type Ending, keyUnused, removeKey } from './ending.ts'
import { assertKeyArn, type KeyState, readPublicKey } from './own-key.ts'
import { moveAccountTag } from './tags.ts'
import { assertTrail, type Trail } from './trail-use.ts'
import { pendingWindow, unusedDays, type WaitingOptions } from './waiting.ts'

/** Options of `kmsRetirement`. */
export type KmsRetirementOptions = Omit<KmsOptions, 'signal'> &
  AccountOptions &
  WaitingOptions & {
    /** The ARN of the old key. */
    readonly keyId: string
    /**
     * The old public key: 128 lower-case hexadecimal digits. KMS may not tell that of a key that is
     * disabled, and without it no account can be asked, so that the key would never be deleted.
     */
    readonly publicKey?: string
    /** `alias/name`, which goes to the new key. None by default. */
    readonly alias?: string
    /** Days that a deletion waits, 7 to 30. Default 30. */
    readonly pendingWindowInDays?: number
    /**
     * A CloudTrail client of the key's Region, or the configuration of one. It tells who still asks for
     * the key once it is disabled, which GetKeyLastUsage does not.
     */
    readonly trail?: Trail
  }

/**
 * Moves an alias and the account's tags to the new key, disables the old one, waits until it was unused
 * for `unusedForDays`, and schedules its deletion. Each part looks first at what is there, can be run
 * again, and says what it did. The key is left while an account of its tags or of `addresses` has it
 * unrevoked, while a tag names an account of another chain, and while its use is recent or not told.
 *
 * Needs, on the old key, `kms:DescribeKey`, `kms:GetPublicKey`, `kms:ListResourceTags`,
 * `kms:UntagResource`, `kms:DisableKey`, `kms:GetKeyLastUsage` and `kms:ScheduleKeyDeletion`; on the new
 * one `kms:TagResource`; `kms:UpdateAlias` on the alias and both; `cloudtrail:LookupEvents` with `trail`:
 * `rotationPolicy`. Makes no call itself.
 *
 * @returns `disable` and `remove` reject with `KEY_STILL_USED`, `moveAlias` with `ALIAS_FOREIGN`; all with
 * the codes of KMS, of access nodes and of CloudTrail.
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`, `INVALID_ADDRESS`.
 */
export function kmsRetirement(options: KmsRetirementOptions): KeyRetirement {
  assertKnownKeys(options, [
    ...['client', 'limits', 'keyId', 'publicKey', 'alias', 'unusedForDays', 'pendingWindowInDays'],
    ...['accessNode', 'chainId', 'addresses', 'trail'],
  ])
  const { client, keyId: keyArn, publicKey, alias, trail } = options
  assertKms(client)
  const limits = kmsLimits(options.limits ?? {})
  assertKeyArn(keyArn)
  const isKey = typeof publicKey === 'string' && /^[0-9a-f]{128}$/.test(publicKey)
  if (publicKey !== undefined && !isKey)
    throw invalid('publicKey', 'it is not 128 lower-case hexadecimal digits')
  if (alias !== undefined && !(typeof alias === 'string' && ALIAS.test(alias)))
    throw invalid('alias', 'it is not alias/ and 1 to 250 letters, digits, slashes, _ or -')
  assertTrail(trail)
  const accounts = accountsOf(options)

  async function stillNamed(kms: KmsSession, state: KeyState): Promise<string | undefined> {
    const key = await readPublicKey(kms, keyArn, state, publicKey)
    if (key === undefined)
      return 'KMS does not tell the public key of a key in this state, so no account can be asked: pass it as publicKey'
    const tagged = readAccountTags(await listTags(kms, keyArn))
    return accountThatHas(accounts, { key, tagged, signal: kms.signal })
  }

  const open = (signal: AbortSignal | undefined) =>
    openKms({ client, limits, ...(signal === undefined ? {} : { signal }) })
  const ending: Ending = {
    keyArn,
    operations: ['Sign'],
    unusedForDays: unusedDays(options),
    pendingWindowInDays: pendingWindow(options.pendingWindowInDays),
    trail,
    open,
    stillNamed,
  }

  return Object.freeze({
    kind: 'aws-kms',
    reference: keyArn,
    ...(alias !== undefined && {
      async moveAlias(to) {
        const kms = await open(to.signal)
        return moveAlias(kms, { alias, oldArn: keyArn, newReference: to.reference })
      },
    }),
    async tagAccount(facts) {
      return moveAccountTag(await open(facts.signal), { keyArn, publicKey, accounts }, facts)
    },
    disable: (check) => disableKey(ending, check),
    unused: (check) => keyUnused(ending, check),
    remove: (check) => removeKey(ending, check),
  } satisfies KeyRetirement)
}
