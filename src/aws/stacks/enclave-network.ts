/** Where the parent of an enclave is, who reaches it, and what it reaches. @module */

import { attribute, type Resource, ref, sub, tagsOf, type Value } from '../template.ts'
import type { ReadyEnclave } from './enclave-options.ts'
import { keepingSecrets, logStreamsOf, secretsOf } from './enclave-parent.ts'

/** @returns Private subnets, security groups, and endpoints that let in the parent's role alone. */
export function networkOf(ready: ReadyEnclave): Readonly<Record<string, Resource>> {
  const { network, callers, doorPort, roleArn, records } = ready
  const { cidr } = network
  const vpcId = network.vpcId ?? ref('Vpc')
  const allow = (Sid: string, Action: Value, Resource: Value) => ({
    ...{ Sid, Effect: 'Allow', Principal: '*', Action, Resource },
    Condition: { ArnEquals: { 'aws:PrincipalArn': roleArn } },
  })
  // Of these services the name is the same in every partition.
  const endpoint = (service: string, ...statements: readonly Value[]): Resource => ({
    Type: 'AWS::EC2::VPCEndpoint',
    Properties: {
      ServiceName: sub(`com.amazonaws.\${AWS::Region}.${service}`),
      VpcEndpointType: 'Interface',
      VpcId: vpcId,
      SubnetIds: subnetsOf(ready),
      SecurityGroupIds: [attribute('EndpointSecurityGroup', 'GroupId')],
      PrivateDnsEnabled: true,
      // Else the name of S3 would need a gateway beside it.
      ...(service === 's3'
        ? { DnsOptions: { PrivateDnsOnlyForInboundResolverEndpoint: 'AllResolvers' } }
        : {}),
      PolicyDocument: { Version: '2012-10-17', Statement: statements },
    },
  })
  return {
    ...(network.vpcId === undefined ? vpcOf(ready) : {}),
    SecurityGroup: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription: 'The parent of the enclave',
        VpcId: vpcId,
        SecurityGroupIngress: callers.map((peer) => rule('From a caller', doorPort, peer)),
        SecurityGroupEgress: [
          rule('To endpoints', 443, {
            DestinationSecurityGroupId: attribute('EndpointSecurityGroup', 'GroupId'),
          }),
        ],
      },
    },
    EndpointSecurityGroup: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription: 'Endpoints of the enclave',
        VpcId: vpcId,
        SecurityGroupIngress: [rule('From the VPC', 443, { CidrIp: cidr })],
      },
    },
    KmsEndpoint: endpoint(
      'kms',
      allow(
        'SealAndOpenInTheEnclave',
        ['kms:Decrypt', 'kms:GenerateDataKey'],
        attribute('WrappingKey', 'Arn'),
      ),
    ),
    LogsEndpoint: endpoint(
      'logs',
      allow('WriteItsLog', ['logs:CreateLogStream', 'logs:PutLogEvents'], logStreamsOf(ready)),
    ),
    ...(records === 'secrets'
      ? {
          SecretsEndpoint: endpoint(
            'secretsmanager',
            allow('KeepRecords', keepingSecrets, secretsOf(ready)),
          ),
        }
      : {
          BucketEndpoint: endpoint(
            's3',
            allow('KeepRecords', ['s3:GetObject', 's3:PutObject'], sub(`\${Bucket.Arn}/*`)),
            allow('ListRecords', 's3:ListBucket', attribute('Bucket', 'Arn')),
          ),
        }),
  }
}

/** @returns Where instances and endpoints are: subnets of two zones, unless others are given. */
export const subnetsOf = ({ network }: ReadyEnclave): Value =>
  network.subnetIds ?? [ref('SubnetA'), ref('SubnetB')]

/** Nothing leads out of it: no gateway, no route but its own, no public address. */
function vpcOf({ network, environment }: ReadyEnclave): Readonly<Record<string, Resource>> {
  const half = (index: number, from: number): Resource => ({
    Type: 'AWS::EC2::Subnet',
    Properties: {
      VpcId: ref('Vpc'),
      CidrBlock: network.cidr.replace(/0\/24$/, `${from}/25`),
      AvailabilityZone: { 'Fn::Select': [index, { 'Fn::GetAZs': '' }] },
      MapPublicIpOnLaunch: false,
      Tags: tagsOf({ Environment: environment }),
    },
  })
  return {
    Vpc: {
      Type: 'AWS::EC2::VPC',
      Properties: {
        CidrBlock: network.cidr,
        EnableDnsSupport: true,
        EnableDnsHostnames: true,
        Tags: tagsOf({ Environment: environment }),
      },
    },
    SubnetA: half(0, 0),
    SubnetB: half(1, 128),
  }
}

const rule = (Description: string, port: number, peer: { readonly [name: string]: Value }) => ({
  Description,
  IpProtocol: 'tcp',
  FromPort: port,
  ToPort: port,
  ...peer,
})
