/** Checks of options that several stacks share. @module */

import { parseKmsKeyId } from '../kms-key-id.ts'
import { invalid } from '../options.ts'
import { parseRoleArn, type RolePlace } from './policies/policy-document.ts'

/** @throws {SignerError} `INVALID_OPTION` for anything but 1 to 32 letters, digits and hyphens. */
export function assertEnvironment(environment: string): void {
  if (typeof environment !== 'string' || !/^[a-z][a-z0-9-]{0,31}$/.test(environment))
    throw invalid('environment', 'it is not 1 to 32 lower-case letters, digits and hyphens')
}

/** @throws {SignerError} `INVALID_OPTION` for anything but a text of that form. */
export function assertText(option: string, value: unknown, form: RegExp, what: string): void {
  if (typeof value !== 'string' || !form.test(value)) throw invalid(option, `it is not ${what}`)
}

/** @throws {SignerError} `INVALID_OPTION` for anything but a list without repetition. */
export function assertTexts(option: string, values: unknown, form: RegExp, what: string): void {
  if (!Array.isArray(values) || values.length === 0)
    throw invalid(option, `it is not a list of at least one: ${what}`)
  for (const value of values) assertText(option, value, form, what)
  if (new Set(values).size !== values.length) throw invalid(option, 'one of them is given twice')
}

/** @throws {SignerError} `INVALID_OPTION` for anything but a whole number in the range. */
export function assertWhole(option: string, value: unknown, from: number, to: number): void {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < from || value > to)
    throw invalid(option, `it is not a whole number from ${from} to ${to}`)
}

/** @throws {SignerError} `INVALID_OPTION` for anything but a boolean. */
export function assertBoolean(option: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalid(option, 'it is neither true nor false')
}

/** @throws {SignerError} `INVALID_OPTION` for anything but role ARNs of one partition. */
export function assertRoles(option: string, roleArns: unknown, partition: string): void {
  if (!Array.isArray(roleArns) || roleArns.length === 0)
    throw invalid(option, 'it is not a list of at least one role ARN')
  for (const roleArn of roleArns)
    assertPartition(option, parseRoleArn(option, roleArn).partition, partition)
  if (new Set(roleArns).size !== roleArns.length) throw invalid(option, 'a role is given twice')
}

/** No ARN leads into another partition. @throws {SignerError} `INVALID_OPTION`. */
export function assertPartition(option: string, found: string, expected: string): void {
  if (found !== expected)
    throw invalid(option, `it is of the partition ${found}, and the stack of ${expected}`)
}

/** @throws {SignerError} `INVALID_OPTION` for another partition or account. */
export function assertAccountOf(option: string, found: RolePlace, expected: RolePlace): void {
  assertPartition(option, found.partition, expected.partition)
  if (found.accountId !== expected.accountId)
    throw invalid(option, `it is of the account ${found.accountId}, not of ${expected.accountId}`)
}

/** Where a key is. */
export type KeyPlace = RolePlace & { readonly region: string }

/** @throws {SignerError} `INVALID_OPTION` for a name, `INVALID_KEY_ID` for what is none at all. */
export function placeOfKey(option: string, keyArn: string): KeyPlace {
  if (parseKmsKeyId(keyArn).keyArn === undefined) throw invalid(option, 'it is not a key ARN')
  const [, partition = '', , region = '', accountId = ''] = keyArn.split(':')
  assertRegions(option, [region], partition)
  return { partition, region, accountId }
}

/**
 * @returns Where all of these keys are.
 * @throws {SignerError} `INVALID_OPTION`, also for several places; `INVALID_KEY_ID`.
 */
export function placeOfKeys(option: string, keyArns: readonly string[]): KeyPlace {
  assertTexts(option, keyArns, /^arn:/, 'key ARNs')
  const [place, ...others] = keyArns.map((keyArn) => placeOfKey(option, keyArn))
  if (place === undefined) throw invalid(option, 'it is empty')
  for (const other of others) {
    assertAccountOf(option, other, place)
    if (other.region !== place.region)
      throw invalid(option, 'they are of several Regions: make a stack for each')
  }
  return place
}

/** 1 to 64 characters of IAM. */
export const ROLE_NAME: RegExp = /^[\w+=,.@-]{1,64}$/
export const REGION: RegExp = /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/

/** @throws {SignerError} `INVALID_OPTION` for a Region that is not of this partition. */
export function assertRegions(option: string, regions: readonly string[], partition: string): void {
  for (const region of regions) {
    const expected = partitionOfRegion(region)
    if (expected !== partition)
      throw invalid(
        option,
        `the Region ${region} is of the partition ${expected}, not ${partition}`,
      )
  }
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
function partitionOfRegion(region: string): string {
  const [, apart, isolated] = /^(?:(cn|us-gov|eusc)|[a-z]{2}-iso([a-z]?))-/.exec(region) ?? []
  if (apart !== undefined) return `aws-${apart}`
  if (isolated === undefined) return 'aws'
  return isolated === '' ? 'aws-iso' : `aws-iso-${isolated}`
}

/** The days that CloudWatch Logs knows. */
const RETENTION = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192]

/** @throws {SignerError} `INVALID_OPTION` for days that CloudWatch Logs does not know. */
export function assertRetention(days: number): void {
  if (!RETENTION.includes(days))
    throw invalid('logRetentionDays', `it is none of ${RETENTION.join(', ')}`)
}

/** The last part of a role's ARN. */
export const nameOfRole = (roleArn: string): string => roleArn.slice(roleArn.lastIndexOf('/') + 1)
