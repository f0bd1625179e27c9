/** The parent instance of an enclave: its role, how it is launched, what it is told. @module */

import { serviceRole } from '../roles.ts'
import { attribute, documentOf, type Resource, ref, sub, tagsOf, type Value } from '../template.ts'
import type { ReadyEnclave } from './enclave-options.ts'

export const logGroupOf = (environment: string): string => `/fcl-kms/${environment}/enclave`

/** Of its log group. */
export const logStreamsOf = ({ environment, place }: ReadyEnclave): Value =>
  sub(
    `arn:\${AWS::Partition}:logs:\${AWS::Region}:${place.accountId}:log-group:${logGroupOf(environment)}:log-stream:*`,
  )

/** In front of each secret's name. */
const prefixOf = (environment: string) => `fcl-kms/${environment}/enclave/`

/** Of these secrets. */
export const secretsOf = ({ environment, place }: ReadyEnclave): Value =>
  sub(
    `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:${place.accountId}:secret:${prefixOf(environment)}*`,
  )

/** What the store of the package calls, without a right to delete or to list. */
export const keepingSecrets: readonly string[] = [
  'secretsmanager:CreateSecret',
  'secretsmanager:GetSecretValue',
  'secretsmanager:PutSecretValue',
  'secretsmanager:UpdateSecretVersionStage',
]

/** @returns The role, its policy and the instances. The key's own policy lets the role in. */
export function parentOf(ready: ReadyEnclave, subnets: Value): Readonly<Record<string, Resource>> {
  const { environment, roleName, place, instances } = ready
  return {
    Role: serviceRole({
      ...{ name: roleName, service: 'ec2', environment },
      ...{ partition: place.partition, accountId: place.accountId },
      description: `The parent of the enclave: ${environment}`,
      policies: {},
    }),
    RolePolicy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        Roles: [ref('Role')],
        PolicyName: 'enclave',
        PolicyDocument: documentOf([
          ...(ready.records === 'secrets'
            ? [
                {
                  ...{ Sid: 'KeepRecords', Effect: 'Allow' },
                  ...{ Action: keepingSecrets, Resource: secretsOf(ready) },
                },
              ]
            : inBucket),
          {
            Sid: 'WriteItsLog',
            Effect: 'Allow',
            Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            Resource: logStreamsOf(ready),
          },
        ]),
      },
    },
    InstanceProfile: {
      Type: 'AWS::IAM::InstanceProfile',
      Properties: { Roles: [ref('Role')] },
    },
    LaunchTemplate: launchTemplateOf(ready),
    Instances: {
      Type: 'AWS::AutoScaling::AutoScalingGroup',
      DependsOn: ['RolePolicy'],
      Properties: {
        MinSize: String(instances),
        MaxSize: String(instances),
        VPCZoneIdentifier: subnets,
        LaunchTemplate: {
          LaunchTemplateId: ref('LaunchTemplate'),
          Version: attribute('LaunchTemplate', 'LatestVersionNumber'),
        },
        Tags: [{ Key: 'Environment', Value: environment, PropagateAtLaunch: true }],
      },
    },
  }
}

/** Versions are kept, and nothing out here removes a key. */
const inBucket: readonly { readonly [name: string]: Value }[] = [
  {
    Sid: 'KeepRecords',
    Effect: 'Allow',
    Action: ['s3:GetObject', 's3:PutObject'],
    Resource: sub(`\${Bucket.Arn}/*`),
  },
  // Without it a record that is not there would look like one that is denied.
  {
    Sid: 'ListRecords',
    Effect: 'Allow',
    Action: 's3:ListBucket',
    Resource: attribute('Bucket', 'Arn'),
  },
]

const launchTemplateOf = (ready: ReadyEnclave): Resource => ({
  Type: 'AWS::EC2::LaunchTemplate',
  Properties: {
    LaunchTemplateData: {
      ImageId: ready.amiId,
      InstanceType: ready.instanceType,
      EnclaveOptions: { Enabled: true },
      // Credentials by tokens of a session, and no further than the instance itself.
      MetadataOptions: {
        HttpEndpoint: 'enabled',
        HttpTokens: 'required',
        HttpPutResponseHopLimit: 1,
      },
      IamInstanceProfile: { Arn: attribute('InstanceProfile', 'Arn') },
      NetworkInterfaces: [
        {
          DeviceIndex: 0,
          AssociatePublicIpAddress: false,
          DeleteOnTermination: true,
          Groups: [attribute('SecurityGroup', 'GroupId')],
        },
      ],
      BlockDeviceMappings: [
        {
          DeviceName: '/dev/xvda',
          Ebs: { Encrypted: true, VolumeType: 'gp3', VolumeSize: 16, DeleteOnTermination: true },
        },
      ],
      UserData: { 'Fn::Base64': sub(userDataOf(ready)) },
      TagSpecifications: [
        { ResourceType: 'volume', Tags: tagsOf({ Environment: ready.environment }) },
      ],
    },
  },
})

/** Sets up what the image of the machine brings. Nothing in it is secret: whoever is on the instance reads it. */
const userDataOf = (ready: ReadyEnclave): string => `#!/bin/bash
set -euo pipefail
mkdir -p /etc/fcl-kms /etc/nitro_enclaves
cat > /etc/nitro_enclaves/allocator.yaml <<'END'
---
memory_mib: ${ready.memoryMib}
cpu_count: ${ready.cpuCount}
END
cat > /etc/fcl-kms/enclave.env <<'END'
AWS_REGION=\${AWS::Region}
ENCLAVE_IMAGE=/opt/fcl-kms/enclave.eif
ENCLAVE_CPU_COUNT=${ready.cpuCount}
ENCLAVE_MEMORY_MIB=${ready.memoryMib}
${ready.keys.length === 0 ? '' : `ENCLAVE_KEYS=${ready.keys.join()}\n`}KMS_HOST=kms.\${AWS::Region}.\${AWS::URLSuffix}:443
DOOR_PORT=${ready.doorPort}
${
  ready.records === 'secrets'
    ? `RECORDS_SECRETS=${prefixOf(ready.environment)}`
    : `RECORDS_BUCKET=\${Bucket}`
}
LOG_GROUP=${logGroupOf(ready.environment)}
END
cat > /etc/systemd/system/fcl-kms-enclave.service <<'END'
[Unit]
Description=The parent of the enclave
Requires=nitro-enclaves-allocator.service
After=network-online.target nitro-enclaves-allocator.service
[Service]
EnvironmentFile=/etc/fcl-kms/enclave.env
ExecStart=/usr/bin/node /opt/fcl-kms/parent.mjs
DynamicUser=yes
SupplementaryGroups=ne
RuntimeDirectory=fcl-kms
NoNewPrivileges=yes
ProtectHome=yes
ProtectSystem=strict
ReadWritePaths=/run/nitro_enclaves /var/log/nitro_enclaves
PrivateTmp=yes
Restart=always
RestartSec=5
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable --now nitro-enclaves-allocator.service fcl-kms-enclave.service
`
