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
    if (parseRoleArn(option, roleArn).partition !== partition)
      throw invalid(option, 'it is of another partition')
  if (new Set(roleArns).size !== roleArns.length) throw invalid(option, 'a role is given twice')
}

/** Where a key is. */
export type KeyPlace = RolePlace & { readonly region: string }

/** @throws {SignerError} `INVALID_OPTION` for a name, `INVALID_KEY_ID` for what is none at all. */
export function placeOfKey(option: string, keyArn: string): KeyPlace {
  if (parseKmsKeyId(keyArn).keyArn === undefined) throw invalid(option, 'it is not a key ARN')
  const [, partition = '', , region = '', accountId = ''] = keyArn.split(':')
  return { partition, region, accountId }
}

/** 1 to 64 characters of IAM. */
export const ROLE_NAME: RegExp = /^[\w+=,.@-]{1,64}$/
export const REGION: RegExp = /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/

/** The days that CloudWatch Logs knows. */
const RETENTION = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192]

/** @throws {SignerError} `INVALID_OPTION` for days that CloudWatch Logs does not know. */
export function assertRetention(days: number): void {
  if (!RETENTION.includes(days))
    throw invalid('logRetentionDays', `it is none of ${RETENTION.join(', ')}`)
}

/** The last part of a role's ARN. */
export const nameOfRole = (roleArn: string): string => roleArn.slice(roleArn.lastIndexOf('/') + 1)
