/** What every template says beyond policies: what stays, for how long, and how it is kept. */
import { build, every, properties, templates } from '../../../support/template-parts.ts'

describe('what is kept when a stack is deleted or changed', () => {
  const data =
    /^AWS::(KMS::(Key|ReplicaKey)|S3::Bucket(Policy)?|DynamoDB::Table|Logs::LogGroup|Lambda::Version)$/

  it.each(every(data))('is %s', (_, resource) => {
    expect(resource).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' })
  })

  it('is nothing that costs and holds no data', () => {
    const others = every(/./).filter(
      ([, { Type, DeletionPolicy }]) => DeletionPolicy !== undefined && !data.test(Type),
    )
    expect(others).toEqual([])
  })

  it.each(every(/^AWS::KMS::(Key|ReplicaKey)$/))(
    'waits 30 days for the deletion of %s',
    (_, key) => {
      expect(key.Properties).toMatchObject({ PendingWindowInDays: 30 })
    },
  )

  it('is a table that nobody deletes by hand either, with its last 35 days', () => {
    expect(properties(build('signer by API'), 'LedgerTable')).toMatchObject({
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    })
  })
})

describe('each log group', () => {
  it.each(every(/^AWS::Logs::LogGroup$/))('%s has an end of its lines', (name, { Properties }) => {
    expect(Properties).toMatchObject({ RetentionInDays: /on EC2|a VPC that/.test(name) ? 90 : 365 })
  })

  it('is that of the function, before the function writes', () => {
    const { Resources } = build('signer by Invoke')
    expect(Resources['LogGroup']?.Properties).toMatchObject({
      LogGroupName: '/aws/lambda/fcl-kms-production',
    })
    expect(Resources['Function']?.DependsOn).toContain('LogGroup')
  })
})

describe('each bucket', () => {
  const buckets = every(/^AWS::S3::Bucket$/)

  it.each(buckets)('%s is private, encrypted and versioned', (_, { Properties }) => {
    expect(Properties).toMatchObject({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
        ],
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      VersioningConfiguration: { Status: 'Enabled' },
    })
  })

  it.each(buckets)('%s has a policy', (name, _, template) => {
    const [, id = ''] = name.split('/')
    expect(properties(template, `${id}Policy`)).toMatchObject({ Bucket: { Ref: id } })
  })

  it('of the audit trail is locked for the days that were asked for, and no other is', () => {
    expect(properties(build('admin server', { auditDays: 90 }), 'AuditBucket')).toMatchObject({
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 90 } },
      },
    })
    const locked = buckets.filter(([, { Properties = {} }]) => 'ObjectLockEnabled' in Properties)
    expect([...new Set(locked.map(([name]) => name.split('/')[1]))]).toEqual(['AuditBucket'])
  })
})

describe('each template', () => {
  it.each(templates)('%s can be changed by nobody, and says of what stack it is', (_, template) => {
    const thaw = (value: unknown): unknown[] =>
      typeof value === 'object' && value !== null
        ? [Object.isFrozen(value), ...Object.values(value).flatMap(thaw)]
        : []
    expect(thaw(template)).not.toContain(false)
    expect(template.Metadata.FclKms).toMatchObject({
      ...{ environment: 'production', accountId: '111122223333' },
      stack: expect.stringMatching(/^[a-z-]+$/),
    })
  })

  it.each(templates)('%s is short enough to be given in one call', (_, template) => {
    expect(JSON.stringify(template).length).toBeLessThan(51_200)
  })
})
