/** Options of the stack `signing-keys`, checked. @module */

import { assertKnownKeys, invalid } from '../../options.ts'
import {
  assertAccountOf,
  assertBoolean,
  assertEnvironment,
  assertPartition,
  assertRegions,
  assertText,
  assertTexts,
  placeOfKey,
  REGION,
  ROLE_NAME,
} from '../checks.ts'
import { parseRoleArn, type RolePlace } from '../policies/policy-document.ts'
import type { RoleService } from '../roles.ts'

/** One key of the stack. */
export type StackKey = {
  /** Its alias is `alias/fcl-kms/<environment>/<name>`. 1 to 64 letters and digits, a letter first. */
  readonly name: string
  /** Default `ECC_SECG_P256K1`. */
  readonly keySpec?: 'ECC_SECG_P256K1' | 'ECC_NIST_P256'
  /** In a stack of replicas: the ARN of the primary key, of another Region. */
  readonly primaryKeyArn?: string
}

/** Options of `signingKeysStack`: plain JSON. */
export type SigningKeysOptions = {
  /** Lower-case letters, digits and hyphens: `production`. Stands in aliases and the tag `Environment`. */
  readonly environment: string
  /** Who administers the keys and deploys the stack. The stack is of its account and partition. */
  readonly adminRoleArn: string
  /** A role that exists, or the name of one that the stack makes for a service. */
  readonly signer:
    | { readonly roleArn: string }
    | { readonly roleName: string; readonly service: RoleService }
  readonly keys: readonly StackKey[]
  /**
   * What keeps environments apart: an AWS account each (default), or in one account the tag
   * `Environment` of whoever signs. Then nobody but the administrators of IAM may set that tag.
   */
  readonly apartBy?: 'account' | 'tag'
  /** Makes the keys multi-Region keys, which the administrator may replicate there. */
  readonly replicaRegions?: readonly string[]
  /** Also allow the signing role `kms:DescribeKey`. */
  readonly describe?: boolean
}

const known = [
  'environment',
  'adminRoleArn',
  'signer',
  'keys',
  'apartBy',
  'replicaRegions',
  'describe',
]

/** Who signs; `service` is of a role that the stack makes. */
type SigningRole = {
  readonly arn: string
  readonly name: string
  readonly service: RoleService | undefined
}

/** Options after their check. */
export type ReadyKeys = Pick<SigningKeysOptions, 'environment' | 'adminRoleArn' | 'keys'> &
  RolePlace & {
    readonly role: SigningRole
    readonly apartBy: 'account' | 'tag'
    readonly replicaRegions: readonly string[] | undefined
    readonly describe: boolean
  }

/** @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`. */
export function readyOf(options: SigningKeysOptions): ReadyKeys {
  assertKnownKeys(options, known)
  const { environment, adminRoleArn, signer, keys, apartBy = 'account', replicaRegions } = options
  const { describe = false } = options
  assertEnvironment(environment)
  assertBoolean('describe', describe)
  if (apartBy !== 'account' && apartBy !== 'tag')
    throw invalid('apartBy', 'it is neither account nor tag')
  const { partition, accountId } = parseRoleArn('adminRoleArn', adminRoleArn)
  if (replicaRegions !== undefined) {
    assertTexts('replicaRegions', replicaRegions, REGION, 'names of Regions')
    assertRegions('replicaRegions', replicaRegions, partition)
  }
  assertKeys(keys, partition, accountId)
  const isReplica = keys.some(({ primaryKeyArn }) => primaryKeyArn !== undefined)
  const role = signerOf(signer, { partition, accountId })
  if (isReplica && (replicaRegions !== undefined || role.service !== undefined))
    throw invalid('keys', 'replicas take a role that exists, and are not replicated themselves')
  return {
    ...{ environment, adminRoleArn, keys, role, apartBy, replicaRegions, describe },
    ...{ partition, accountId },
  }
}

/** The logical id of a key. */
export const keyId = (name: string): string =>
  `Key${name.slice(0, 1).toUpperCase()}${name.slice(1)}`

function assertKeys(keys: readonly StackKey[], partition: string, accountId: string): void {
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > 100)
    throw invalid('keys', 'it is not a list of 1 to 100 keys')
  for (const key of keys) {
    assertKnownKeys(key, ['name', 'keySpec', 'primaryKeyArn'])
    const { name, keySpec = 'ECC_SECG_P256K1', primaryKeyArn } = key
    assertText('keys.name', name, /^[A-Za-z][A-Za-z0-9]{0,63}$/, 'letters and digits')
    if (keySpec !== 'ECC_SECG_P256K1' && keySpec !== 'ECC_NIST_P256')
      throw invalid('keys.keySpec', 'it is neither ECC_SECG_P256K1 nor ECC_NIST_P256')
    if (primaryKeyArn === undefined) continue
    const place = placeOfKey('keys.primaryKeyArn', primaryKeyArn)
    if (!primaryKeyArn.includes(':key/mrk-'))
      throw invalid('keys.primaryKeyArn', 'it is not a multi-Region key')
    assertAccountOf('keys.primaryKeyArn', place, { partition, accountId })
  }
  if (new Set(keys.map(({ name }) => keyId(name))).size !== keys.length)
    throw invalid('keys.name', 'a name is given twice, or differs by its first letter only')
  if (new Set(keys.map(({ primaryKeyArn }) => primaryKeyArn === undefined)).size > 1)
    throw invalid('keys.primaryKeyArn', 'some are replicas and some are not: make two stacks')
}

function signerOf(signer: SigningKeysOptions['signer'], place: RolePlace): SigningRole {
  if (typeof signer !== 'object' || signer === null) throw invalid('signer', 'it is not an object')
  assertKnownKeys(signer, 'roleArn' in signer ? ['roleArn'] : ['roleName', 'service'])
  if ('roleArn' in signer) {
    const { roleArn } = signer
    assertPartition(
      'signer.roleArn',
      parseRoleArn('signer.roleArn', roleArn).partition,
      place.partition,
    )
    return { arn: roleArn, name: '', service: undefined }
  }
  const { roleName, service } = signer
  assertText('signer.roleName', roleName, ROLE_NAME, 'the name of a role')
  if (service !== 'lambda' && service !== 'ecs-tasks' && service !== 'ec2')
    throw invalid('signer.service', 'it is none of lambda, ecs-tasks, ec2')
  const arn = `arn:${place.partition}:iam::${place.accountId}:role/${roleName}`
  return { arn, name: roleName, service }
}
