/** Who reaches the admin server, and what it reaches, by which endpoints. @module */

import { attribute, documentOf, type Resource, ref, sub, type Value } from '../template.ts'
import { type ReadyAdminServer, registryOf } from './admin-server-options.ts'

/** @returns Security groups, and endpoints that let this role do its work and nothing else. */
export function networkOf(ready: ReadyAdminServer): Readonly<Record<string, Resource>> {
  const { vpcId, subnetIds, routeTableIds, balancerSecurityGroupId, keyArns, database } = ready
  const { region, partition } = ready.place
  const allow = (Sid: string, Action: Value, Resource: Value, principalArn = ready.roleArn) => ({
    ...{ Sid, Effect: 'Allow', Principal: '*', Action, Resource },
    Condition: { ArnEquals: { 'aws:PrincipalArn': principalArn } },
  })
  // Of these services the name is the same in every partition.
  const interfaceEndpoint = (service: string, statement: Value): Resource => ({
    Type: 'AWS::EC2::VPCEndpoint',
    Properties: {
      ServiceName: `com.amazonaws.${region}.${service}`,
      VpcEndpointType: 'Interface',
      VpcId: vpcId,
      SubnetIds: subnetIds,
      SecurityGroupIds: [ref('EndpointSecurityGroup')],
      PrivateDnsEnabled: true,
      PolicyDocument: { Version: '2012-10-17', Statement: [statement] },
    },
  })
  const { task, secrets, starterArn, describe } = ready
  const layers = `arn:${partition}:s3:::prod-${region}-starport-layer-bucket/*`
  return {
    SecurityGroup: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription: 'The admin server',
        VpcId: vpcId,
        SecurityGroupIngress: [
          rule('From the balancer', 8080, { SourceSecurityGroupId: balancerSecurityGroupId }),
        ],
        SecurityGroupEgress: [
          rule('To access nodes and endpoints', 443, { CidrIp: '0.0.0.0/0' }),
          rule('To the database', database.port, database.peer),
        ],
      },
    },
    EndpointSecurityGroup: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription: 'Endpoints of the admin server',
        VpcId: vpcId,
        SecurityGroupIngress: [
          rule('From the admin server', 443, {
            SourceSecurityGroupId: attribute('SecurityGroup', 'GroupId'),
          }),
        ],
      },
    },
    KmsEndpoint: interfaceEndpoint(
      'kms',
      allow(
        'SignForFlow',
        ['kms:GetPublicKey', 'kms:Sign', ...(describe ? ['kms:DescribeKey'] : [])],
        keyArns,
      ),
    ),
    SecretsEndpoint: interfaceEndpoint(
      'secretsmanager',
      allow('ReadItsSecrets', 'secretsmanager:GetSecretValue', Object.values(secrets), starterArn),
    ),
    ...(ready.reconciliation
      ? {
          TrailEndpoint: interfaceEndpoint(
            'cloudtrail',
            allow('ReadSignEvents', 'cloudtrail:LookupEvents', '*'),
          ),
        }
      : {}),
    BucketEndpoint: {
      Type: 'AWS::EC2::VPCEndpoint',
      Properties: {
        ServiceName: `com.amazonaws.${region}.s3`,
        VpcEndpointType: 'Gateway',
        VpcId: vpcId,
        RouteTableIds: routeTableIds,
        PolicyDocument: documentOf([
          allow(
            'WriteAnchors',
            ['s3:PutObject', 's3:PutObjectRetention'],
            sub(`\${AuditBucket.Arn}/*`),
          ),
          allow('ListAnchors', 's3:ListBucketVersions', attribute('AuditBucket', 'Arn')),
          // ECR hands out URLs of its own bucket, signed by AWS.
          ...(task !== undefined && registryOf(task.image) !== undefined
            ? [
                {
                  Sid: 'FetchLayers',
                  Effect: 'Allow',
                  Principal: '*',
                  Action: 's3:GetObject',
                  Resource: layers,
                },
              ]
            : []),
        ]),
      },
    },
  }
}

const rule = (Description: string, port: number, peer: { readonly [name: string]: Value }) => ({
  Description,
  IpProtocol: 'tcp',
  FromPort: port,
  ToPort: port,
  ...peer,
})
