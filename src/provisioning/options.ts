/** Checks of options that several functions here share. @module */

import { isSignerError } from '../errors.ts'
import { invalid } from '../options.ts'

/** @throws {SignerError} `INVALID_OPTION` for anything but an object that can sign transactions. */
export function assertAuthorizer(option: string, authorizer: unknown): void {
  const usable =
    typeof authorizer === 'object' &&
    authorizer !== null &&
    'signTransaction' in authorizer &&
    'publicKeys' in authorizer
  if (!usable) throw invalid(option, 'it is not a KmsAuthorizer')
}

/** The code of an error of ours, and the name of any other: never its text. */
export function codeOf(thrown: unknown): string {
  if (isSignerError(thrown)) return thrown.code
  return thrown instanceof Error ? thrown.name : 'unknown'
}
