/** A remote signer under a service control policy. @module */

import { assertKnownKeys } from '../../options.ts'
import { assertPartition, assertRoles, assertText } from '../checks.ts'
import { type PolicyStatement, parseRoleArn } from '../policies/policy-document.ts'

/** What would let others sign as the remote signer does. */
export type GuardedSigner = {
  /** Without a version or an alias; all of these are meant. */
  readonly functionArn: string
  /** The role that signs. */
  readonly roleArn: string
  /** Roles that deploy its stacks. */
  readonly deployerRoleArns: readonly string[]
  /** Roles that invoke it or call its URL. Without them nobody does but the API of its stack. */
  readonly callerRoleArns?: readonly string[]
}

const FUNCTION_ARN =
  /^arn:aws[a-z-]{0,32}:lambda:[a-z0-9-]{1,32}:\d{12}:function:[A-Za-z0-9_-]{1,64}$/

/**
 * Services are under no service control policy: API Gateway invokes the function all the same.
 *
 * @returns Denials, for a policy that is of this partition.
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function guarding(signer: GuardedSigner, partition: string): readonly PolicyStatement[] {
  assertKnownKeys(signer, ['functionArn', 'roleArn', 'deployerRoleArns', 'callerRoleArns'])
  const { functionArn, roleArn, deployerRoleArns, callerRoleArns } = signer
  assertText('signer.functionArn', functionArn, FUNCTION_ARN, 'the ARN of a function')
  assertPartition('signer.functionArn', functionArn.split(':')[1] ?? '', partition)
  assertPartition('signer.roleArn', parseRoleArn('signer.roleArn', roleArn).partition, partition)
  assertRoles('signer.deployerRoleArns', deployerRoleArns, partition)
  if (callerRoleArns !== undefined) assertRoles('signer.callerRoleArns', callerRoleArns, partition)
  const ofFunction = { Effect: 'Deny', Resource: [functionArn, `${functionArn}:*`] } as const
  const unless = (roleArns: readonly string[]) => ({
    ArnNotEquals: { 'aws:PrincipalArn': [...roleArns] },
  })
  return [
    {
      Sid: 'NobodyElseChangesTheSigner',
      ...ofFunction,
      Action: ['lambda:Add*', 'lambda:Create*', 'lambda:Delete*', 'lambda:Put*', 'lambda:Update*'],
      Condition: unless(deployerRoleArns),
    },
    {
      Sid: 'NobodyElseInvokesTheSigner',
      ...ofFunction,
      Action: 'lambda:Invoke*',
      ...(callerRoleArns === undefined ? {} : { Condition: unless(callerRoleArns) }),
    },
    {
      Sid: 'NobodyElseGivesItsRole',
      Effect: 'Deny',
      Action: [
        'iam:AttachRolePolicy',
        'iam:PassRole',
        'iam:PutRolePolicy',
        'iam:TagRole',
        'iam:UpdateAssumeRolePolicy',
      ],
      Resource: roleArn,
      Condition: unless(deployerRoleArns),
    },
  ]
}
