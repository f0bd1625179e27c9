/** The stack `admin-server`: what the container of the admin server needs around it. @module */

import { privateBucket } from '../buckets.ts'
import { signingPolicy } from '../policies/signing-policy.ts'
import { serviceRole } from '../roles.ts'
import {
  attribute,
  documentOf,
  kept,
  type Output,
  type Resource,
  ref,
  sub,
  type Template,
  tagsOf,
  templateOf,
  type Value,
} from '../template.ts'
import { networkOf } from './admin-server-network.ts'
import { type AdminServerOptions, type ReadyAdminServer, readyOf } from './admin-server-options.ts'
import { executionRole, logGroupOf, starting, taskOf } from './admin-server-task.ts'

/**
 * A role, security groups, endpoints of the VPC for KMS, CloudTrail, Secrets Manager and S3 with
 * policies of their own, a log, and a bucket with object lock for the audit trail. The container is
 * run by whoever runs containers; for ECS there is a role that starts it, and a task definition as an
 * example.
 *
 * The endpoints serve the whole VPC and let in nobody else: give the server a VPC of its own.
 *
 * @example
 * adminServerStack({
 *   environment: 'production',
 *   keyArns: ['arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'],
 *   roleName: 'flow-admin-server',
 *   service: 'ecs-tasks',
 *   secrets: {
 *     DATABASE_URL: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:database-AbCdEf',
 *   },
 *   vpcId: 'vpc-0123456789abcdef0',
 *   subnetIds: ['subnet-0123456789abcdef0'],
 *   routeTableIds: ['rtb-0123456789abcdef0'],
 *   balancerSecurityGroupId: 'sg-0123456789abcdef0',
 *   database: { securityGroupId: 'sg-0fedcba9876543210' },
 *   auditDays: 2555,
 * })
 * @returns Frozen plain data: CloudFormation by `JSON.stringify`.
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`.
 */
export function adminServerStack(options: AdminServerOptions): Template {
  const ready = readyOf(options)
  const { environment, keyArns, roleName, service, roleExists, auditDays, task } = ready
  const { place, roleArn, logRetentionDays } = ready
  const sign: Value = { ...signingPolicy({ keyArns, describe: ready.describe }) }
  const isOfEcs = service === 'ecs-tasks'
  return templateOf({
    stack: 'admin-server',
    description: `The admin server: ${environment}`,
    mark: { ...place, environment },
    resources: {
      ...(roleExists
        ? {}
        : {
            Role: serviceRole({
              ...{ name: roleName, service, environment },
              ...{ partition: place.partition, accountId: place.accountId },
              description: `The admin server: ${environment}`,
              policies: { 'sign-for-flow': sign },
            }),
          }),
      RolePolicy: rolePolicy(ready),
      ...(isOfEcs ? { ExecutionRole: executionRole(ready) } : {}),
      LogGroup: {
        Type: 'AWS::Logs::LogGroup',
        ...kept,
        Properties: {
          LogGroupName: logGroupOf(environment),
          RetentionInDays: logRetentionDays,
          Tags: tagsOf({ Environment: environment }),
        },
      },
      ...privateBucket({ id: 'AuditBucket', environment, lockDays: auditDays }),
      ...networkOf(ready),
      ...(task === undefined ? {} : { TaskDefinition: taskOf(ready, task) }),
    },
    outputs: {
      RoleArn: { Description: 'The role of the server', Value: roleArn },
      ...(isOfEcs ? { ExecutionRoleArn: executionOutput } : {}),
      AuditBucketName: { Description: 'Where anchors lie', Value: ref('AuditBucket') },
      LogGroupName: { Description: 'Its log', Value: logGroupOf(environment) },
      SecurityGroupId: { Description: 'Of the server', Value: ref('SecurityGroup') },
    },
  })
}

const executionOutput: Output = {
  Description: 'The role that starts it',
  Value: attribute('ExecutionRole', 'Arn'),
}

const rolePolicy = (ready: ReadyAdminServer): Resource => ({
  Type: 'AWS::IAM::Policy',
  ...(ready.roleExists ? {} : { DependsOn: ['Role'] }),
  Properties: {
    Roles: [ready.roleName],
    PolicyName: `admin-server-${ready.environment}`,
    PolicyDocument: documentOf([
      ...(ready.service === 'ec2' ? starting(ready) : []),
      {
        Sid: 'WriteAnchors',
        Effect: 'Allow',
        Action: ['s3:PutObject', 's3:PutObjectRetention'],
        Resource: sub(`\${AuditBucket.Arn}/*`),
      },
      {
        Sid: 'ListAnchors',
        Effect: 'Allow',
        Action: 's3:ListBucketVersions',
        Resource: attribute('AuditBucket', 'Arn'),
      },
      ...(ready.reconciliation
        ? [
            // It knows no resources: who may look up sees all events of the account.
            {
              Sid: 'ReadSignEvents',
              Effect: 'Allow',
              Action: 'cloudtrail:LookupEvents',
              Resource: '*',
            },
          ]
        : []),
    ]),
  },
})
