/** Checks of options that several functions here share. @module */

import { isSignerError, SignerError } from '../errors.ts'
import { type AccessNodeOptions, connectAccessNode } from '../flow/access-node.ts'
import type { NodeConnection } from '../flow/http.ts'

/** @throws {SignerError} `INVALID_OPTION` unless it is an object. */
export function assertClient(client: unknown): void {
  if (typeof client !== 'object' || client === null)
    throw invalid('client', 'it is neither a KMSClient nor the configuration of one')
}

/** @throws {SignerError} `INVALID_OPTION`. */
export function connect(accessNode: string | AccessNodeOptions): NodeConnection {
  return connectAccessNode(typeof accessNode === 'string' ? { url: accessNode } : accessNode)
}

/** @throws {SignerError} `INVALID_OPTION` for anything but an object that can sign transactions. */
export function assertAuthorizer(option: string, authorizer: unknown): void {
  const usable =
    typeof authorizer === 'object' &&
    authorizer !== null &&
    'signTransaction' in authorizer &&
    'publicKeys' in authorizer
  if (!usable) throw invalid(option, 'it is not a KmsAuthorizer')
}

/** An `INVALID_OPTION`; the reason must not quote the value. */
export const invalid = (option: string, reason: string): SignerError =>
  new SignerError('INVALID_OPTION', { option, reason })

/** The code of an error of ours, and the name of any other: never its text. */
export function codeOf(thrown: unknown): string {
  if (isSignerError(thrown)) return thrown.code
  return thrown instanceof Error ? thrown.name : 'unknown'
}
