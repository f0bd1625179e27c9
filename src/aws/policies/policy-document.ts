/** What the policies here are made of, and the ARNs that may stand in them. @module */

import { SignerError } from '../../errors.ts'
import { parseKmsKeyId } from '../../kms-key-id.ts'
import { invalid } from '../../options.ts'

/** One statement; of several actions or resources the order means nothing. */
export type PolicyStatement = {
  readonly Sid: string
  readonly Effect: 'Allow' | 'Deny'
  /** Only in key policies. `*` is everybody, and stands only in a Deny. */
  readonly Principal?: '*' | { readonly AWS: string }
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
  /** Operator, condition key, value: all of them must hold. */
  readonly Condition?: Readonly<
    Record<string, Readonly<Record<string, string | readonly string[]>>>
  >
}

/** A policy as AWS takes it, by `JSON.stringify`. */
export type PolicyDocument = {
  readonly Version: '2012-10-17'
  readonly Statement: readonly PolicyStatement[]
}

/** What every signature of this package asks KMS for: 32 bytes, already hashed. */
export const digestOnly = {
  'kms:MessageType': 'DIGEST',
  'kms:SigningAlgorithm': 'ECDSA_SHA_256',
} as const

/** @returns The statements as a document that nobody can change. */
export function policyDocument(statements: readonly PolicyStatement[]): PolicyDocument {
  return deepFreeze({ Version: '2012-10-17', Statement: statements })
}

/** Plain data without circles. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze)
  return Object.freeze(value)
}

/**
 * Aliases are refused: in a policy they name the alias, and allow nothing on its key.
 *
 * @returns The same ARNs.
 * @throws {SignerError} `INVALID_OPTION` for none, one twice or several partitions, `INVALID_KEY_ID` for anything but
 * the ARN of one key.
 */
export function checkedKeyArns(keyArns: readonly string[]): readonly string[] {
  if (!Array.isArray(keyArns) || keyArns.length === 0)
    throw invalid('keyArns', 'it is not a list of at least one key ARN')
  for (const keyArn of keyArns)
    if (parseKmsKeyId(keyArn).keyArn === undefined) {
      const reason = 'it is not a key ARN; a policy names keys neither by id nor by alias'
      throw new SignerError('INVALID_KEY_ID', { reason })
    }
  if (new Set(keyArns).size !== keyArns.length) throw invalid('keyArns', 'a key is given twice')
  if (new Set(keyArns.map((keyArn) => keyArn.split(':')[1])).size > 1)
    throw invalid('keyArns', 'they are of several partitions, and no account has keys of two')
  return [...keyArns]
}

const PARTITION = /^aws[a-z-]{0,32}$/
/** No wildcard, no policy variable: every character stands for itself. */
const ROLE_ARN =
  /^arn:(?<partition>aws[a-z-]{0,32}):iam::(?<accountId>\d{12}):role\/(?:[\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/
/** A path has at most 512 characters. */
const MAX_ROLE_ARN = 640

/** Where a role lives. */
export type RolePlace = { readonly partition: string; readonly accountId: string }

/** @throws {SignerError} `INVALID_OPTION` for anything but the ARN of one IAM role. */
export function parseRoleArn(option: string, roleArn: string): RolePlace {
  const short = typeof roleArn === 'string' && roleArn.length <= MAX_ROLE_ARN
  const { partition, accountId } = (short && ROLE_ARN.exec(roleArn)?.groups) || {}
  if (partition === undefined || accountId === undefined)
    throw invalid(option, 'it is not arn:<partition>:iam::<account>:role/<name>, without wildcards')
  return { partition, accountId }
}

/** @throws {SignerError} `INVALID_OPTION` for anything but 12 digits and a partition's name. */
export function assertAccount(accountId: string, partition: string): void {
  if (typeof accountId !== 'string' || !/^\d{12}$/.test(accountId))
    throw invalid('accountId', 'it is not a text of 12 digits')
  if (typeof partition !== 'string' || !PARTITION.test(partition))
    throw invalid('partition', 'it is not aws, aws-cn, aws-us-gov or another name like these')
}

/** @throws {SignerError} `INVALID_OPTION` for anything but a boolean. */
export function assertDescribe(describe: boolean): void {
  if (typeof describe !== 'boolean') throw invalid('describe', 'it is neither true nor false')
}

/** @returns The one text of a list of one, as people write it, or else the list. */
export function oneOrAll(texts: readonly string[]): string | readonly string[] {
  const [only, ...others] = texts
  return only !== undefined && others.length === 0 ? only : texts
}
