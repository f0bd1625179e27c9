/** China and GovCloud: accounts, ARNs and Regions apart, and some names of their own. */
import {
  inspectionPolicy,
  permissionBoundary,
  signingPolicy,
  stacks,
  type Template,
} from '../../../../src/aws/index.ts'
import {
  inPartition,
  partitions,
  role,
  templateOf,
  type Variant,
  variants,
  variantsElsewhere,
} from '../../../support/stack-variants.ts'

const found = (template: Template, pattern: RegExp) => [
  ...new Set(JSON.stringify(template).match(pattern) ?? []),
]
const optionsOf = (name: string): Variant => {
  const variant = variants.find(([each]) => each === name)
  if (variant === undefined) throw new Error(`there is no variant ${name}`)
  return variant
}
const buildIn = (name: string, partition: string, region: string) => {
  const [, stack, options] = optionsOf(name)
  return templateOf(stack, inPartition(options, partition, region))
}

describe('a stack of another partition', () => {
  it.each(variantsElsewhere)('%s names nothing of another', (name, stack, options) => {
    const [, partition, region] = partitions.find(([place]) => name.endsWith(place)) ?? []
    const template = templateOf(stack, options)
    const arns = found(template, /arn:aws[a-z-]*/g)
    expect(arns.filter((arn) => arn !== `arn:${partition}`)).toEqual([])
    const regions = found(template, /\b(us|eu|cn)(-gov)?-[a-z]+-\d\b/g)
    expect(regions.filter((each) => each.slice(0, -1) !== region?.slice(0, -1))).toEqual([])
  })

  it.each(partitions)('in %s has the principals of its services', (_, partition, region) => {
    const names = variants
      .filter(([name]) => partition === 'aws-cn' || name !== 'signer by URL')
      .flatMap(([name]) =>
        found(buildIn(name, partition, region), /[\w-]+\.amazonaws\.com(\.\w+)?/g),
      )
    const services = new Set(names.filter((name) => !/^(kms|cn-|us-gov-)/.test(name)))
    expect([...services].sort()).toEqual([
      'apigateway.amazonaws.com',
      'cloudformation.amazonaws.com',
      'cloudtrail.amazonaws.com',
      'cloudwatch.amazonaws.com',
      // In China, and of EC2 alone.
      partition === 'aws-cn' ? 'ec2.amazonaws.com.cn' : 'ec2.amazonaws.com',
      'ecs-tasks.amazonaws.com',
      'events.amazonaws.com',
      'lambda.amazonaws.com',
    ])
  })

  it.each([['Europe', 'aws', 'eu-central-1'] as const, ...partitions])(
    'in %s has endpoints by the names that KMS, Secrets Manager, CloudTrail and gateways of S3 have in all',
    (_, partition, region) => {
      const { Resources } = buildIn('admin server', partition, region)
      const names = Object.values(Resources).flatMap(({ Type, Properties }) =>
        Type === 'AWS::EC2::VPCEndpoint' ? [Properties?.['ServiceName']] : [],
      )
      expect(names).toEqual(
        ['kms', 'secretsmanager', 'cloudtrail', 's3'].map(
          (service) => `com.amazonaws.${region}.${service}`,
        ),
      )
    },
  )

  it.each([
    ['aws', 'eu-central-1', 'arm64'],
    ['aws-cn', 'cn-north-1', 'x86_64'],
    ['aws-us-gov', 'us-gov-west-1', 'x86_64'],
  ])('of %s runs its Lambda on what each of its Regions has', (partition, region, architecture) => {
    const { Resources } = buildIn('signer by API', partition, region)
    expect(Resources['Function']?.Properties?.['Architectures']).toEqual([architecture])
  })
})

const china = (arn: string) => arn.replace('arn:aws:', 'arn:aws-cn:')
const keyIn = (partition: string, region: string) =>
  `arn:${partition}:kms:${region}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab`

describe('an ARN or a Region of another partition', () => {
  it.each<[string, string, object, string]>([
    ['a role that signs', 'keys', { signer: { roleArn: china(role('a')) } }, 'signer.roleArn'],
    ['the Region of a replica', 'keys', { replicaRegions: ['cn-north-1'] }, 'replicaRegions'],
    [
      'a primary key',
      'replicas',
      {
        keys: [
          {
            name: 'minter',
            primaryKeyArn: `arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-${'1'.repeat(32)}`,
          },
        ],
      },
      'keys.primaryKeyArn',
    ],
    ['a key', 'signer by API', { keyArn: keyIn('aws', 'cn-north-1') }, 'keyArn'],
    ['a key', 'signer by API', { keyArn: keyIn('aws-cn', 'eu-central-1') }, 'keyArn'],
    ['a key', 'signer by API', { keyArn: keyIn('aws-us-gov', 'eu-central-1') }, 'keyArn'],
    ['a role', 'signer by API', { roleArn: china(role('a')) }, 'roleArn'],
    ['a caller', 'signer by API', { callerRoleArns: [china(role('a'))] }, 'callerRoleArns'],
    [
      'one key of two',
      'admin server',
      { keyArns: [keyIn('aws', 'eu-central-1'), keyIn('aws-cn', 'cn-north-1')] },
      'keyArns',
    ],
    [
      'a secret',
      'admin server',
      {
        secrets: {
          DATABASE_URL: 'arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:a-AbCdEf',
        },
      },
      'secrets.DATABASE_URL',
    ],
    [
      'an image of ECR',
      'admin server',
      {
        task: {
          image: '111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/a:1',
          publicUrl: 'https://a.example',
        },
      },
      'task.image',
    ],
    ['an administrator', 'watch', { adminRoleArn: china(role('a')) }, 'adminRoleArn'],
    ['a role that signs', 'watch', { signerRoleArns: [china(role('a'))] }, 'signerRoleArns'],
    ['a key', 'watch', { keyArns: [keyIn('aws-us-gov', 'cn-north-1')] }, 'keyArns'],
  ])('of %s is refused by %s', (_, name, change, option) => {
    const [, stack, options] = optionsOf(name)
    expect(() => stacks[stack].build({ ...options, ...change })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: { option, reason: expect.stringMatching(/of the partition aws/) },
      }),
    )
  })

  it('of a key is refused beside keys of another by a policy alone', () => {
    const keyArns = [keyIn('aws', 'eu-central-1'), keyIn('aws-cn', 'cn-north-1')]
    for (const policy of [signingPolicy, inspectionPolicy, permissionBoundary])
      expect(() => policy({ keyArns })).toThrow(
        expect.objectContaining({
          code: 'INVALID_OPTION',
          context: { option: 'keyArns', reason: expect.stringContaining('several partitions') },
        }),
      )
  })

  it('is not needed for a function URL in GovCloud, which has none', () => {
    const [, stack, options] = optionsOf('signer by URL')
    const there = inPartition(options, 'aws-us-gov', 'us-gov-west-1')
    expect(() => stacks[stack].build(there)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: { option: 'door.kind', reason: expect.stringContaining('rest-api') },
      }),
    )
  })
})
