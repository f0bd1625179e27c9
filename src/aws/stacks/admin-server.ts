/** The stack `admin-server`: what the container of the admin server needs around it. @module */

import { privateBucket } from '../buckets.ts'
import { signingPolicy } from '../policies/signing-policy.ts'
import { serviceRole } from '../roles.ts'
import {
  attribute,
  documentOf,
  type Resource,
  ref,
  sub,
  type Template,
  templateOf,
  type Value,
} from '../template.ts'
import { networkOf } from './admin-server-network.ts'
import { type AdminServerOptions, checkedPlace } from './admin-server-options.ts'

/**
 * A role, a security group, endpoints of the VPC for KMS, Secrets Manager and S3 with policies of
 * their own, and a bucket with object lock for the audit trail. The container is run by whoever runs
 * containers.
 *
 * @example
 * adminServerStack({
 *   environment: 'production',
 *   keyArns: ['arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'],
 *   roleName: 'flow-admin-server',
 *   service: 'ecs-tasks',
 *   secretArns: ['arn:aws:secretsmanager:eu-central-1:111122223333:secret:database-AbCdEf'],
 *   vpcId: 'vpc-0123456789abcdef0',
 *   subnetIds: ['subnet-0123456789abcdef0'],
 *   routeTableIds: ['rtb-0123456789abcdef0'],
 *   balancerSecurityGroupId: 'sg-0123456789abcdef0',
 *   auditDays: 2555,
 * })
 * @returns Frozen plain data: CloudFormation by `JSON.stringify`.
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`.
 */
export function adminServerStack(options: AdminServerOptions): Template {
  const place = checkedPlace(options)
  const { environment, keyArns, roleName, service, roleExists = false, secretArns } = options
  const { auditDays, image } = options
  const roleArn = `arn:${place.partition}:iam::${place.accountId}:role/${roleName}`
  const sign: Value = { ...signingPolicy({ keyArns }) }
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
      RolePolicy: {
        Type: 'AWS::IAM::Policy',
        ...(roleExists ? {} : { DependsOn: ['Role'] }),
        Properties: {
          Roles: [roleName],
          PolicyName: `admin-server-${environment}`,
          PolicyDocument: documentOf([
            readSecrets(secretArns),
            anchor,
            {
              Sid: 'ListAnchors',
              Effect: 'Allow',
              Action: 's3:ListBucketVersions',
              Resource: attribute('AuditBucket', 'Arn'),
            },
          ]),
        },
      },
      ...privateBucket({ id: 'AuditBucket', environment, lockDays: auditDays }),
      ...networkOf(options, { ...place, roleArn }),
      ...(image === undefined ? {} : taskOf(image, environment, roleArn)),
    },
    outputs: {
      RoleArn: { Description: 'The role of the server', Value: roleArn },
      AuditBucketName: { Description: 'Where anchors lie', Value: ref('AuditBucket') },
      SecurityGroupId: { Description: 'Of the server', Value: ref('SecurityGroup') },
    },
  })
}

const readSecrets = (secretArns: readonly string[]): { readonly [name: string]: Value } => ({
  Sid: 'ReadItsSecrets',
  Effect: 'Allow',
  Action: 'secretsmanager:GetSecretValue',
  Resource: secretArns,
})

const anchor = {
  Sid: 'WriteAnchors',
  Effect: 'Allow',
  Action: ['s3:PutObject', 's3:PutObjectRetention'],
  Resource: sub(`\${AuditBucket.Arn}/*`),
}

/** An example: balancer, service and configuration are of whoever runs containers. */
const taskOf = (
  image: string,
  environment: string,
  roleArn: string,
): Readonly<Record<string, Resource>> => ({
  TaskDefinition: {
    Type: 'AWS::ECS::TaskDefinition',
    Properties: {
      Family: `fcl-kms-admin-server-${environment}`,
      RequiresCompatibilities: ['FARGATE'],
      NetworkMode: 'awsvpc',
      Cpu: '1024',
      Memory: '2048',
      TaskRoleArn: roleArn,
      ContainerDefinitions: [
        {
          Name: 'admin-server',
          Image: image,
          Essential: true,
          ReadonlyRootFilesystem: true,
          PortMappings: [{ ContainerPort: 8080 }],
        },
      ],
    },
  },
})
