/** The stack `signing-keys`: keys of KMS, who may sign with them, and their aliases. @module */

import { assertKnownKeys, invalid } from '../../options.ts'
import {
  assertBoolean,
  assertEnvironment,
  assertText,
  assertTexts,
  placeOfKey,
  REGION,
  ROLE_NAME,
} from '../checks.ts'
import { type KeyPolicyOptions, keyPolicy } from '../policies/key-policy.ts'
import { digestOnly, parseRoleArn } from '../policies/policy-document.ts'
import { type RoleService, serviceRole } from '../roles.ts'
import {
  attribute,
  documentOf,
  kept,
  type Resource,
  ref,
  type Template,
  tagsOf,
  templateOf,
  type Value,
} from '../template.ts'

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

/**
 * Keys under `keyPolicy`, which lets in nobody by IAM alone: deploy it as the administrator's role.
 * Replicas of a key are a stack of their own, in each of the other Regions.
 *
 * @example
 * signingKeysStack({
 *   environment: 'production',
 *   adminRoleArn: 'arn:aws:iam::111122223333:role/key-admin',
 *   signer: { roleName: 'flow-signer', service: 'lambda' },
 *   keys: [{ name: 'minter' }],
 * })
 * @returns Frozen plain data: CloudFormation by `JSON.stringify`.
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`.
 */
export function signingKeysStack(options: SigningKeysOptions): Template {
  assertKnownKeys(options, known)
  const { environment, adminRoleArn, signer, keys, apartBy = 'account', replicaRegions } = options
  const { describe = false } = options
  assertEnvironment(environment)
  assertBoolean('describe', describe)
  if (apartBy !== 'account' && apartBy !== 'tag')
    throw invalid('apartBy', 'it is neither account nor tag')
  const { partition, accountId } = parseRoleArn('adminRoleArn', adminRoleArn)
  if (replicaRegions !== undefined)
    assertTexts('replicaRegions', replicaRegions, REGION, 'names of Regions')
  assertKeys(keys, partition, accountId)
  const isReplica = keys.some(({ primaryKeyArn }) => primaryKeyArn !== undefined)
  const role = signerOf(signer, { partition, accountId })
  if (isReplica && (replicaRegions !== undefined || role.service !== undefined))
    throw invalid('keys', 'replicas take a role that exists, and are not replicated themselves')
  const policy = keyPolicy({
    ...{ accountId, partition, adminRoleArn, signerRoleArn: role.arn, describe },
    ...(apartBy === 'tag' ? { environment } : {}),
    ...(replicaRegions === undefined ? {} : { replicaRegions }),
  } satisfies KeyPolicyOptions)
  const { service } = role
  const made = service === undefined ? [] : ['SignerRole']
  const ids = keys.map(({ name }) => keyId(name))
  return templateOf({
    stack: 'signing-keys',
    description: `Keys that sign for Flow accounts: ${environment}`,
    mark: { accountId, partition, environment },
    resources: {
      ...(service === undefined
        ? {}
        : {
            SignerRole: serviceRole({
              ...{ name: role.name, service, accountId, environment },
              description: `Signs for Flow accounts: ${environment}`,
              policies: {},
            }),
            SignerPolicy: signerPolicy(ids, describe),
          }),
      ...Object.fromEntries(
        keys.flatMap((key) => [
          [keyId(key.name), keyResource(key, environment, { ...policy }, made, replicaRegions)],
          [
            `${keyId(key.name)}Alias`,
            {
              Type: 'AWS::KMS::Alias',
              Properties: {
                AliasName: `alias/fcl-kms/${environment}/${key.name}`,
                TargetKeyId: ref(keyId(key.name)),
              },
            },
          ],
        ]),
      ),
    },
    outputs: {
      SignerRoleArn: { Description: 'The role that signs', Value: role.arn },
      ...Object.fromEntries(
        keys.map(({ name }) => [
          `${keyId(name)}Arn`,
          { Description: `The key ${name}`, Value: attribute(keyId(name), 'Arn') },
        ]),
      ),
    },
  })
}

const keyId = (name: string) => `Key${name.slice(0, 1).toUpperCase()}${name.slice(1)}`

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
    if (place.partition !== partition || place.accountId !== accountId)
      throw invalid('keys.primaryKeyArn', 'it is of another account or partition')
  }
  if (new Set(keys.map(({ name }) => keyId(name))).size !== keys.length)
    throw invalid('keys.name', 'a name is given twice, or differs by its first letter only')
  if (new Set(keys.map(({ primaryKeyArn }) => primaryKeyArn === undefined)).size > 1)
    throw invalid('keys.primaryKeyArn', 'some are replicas and some are not: make two stacks')
}

function signerOf(
  signer: SigningKeysOptions['signer'],
  place: { readonly partition: string; readonly accountId: string },
): { readonly arn: string; readonly name: string; readonly service: RoleService | undefined } {
  assertKnownKeys(signer, 'roleArn' in signer ? ['roleArn'] : ['roleName', 'service'])
  if ('roleArn' in signer) return { arn: signer.roleArn, name: '', service: undefined }
  const { roleName, service } = signer
  assertText('signer.roleName', roleName, ROLE_NAME, 'the name of a role')
  if (service !== 'lambda' && service !== 'ecs-tasks' && service !== 'ec2')
    throw invalid('signer.service', 'it is none of lambda, ecs-tasks, ec2')
  const arn = `arn:${place.partition}:iam::${place.accountId}:role/${roleName}`
  return { arn, name: roleName, service }
}

/** Apart from the role, which the policies of the keys name: the keys come after it. */
const signerPolicy = (keys: readonly string[], describe: boolean): Resource => ({
  Type: 'AWS::IAM::Policy',
  Properties: {
    Roles: [ref('SignerRole')],
    PolicyName: 'sign-for-flow',
    PolicyDocument: documentOf([
      {
        Sid: 'SignForFlow',
        Effect: 'Allow',
        Action: 'kms:Sign',
        Resource: keys.map((key) => attribute(key, 'Arn')),
        Condition: { StringEquals: digestOnly },
      },
      {
        Sid: 'ReadThePublicKey',
        Effect: 'Allow',
        Action: ['kms:GetPublicKey', ...(describe ? ['kms:DescribeKey'] : [])],
        Resource: keys.map((key) => attribute(key, 'Arn')),
      },
    ]),
  },
})

function keyResource(
  { name, keySpec = 'ECC_SECG_P256K1', primaryKeyArn }: StackKey,
  environment: string,
  KeyPolicy: Value,
  DependsOn: readonly string[],
  replicaRegions: readonly string[] | undefined,
): Resource {
  const common = {
    Description: `Signs for a Flow account: ${name}, ${environment}`,
    Enabled: true,
    KeyPolicy,
    PendingWindowInDays: 30,
    Tags: tagsOf({ Environment: environment, 'fcl-kms:name': name }),
  }
  const order = DependsOn.length === 0 ? {} : { DependsOn }
  if (primaryKeyArn !== undefined)
    return {
      Type: 'AWS::KMS::ReplicaKey',
      ...{ ...kept, ...order },
      Properties: { ...common, PrimaryKeyArn: primaryKeyArn },
    }
  const region = replicaRegions === undefined ? {} : { MultiRegion: true }
  return {
    Type: 'AWS::KMS::Key',
    ...{ ...kept, ...order },
    Properties: { ...common, KeySpec: keySpec, KeyUsage: 'SIGN_VERIFY', ...region },
  }
}
