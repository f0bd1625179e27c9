/** Each stack in each of its forms, with names that no account has. */

import type { Template } from '../../src/aws/index.ts'
import { stacks } from '../../src/aws/index.ts'

export const ACCOUNT = '111122223333'
export const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`
export const MULTI_REGION_KEY = KEY.replace(/key\/.*/, `key/mrk-${'1'.repeat(32)}`)
export const role = (name: string, account = ACCOUNT, partition = 'aws') =>
  `arn:${partition}:iam::${account}:role/${name}`

const admin = { environment: 'production', adminRoleArn: role('key-admin') }
const keys = [{ name: 'minter' }, { name: 'payer', keySpec: 'ECC_NIST_P256' }]
const made = { signer: { roleName: 'flow-signer', service: 'lambda' } }
const signer = {
  environment: 'production',
  keyArn: KEY,
  roleArn: role('flow-signer'),
  code: { bucket: 'code-of-ours', key: 'fcl-kms/remote-signer.zip' },
  callerRoleArns: [role('flow-backend'), role('other-team', '444455556666')],
}
const api = { kind: 'rest-api', requestsPerSecond: 100, burst: 50 }

const adminServer = {
  environment: 'production',
  keyArns: [KEY],
  roleName: 'flow-admin-server',
  service: 'ecs-tasks',
  secrets: {
    DATABASE_URL: `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:database-AbCdEf`,
  },
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: ['subnet-0123456789abcdef0'],
  routeTableIds: ['rtb-0123456789abcdef0'],
  balancerSecurityGroupId: 'sg-0123456789abcdef0',
  database: { securityGroupId: 'sg-0fedcba9876543210' },
  auditDays: 2_555,
}
const watch = {
  ...admin,
  keyArns: [KEY],
  signerRoleArns: [role('flow-signer')],
  expectedSignsPerFiveMinutes: 3_000,
}

export const PCR0: readonly string[] = ['5f'.repeat(48), 'a0'.repeat(48)]
const enclave = {
  ...admin,
  proposerRoleArn: role('release'),
  roleName: 'flow-enclave-parent',
  enclaveName: 'mint-signer',
  images: PCR0.map((pcr0) => ({ pcr0 })),
  ...{ pcr3: '33'.repeat(48), pcr8: '88'.repeat(48), pkcs11: true },
  records: 'bucket',
  amiId: 'ami-0123456789abcdef0',
  callers: [{ cidr: '10.0.3.0/24' }, { securityGroupId: 'sg-0123456789abcdef0' }],
  network: { cidr: '10.71.0.0/24' },
}

/** Options of a stack. */
export type Variant = readonly [name: string, stack: keyof typeof stacks, options: object]
export const variants: readonly Variant[] = [
  ['keys', 'signing-keys', { ...admin, ...made, keys }],
  ['keys by tag', 'signing-keys', { ...admin, ...made, keys, apartBy: 'tag', describe: true }],
  [
    'keys of a role that exists',
    'signing-keys',
    { ...admin, signer: { roleArn: role('flow-signer', '444455556666') }, keys },
  ],
  [
    'keys of several Regions',
    'signing-keys',
    { ...admin, ...made, keys, replicaRegions: ['eu-west-1', 'us-east-1'] },
  ],
  [
    'replicas',
    'signing-keys',
    {
      ...admin,
      signer: { roleArn: role('flow-signer') },
      keys: [{ name: 'minter', primaryKeyArn: MULTI_REGION_KEY }],
    },
  ],
  ['signer by Invoke', 'remote-signer', signer],
  [
    'signer with all',
    'remote-signer',
    { ...signer, roleArn: undefined, ledger: true, document: { key: 'minter' } },
  ],
  ['signer by URL', 'remote-signer', { ...signer, door: { kind: 'function-url' } }],
  ['signer by API', 'remote-signer', { ...signer, door: api, ledger: true }],
  [
    'signer by private API',
    'remote-signer',
    { ...signer, door: { ...api, vpcEndpointIds: ['vpce-0123456789abcdef0'] } },
  ],
  ['sealed keys', 'sealed-keys', { ...admin, roleName: 'flow-wallets', service: 'ecs-tasks' }],
  [
    'sealed keys of KMS',
    'sealed-keys',
    { ...admin, roleName: 'flow-wallets', service: 'ec2', keyPairsOfKms: true },
  ],
  ['enclave', 'enclave', enclave],
  [
    'enclave in a VPC that exists',
    'enclave',
    {
      ...{ ...enclave, records: 'secrets', instances: 2, cpuCount: 4, memoryMib: 2_048 },
      ...{ doorPort: 9_443, logRetentionDays: 90, instanceType: 'c6i.2xlarge' },
      keys: ['minter', 'pay-er'],
      network: {
        cidr: '10.9.0.0/16',
        vpcId: 'vpc-0123456789abcdef0',
        subnetIds: ['subnet-0123456789abcdef0'],
      },
      alarmTopicArn: `arn:aws:sns:eu-central-1:${ACCOUNT}:alarms`,
    },
  ],
  ['admin server', 'admin-server', adminServer],
  [
    'admin server with a task',
    'admin-server',
    {
      ...{ ...adminServer, roleExists: true, database: { cidr: '10.0.3.0/24', port: 5433 } },
      task: {
        image: `${ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/admin-server:1`,
        publicUrl: 'https://mint.example.com',
      },
    },
  ],
  [
    'admin server on EC2',
    'admin-server',
    {
      ...{ ...adminServer, service: 'ec2', reconciliation: false, logRetentionDays: 90 },
      keyArns: [MULTI_REGION_KEY],
    },
  ],
  ['watch', 'watch', watch],
  [
    'watch with all',
    'watch',
    {
      ...{
        ...watch,
        trail: true,
        functionName: 'fcl-kms-production',
        emails: ['keys@example.com'],
      },
      reconciliationLogGroupName: '/fcl-kms/production/admin-server',
    },
  ],
  ['watch of a trail', 'watch', { ...watch, trailLogGroupName: 'trail-of-ours' }],
]

/** Partitions whose accounts, ARNs and Regions are apart, and a Region of each. */
export const partitions: readonly (readonly [place: string, partition: string, region: string])[] =
  [
    ['China', 'aws-cn', 'cn-north-1'],
    ['GovCloud', 'aws-us-gov', 'us-gov-west-1'],
  ]

/** The same options, with each ARN and each Region of another partition. */
export const inPartition = (options: object, partition: string, region: string): object =>
  JSON.parse(
    JSON.stringify(options)
      .replaceAll('arn:aws:', `arn:${partition}:`)
      .replace(/"replicaRegions":\[.*?\]/, `"replicaRegions":["${region.slice(0, -1)}2"]`)
      .replaceAll('eu-central-1', region)
      .replaceAll('cn-north-1.amazonaws.com/', 'cn-north-1.amazonaws.com.cn/'),
  )

/** Each variant in each of those partitions, but for function URLs, which GovCloud has not. */
export const variantsElsewhere: readonly Variant[] = partitions.flatMap(
  ([place, partition, region]) =>
    variants
      .filter(([name]) => place !== 'GovCloud' || name !== 'signer by URL')
      .map(
        ([name, stack, options]): Variant => [
          `${name} in ${place}`,
          stack,
          inPartition(options, partition, region),
        ],
      ),
)

export const templateOf = (name: keyof typeof stacks, options: object): Template =>
  stacks[name].build(JSON.parse(JSON.stringify(options)))
