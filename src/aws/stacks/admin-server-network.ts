/** Who reaches the admin server, and what it reaches, by which endpoints. @module */

import type { KeyPlace } from '../checks.ts'
import { attribute, documentOf, type Resource, ref, sub, type Value } from '../template.ts'
import type { AdminServerOptions } from './admin-server-options.ts'

/** @returns Security groups, and endpoints that let this role do its work and nothing else. */
export function networkOf(
  options: AdminServerOptions,
  place: KeyPlace & { readonly roleArn: string },
): Readonly<Record<string, Resource>> {
  const { vpcId, subnetIds, routeTableIds, balancerSecurityGroupId, keyArns, secretArns } = options
  const { region, roleArn } = place
  const allow = (Sid: string, Action: Value, Resource: Value) => ({
    ...{ Sid, Effect: 'Allow', Principal: '*', Action, Resource },
    Condition: { ArnEquals: { 'aws:PrincipalArn': roleArn } },
  })
  const interfaceEndpoint = (service: string, PolicyDocument: Value): Resource => ({
    Type: 'AWS::EC2::VPCEndpoint',
    Properties: {
      ServiceName: `com.amazonaws.${region}.${service}`,
      VpcEndpointType: 'Interface',
      VpcId: vpcId,
      SubnetIds: subnetIds,
      SecurityGroupIds: [ref('EndpointSecurityGroup')],
      PrivateDnsEnabled: true,
      PolicyDocument,
    },
  })
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
          rule('To the database', 5432, { CidrIp: '10.0.0.0/8' }),
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
      documentOf([allow('SignForFlow', ['kms:GetPublicKey', 'kms:Sign'], keyArns)]),
    ),
    SecretsEndpoint: interfaceEndpoint(
      'secretsmanager',
      documentOf([allow('ReadItsSecrets', 'secretsmanager:GetSecretValue', secretArns)]),
    ),
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
