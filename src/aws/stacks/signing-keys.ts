/** The stack `signing-keys`: keys of KMS, who may sign with them, and their aliases. @module */

import { type KeyPolicyOptions, keyPolicy } from '../policies/key-policy.ts'
import { digestOnly } from '../policies/policy-document.ts'
import { serviceRole } from '../roles.ts'
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
import { keyId, readyOf, type SigningKeysOptions, type StackKey } from './signing-keys-options.ts'

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
  const { environment, adminRoleArn, keys, role, apartBy, replicaRegions, ...ready } =
    readyOf(options)
  const { partition, accountId, describe } = ready
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
              ...{ name: role.name, service, partition, accountId, environment },
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
