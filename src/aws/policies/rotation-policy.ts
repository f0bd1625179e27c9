/** The IAM policy of whoever rotates keys: to make one and to end another, but to sign with none. @module */

import { ALIAS } from '../../kms-key-id.ts'
import { assertKnownKeys, invalid } from '../../options.ts'
import { assertWhole } from '../checks.ts'
import {
  checkedKeyArns,
  oneOrAll,
  type PolicyDocument,
  type PolicyStatement,
  policyDocument,
} from './policy-document.ts'

/** Options of `rotationPolicy`. */
export type RotationPolicyOptions = {
  /** Of the keys that are to be replaced, at least one. New keys are made in their accounts and Regions. */
  readonly keyArns: readonly string[]
  /** `alias/name` of each alias that may move, in those accounts and Regions. None by default. */
  readonly aliases?: readonly string[]
  /**
   * Days without use before a deletion, asked of KMS by `kms:TrailingDaysWithoutKeyUsage`; 0 leaves that
   * condition out, for Regions that do not know it. Default 7.
   */
  readonly unusedForDays?: number
  /** Days that a deletion has to wait at least, 7 to 30. Default 30. */
  readonly pendingWindowInDays?: number
}

/** Characters, white space not counted. */
const MAX_POLICY_LENGTH = 6_144
/** A tag with this key has each key that `kmsVault` makes. */
const ROTATION_TAG = 'fcl-kms:rotation'
const tagged = (of: 'RequestTag' | 'ResourceTag') =>
  ({ Null: { [`aws:${of}/${ROTATION_TAG}`]: 'false' } }) as const

/**
 * The IAM policy of a role that runs `kmsVault` and `kmsRetirement`. It makes signing keys that carry the
 * tag of a rotation, and no others; moves the named aliases from the old keys to keys with that tag; takes
 * account tags off the old keys, disables them, and asks for their deletion when they were unused for so
 * many days. **It allows no signature**: the old key's signer signs for the change on the chain, and the new
 * key's for its proof, by policies of their own.
 *
 * Who may make keys with that tag may put it on others of the account too, and an alias on those. Under a
 * key policy of `keyPolicy` this one has no effect on the old key: there its administrator ends it.
 *
 * @returns Frozen plain data.
 * @throws {SignerError} `INVALID_OPTION`, also for more keys than one managed policy can hold;
 * `INVALID_KEY_ID` for anything but a key ARN.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
 */
export function rotationPolicy(options: RotationPolicyOptions): PolicyDocument {
  assertKnownKeys(options, ['keyArns', 'aliases', 'unusedForDays', 'pendingWindowInDays'])
  const { unusedForDays = 7, pendingWindowInDays = 30 } = options
  const keyArns = checkedKeyArns(options.keyArns)
  const aliases = checkedAliases(options.aliases ?? [])
  assertWhole('unusedForDays', unusedForDays, 0, 365)
  assertWhole('pendingWindowInDays', pendingWindowInDays, 7, 30)
  const places = [...new Set(keyArns.map((keyArn) => keyArn.replace(/:key\/.*$/, '')))]
  const document = policyDocument([
    ...making(places),
    ...moving(places, keyArns, aliases),
    ...ending(keyArns, { unusedForDays, pendingWindowInDays }),
    {
      Sid: 'LookWhoUsesThem',
      Effect: 'Allow',
      Action: ['kms:ListKeys', 'cloudtrail:LookupEvents'],
      Resource: '*',
    },
  ])
  if (JSON.stringify(document).length > MAX_POLICY_LENGTH)
    throw invalid('keyArns', `a policy of them has more than ${MAX_POLICY_LENGTH} characters`)
  return document
}

const anyKeyOf = (places: readonly string[]) => oneOrAll(places.map((place) => `${place}:key/*`))

const making = (places: readonly string[]): readonly PolicyStatement[] => [
  {
    Sid: 'MakeTheNewKey',
    Effect: 'Allow',
    Action: 'kms:CreateKey',
    Resource: '*', // a key that is yet to be made has no ARN
    Condition: {
      StringEquals: {
        'kms:KeySpec': ['ECC_SECG_P256K1', 'ECC_NIST_P256'],
        'kms:KeyUsage': 'SIGN_VERIFY',
      },
      ...tagged('RequestTag'),
    },
  },
  {
    Sid: 'TagItWhileItIsMade',
    Effect: 'Allow',
    Action: 'kms:TagResource',
    Resource: anyKeyOf(places),
    Condition: tagged('RequestTag'),
  },
  {
    Sid: 'TagItWithItsAccount',
    Effect: 'Allow',
    Action: 'kms:TagResource',
    Resource: anyKeyOf(places),
    Condition: tagged('ResourceTag'),
  },
  {
    Sid: 'FindTheKeys',
    Effect: 'Allow',
    Action: ['kms:DescribeKey', 'kms:GetPublicKey', 'kms:ListResourceTags'],
    Resource: anyKeyOf(places),
  },
]

const moving = (
  places: readonly string[],
  keyArns: readonly string[],
  aliases: readonly string[],
): readonly PolicyStatement[] =>
  aliases.length === 0
    ? []
    : [
        {
          Sid: 'MoveTheAliasFromTheOldKey',
          Effect: 'Allow',
          Action: 'kms:UpdateAlias',
          Resource: [
            ...places.flatMap((place) => aliases.map((alias) => `${place}:${alias}`)),
            ...keyArns,
          ],
        },
        {
          Sid: 'MoveTheAliasToTheNewKey',
          Effect: 'Allow',
          Action: 'kms:UpdateAlias',
          Resource: anyKeyOf(places),
          Condition: tagged('ResourceTag'),
        },
      ]

const ending = (
  keyArns: readonly string[],
  days: Required<Pick<RotationPolicyOptions, 'unusedForDays' | 'pendingWindowInDays'>>,
): readonly PolicyStatement[] => [
  {
    Sid: 'TakeAccountsOffTheOldKey',
    Effect: 'Allow',
    Action: 'kms:UntagResource',
    Resource: oneOrAll(keyArns),
    // Each of them: no other tag goes with it.
    Condition: { 'ForAllValues:StringLike': { 'aws:TagKeys': 'fcl-kms:account:*' } },
  },
  {
    // At once after the change on the chain, so its last use is not asked here.
    Sid: 'DisableTheOldKey',
    Effect: 'Allow',
    Action: ['kms:DisableKey', 'kms:GetKeyLastUsage'],
    Resource: oneOrAll(keyArns),
  },
  {
    Sid: 'DeleteTheOldKey',
    Effect: 'Allow',
    Action: 'kms:ScheduleKeyDeletion',
    Resource: oneOrAll(keyArns),
    Condition: {
      NumericGreaterThanEquals: {
        'kms:ScheduleKeyDeletionPendingWindowInDays': String(days.pendingWindowInDays),
        ...(days.unusedForDays > 0 && {
          'kms:TrailingDaysWithoutKeyUsage': String(days.unusedForDays),
        }),
      },
    },
  },
]

function checkedAliases(aliases: readonly string[]): readonly string[] {
  if (!Array.isArray(aliases) || aliases.some((one) => typeof one !== 'string' || !ALIAS.test(one)))
    throw invalid('aliases', 'it is not a list of alias/ and 1 to 250 letters, digits, /, _ or -')
  return [...new Set(aliases)]
}
