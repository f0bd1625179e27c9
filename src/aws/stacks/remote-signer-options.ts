/** Options of the stack `remote-signer`, checked. @module */

import { assertKnownKeys, invalid } from '../../options.ts'
import {
  assertAccountOf,
  assertBoolean,
  assertEnvironment,
  assertRetention,
  assertRoles,
  assertText,
  assertWhole,
  type KeyPlace,
  placeOfKey,
} from '../checks.ts'
import { parseRoleArn } from '../policies/policy-document.ts'
import type { Value } from '../template.ts'
import { assertDoor, type Door } from './doors.ts'

/** Options of `remoteSignerStack`: plain JSON. */
export type RemoteSignerOptions = {
  readonly environment: string
  /** 1 to 60 letters, digits, `-` and `_`. Default `fcl-kms-<environment>`. */
  readonly name?: string
  /** The key that it signs with. The stack is of its account, partition and Region. */
  readonly keyArn: string
  /** The role of the stack `signing-keys`, which may sign. Without it the stack makes one. */
  readonly roleArn?: string
  /** The archive of `packRemoteSigner` in a bucket of this Region. */
  readonly code: { readonly bucket: string; readonly key: string; readonly version?: string }
  /** What it may sign, as JSON of at most 3,000 characters. Without it, the archive holds it. */
  readonly document?: { readonly [name: string]: Value }
  /** Roles that may call it, and nobody else by this stack. */
  readonly callerRoleArns: readonly string[]
  /** How it is called. Default by Invoke. */
  readonly door?: Door
  /** Whether a table remembers what was signed under each sequence number. Default false. */
  readonly ledger?: boolean
  /** Default 365. */
  readonly logRetentionDays?: number
  /** Megabytes. Default 512. */
  readonly memoryMb?: number
  /** Seconds. Default 29, which is as long as API Gateway waits. */
  readonly timeoutSeconds?: number
}

const known = [
  'environment',
  'name',
  'keyArn',
  'roleArn',
  'code',
  'document',
  'callerRoleArns',
  'door',
  'ledger',
  'logRetentionDays',
  'memoryMb',
  'timeoutSeconds',
]

/** Options after their check. */
export type ReadySigner = Required<Omit<RemoteSignerOptions, 'roleArn' | 'document'>> & {
  readonly roleArn: string | undefined
  readonly document: RemoteSignerOptions['document']
  readonly place: KeyPlace
}

/** @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`. */
export function readyOf(options: RemoteSignerOptions): ReadySigner {
  assertKnownKeys(options, known)
  const { environment, keyArn, roleArn, code, document, callerRoleArns } = options
  const { door = { kind: 'invoke' }, ledger = false, logRetentionDays = 365 } = options
  const { memoryMb = 512, timeoutSeconds = 29 } = options
  assertEnvironment(environment)
  const { name = `fcl-kms-${environment}` } = options
  assertText('name', name, /^[A-Za-z0-9_-]{1,60}$/, '1 to 60 letters, digits, - and _')
  const place = placeOfKey('keyArn', keyArn)
  if (roleArn !== undefined) assertAccountOf('roleArn', parseRoleArn('roleArn', roleArn), place)
  if (typeof code !== 'object' || code === null)
    throw invalid('code', 'it is not { bucket, key }; --document and --code-bucket fill it in')
  assertKnownKeys(code, ['bucket', 'key', 'version'])
  assertText('code.bucket', code.bucket, /^[a-z0-9.-]{3,63}$/, 'the name of a bucket')
  assertText('code.key', code.key, /^[\w!.*'()/-]{1,1024}$/, 'the name of an object')
  if (code.version !== undefined)
    assertText('code.version', code.version, /^[\w.-]{1,1024}$/, 'the version of an object')
  if (
    document !== undefined &&
    (document === null || typeof document !== 'object' || Array.isArray(document))
  )
    throw invalid('document', 'it is not an object')
  if (document !== undefined && JSON.stringify(document).length > 3_000)
    throw invalid('document', 'it has over 3000 characters: pack it into the archive')
  assertRoles('callerRoleArns', callerRoleArns, place.partition)
  assertDoor(door, place.partition)
  assertBoolean('ledger', ledger)
  assertRetention(logRetentionDays)
  assertWhole('memoryMb', memoryMb, 128, 10_240)
  assertWhole('timeoutSeconds', timeoutSeconds, 1, 900)
  return {
    ...{ environment, name, keyArn, roleArn, code, document, callerRoleArns, door, ledger },
    ...{ logRetentionDays, memoryMb, timeoutSeconds, place },
  }
}
