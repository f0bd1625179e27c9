/** The stack `sealed-keys`: where sealed keys lie, the key that wraps them, and who opens them. @module */

import { assertKnownKeys, invalid } from '../../options.ts'
import { privateBucket } from '../buckets.ts'
import { assertBoolean, assertEnvironment, assertText, ROLE_NAME } from '../checks.ts'
import { administering } from '../policies/administering.ts'
import { parseRoleArn, type RolePlace } from '../policies/policy-document.ts'
import { type RoleService, serviceRole } from '../roles.ts'
import {
  attribute,
  documentOf,
  kept,
  ref,
  sub,
  type Template,
  tagsOf,
  templateOf,
  type Value,
} from '../template.ts'

/** Options of `sealedKeysStack`: plain JSON. */
export type SealedKeysOptions = {
  readonly environment: string
  /** Who administers the wrapping key and deploys the stack. The stack is of its account and partition. */
  readonly adminRoleArn: string
  /** The role that the stack makes, for what opens sealed keys. */
  readonly roleName: string
  readonly service: RoleService
  /** Whether KMS makes the private keys. Default false: they are made where they are sealed. */
  readonly keyPairsOfKms?: boolean
}

/**
 * A bucket with versions, encrypted and private; a wrapping key that serves only requests with the
 * encryption context of sealed keys, and one role for both.
 *
 * @example
 * sealedKeysStack({
 *   environment: 'production',
 *   adminRoleArn: 'arn:aws:iam::111122223333:role/key-admin',
 *   roleName: 'flow-wallets',
 *   service: 'ecs-tasks',
 * })
 * @returns Frozen plain data: CloudFormation by `JSON.stringify`.
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function sealedKeysStack(options: SealedKeysOptions): Template {
  assertKnownKeys(options, ['environment', 'adminRoleArn', 'roleName', 'service', 'keyPairsOfKms'])
  const { environment, adminRoleArn, roleName, service, keyPairsOfKms = false } = options
  assertEnvironment(environment)
  const { partition, accountId } = parseRoleArn('adminRoleArn', adminRoleArn)
  assertText('roleName', roleName, ROLE_NAME, 'the name of a role')
  if (service !== 'lambda' && service !== 'ecs-tasks' && service !== 'ec2')
    throw invalid('service', 'it is none of lambda, ecs-tasks, ec2')
  assertBoolean('keyPairsOfKms', keyPairsOfKms)
  const roleArn = `arn:${partition}:iam::${accountId}:role/${roleName}`
  if (roleArn.toLowerCase() === adminRoleArn.toLowerCase())
    throw invalid('roleName', 'it is the role that administers')
  const making = keyPairsOfKms ? 'kms:GenerateDataKeyPairWithoutPlaintext' : 'kms:GenerateDataKey'
  const actions = ['kms:Decrypt', ...new Set(['kms:GenerateDataKey', making])]
  return templateOf({
    stack: 'sealed-keys',
    description: `Sealed keys of wallets: ${environment}`,
    mark: { accountId, partition, environment },
    resources: {
      Role: serviceRole({
        ...{ name: roleName, service, partition, accountId, environment },
        description: `Seals and opens keys of wallets: ${environment}`,
        policies: {},
      }),
      WrappingKey: {
        Type: 'AWS::KMS::Key',
        DependsOn: ['Role'],
        ...kept,
        Properties: {
          Description: `Wraps the keys of wallets: ${environment}`,
          Enabled: true,
          EnableKeyRotation: true,
          PendingWindowInDays: 30,
          KeyPolicy: wrappingPolicy({
            actions,
            roleArn,
            adminRoleArn,
            place: { partition, accountId },
          }),
          Tags: tagsOf({ Environment: environment }),
        },
      },
      WrappingKeyAlias: {
        Type: 'AWS::KMS::Alias',
        Properties: {
          AliasName: `alias/fcl-kms/${environment}/sealed-keys`,
          TargetKeyId: ref('WrappingKey'),
        },
      },
      ...privateBucket({
        id: 'Bucket',
        environment,
        readers: [roleArn, adminRoleArn],
        admin: adminRoleArn,
      }),
      RolePolicy: {
        Type: 'AWS::IAM::Policy',
        Properties: {
          Roles: [ref('Role')],
          PolicyName: 'sealed-keys',
          PolicyDocument: rolePolicy(actions),
        },
      },
    },
    outputs: {
      BucketName: { Description: 'The bucket', Value: ref('Bucket') },
      WrappingKeyArn: { Description: 'The wrapping key', Value: attribute('WrappingKey', 'Arn') },
      RoleArn: { Description: 'Who seals and opens', Value: roleArn },
    },
  })
}

/** What each call of `createSealedKeys` carries. */
const context = {
  StringEquals: { 'kms:EncryptionContext:fcl-kms': 'sealed-key' },
  Null: { 'kms:EncryptionContext:wallet': 'false' },
}

const rolePolicy = (actions: readonly string[]): Value =>
  documentOf([
    {
      Sid: 'SealAndOpen',
      Effect: 'Allow',
      Action: actions,
      Resource: attribute('WrappingKey', 'Arn'),
      Condition: context,
    },
    {
      Sid: 'KeepRecords',
      Effect: 'Allow',
      Action: ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'],
      Resource: sub(`\${Bucket.Arn}/*`),
    },
    // Without it a record that is not there would look like one that is denied.
    {
      Sid: 'ListRecords',
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: attribute('Bucket', 'Arn'),
    },
  ])

function wrappingPolicy(options: {
  readonly actions: readonly string[]
  readonly roleArn: string
  readonly adminRoleArn: string
  readonly place: RolePlace
}): Value {
  const { actions, roleArn, adminRoleArn, place } = options
  const use = ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*']
  const denial = { Effect: 'Deny', Principal: '*', Action: use, Resource: '*' }
  return documentOf([
    {
      Sid: 'SealAndOpen',
      Effect: 'Allow',
      Principal: { AWS: roleArn },
      Action: actions,
      Resource: '*',
      Condition: context,
    },
    ...administering(adminRoleArn, place),
    {
      Sid: 'NobodyElseOpens',
      ...denial,
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': roleArn } },
    },
    {
      Sid: 'NothingButSealedKeys',
      ...denial,
      Condition: { StringNotEquals: { 'kms:EncryptionContext:fcl-kms': 'sealed-key' } },
    },
    {
      Sid: 'NoneWithoutItsWallet',
      ...denial,
      Condition: { Null: { 'kms:EncryptionContext:wallet': 'true' } },
    },
  ])
}
