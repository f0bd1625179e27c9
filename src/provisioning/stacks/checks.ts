/** Checks of the options of stacks. @module */

import { SignerError } from '../../errors.ts'
import { assertTimeout } from '../../options.ts'

/** @throws {SignerError} `INVALID_OPTION`. */
export function assertStack(options: {
  readonly name: string
  readonly kind: string
  readonly accountId?: string
  readonly pollMs?: number
  readonly timeoutMs?: number
}): void {
  const { name, kind, accountId, pollMs = 2_000, timeoutMs = 1_800_000 } = options
  if (!matches(/^[A-Za-z][A-Za-z0-9-]{0,127}$/, name))
    throw invalid('name', 'it is not 1 to 128 letters, digits and dashes, the first a letter')
  if (!matches(/^[a-z][a-z-]{0,63}$/, kind))
    throw invalid('kind', 'it is not 1 to 64 small letters and dashes')
  if (accountId !== undefined && !matches(/^\d{12}$/, accountId))
    throw invalid('accountId', 'it is not 12 digits')
  assertTimeout('pollMs', pollMs)
  assertTimeout('timeoutMs', timeoutMs)
}

/** @throws {SignerError} `INVALID_OPTION` unless it is an object of texts. */
export function assertTexts(option: string, value: unknown): void {
  const texts =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === 'string')
  if (!texts) throw invalid(option, 'it is not an object of texts')
}

/** @throws {SignerError} `INVALID_OPTION` unless it is a list of logical ids. */
export function assertNames(option: string, value: unknown): void {
  if (!Array.isArray(value) || !value.every((name) => matches(/^[A-Za-z0-9]{1,255}$/, name)))
    throw invalid(option, 'it is not a list of logical ids')
}

/** @throws {SignerError} `INVALID_OPTION` unless it is a function, or nothing. */
export function assertFunction(option: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function')
    throw invalid(option, 'it is not a function')
}

const matches = (pattern: RegExp, value: unknown) =>
  typeof value === 'string' && pattern.test(value)

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
