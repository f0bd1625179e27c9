/** What the parts of each stack are, beyond their policies. */
import type { Resource, Template } from '../../../../src/aws/index.ts'
import { KEY, role } from '../../../support/stack-variants.ts'
import { build, every, ofType, properties } from '../../../support/template-parts.ts'

const only = (template: Template, type: RegExp): readonly [string, Resource] => {
  const [found, ...more] = ofType(template, type)
  if (found === undefined || more.length > 0) throw new Error(`not one ${type}`)
  return found
}

describe('a signing key', () => {
  it('signs, by the curve that was asked for', () => {
    const template = build('keys')
    expect(properties(template, 'KeyMinter')).toMatchObject({
      ...{ KeySpec: 'ECC_SECG_P256K1', KeyUsage: 'SIGN_VERIFY', Enabled: true },
    })
    expect(properties(template, 'KeyPayer')).toMatchObject({ KeySpec: 'ECC_NIST_P256' })
  })

  it('is of one Region unless replicas are asked for', () => {
    expect(properties(build('keys'), 'KeyMinter')).not.toHaveProperty('MultiRegion')
    expect(properties(build('keys of several Regions'), 'KeyMinter')).toMatchObject({
      MultiRegion: true,
    })
  })

  it('waits for the role that its policy names', () => {
    expect(build('keys').Resources['KeyMinter']?.DependsOn).toEqual(['SignerRole'])
    const existing = build('keys of a role that exists')
    expect(existing.Resources['KeyMinter']).not.toHaveProperty('DependsOn')
    expect(existing.Resources).not.toHaveProperty('SignerRole')
  })

  it('has an alias of its environment', () => {
    expect(properties(build('keys'), 'KeyMinterAlias')).toEqual({
      AliasName: 'alias/fcl-kms/production/minter',
      TargetKeyId: { Ref: 'KeyMinter' },
    })
  })

  it.each(
    every(/^AWS::KMS::Key$/).filter(([, { Properties }]) => !('KeySpec' in (Properties ?? {}))),
  )('is not %s, which encrypts and is rotated each year', (_, { Properties }) => {
    expect(Properties).toMatchObject({ EnableKeyRotation: true })
  })
})

describe('the remote signer', () => {
  const VERSION = /^AWS::Lambda::Version$/
  const versionOf = (change: object = {}) => only(build('signer by API', change), VERSION)[0]

  it('is called by its alias, which leads to the version of the stack', () => {
    const template = build('signer by API')
    expect(properties(template, 'Alias')).toMatchObject({
      Name: 'live',
      FunctionVersion: { 'Fn::GetAtt': [versionOf(), 'Version'] },
    })
    expect(properties(template, 'ApiInvocation')).toMatchObject({ FunctionName: { Ref: 'Alias' } })
    const url = build('signer by URL')
    expect(properties(url, 'Url')).toMatchObject({ Qualifier: 'live', AuthType: 'AWS_IAM' })
  })

  it('has the same version for the same options', () => {
    expect(versionOf()).toBe(versionOf())
  })

  it.each<[string, object]>([
    ['other code', { code: { bucket: 'code-of-ours', key: 'fcl-kms/another.zip' } }],
    ['another document', { document: { key: 'minter' } }],
    ['another key', { keyArn: KEY.replace(/.{4}$/, '0000') }],
    ['another role', { roleArn: role('another') }],
    ['more memory', { memoryMb: 1_024 }],
  ])('has another version for %s', (_, change) => {
    expect(versionOf(change)).not.toBe(versionOf())
  })

  it('deploys its API again when the door or the callers change', () => {
    const deployed = (change: object = {}) =>
      only(build('signer by API', change), /^AWS::ApiGateway::Deployment$/)[0]
    expect(deployed({ memoryMb: 1_024 })).toBe(deployed())
    expect(deployed({ callerRoleArns: [role('another')] })).not.toBe(deployed())
    const door = { kind: 'rest-api', requestsPerSecond: 100, burst: 50, path: 'another' }
    expect(deployed({ door })).not.toBe(deployed())
  })

  it('throttles its API, asks for IAM, and is private behind endpoints', () => {
    const template = build('signer by API')
    expect(properties(template, 'ApiStage')).toMatchObject({
      MethodSettings: [{ ThrottlingRateLimit: 100, ThrottlingBurstLimit: 50 }],
    })
    expect(properties(template, 'ApiMethod')).toMatchObject({
      ...{ HttpMethod: 'POST', AuthorizationType: 'AWS_IAM' },
    })
    expect(properties(template, 'Api')).toMatchObject({
      EndpointConfiguration: { Types: ['REGIONAL'] },
    })
    expect(properties(build('signer by private API'), 'Api')).toMatchObject({
      EndpointConfiguration: { Types: ['PRIVATE'], VpcEndpointIds: ['vpce-0123456789abcdef0'] },
    })
  })

  it('gives its policy to the callers of its own account, and tells it to the others', () => {
    const template = build('signer by API')
    expect(properties(template, 'CallerPolicy')).toMatchObject({ Roles: ['flow-backend'] })
    expect(template.Outputs['CallerPolicyArn']?.Value).toEqual({ Ref: 'CallerPolicy' })
    const others = { callerRoleArns: [role('other-team', '444455556666')] }
    expect(properties(build('signer by API', others), 'CallerPolicy')).not.toHaveProperty('Roles')
  })

  it('is told its key, its ledger and its document', () => {
    expect(properties(build('signer with all'), 'Function')).toMatchObject({
      Environment: {
        Variables: {
          KMS_KEY_ID: KEY,
          LEDGER_TABLE: { Ref: 'LedgerTable' },
          SIGNER_DOCUMENT: '{"key":"minter"}',
        },
      },
    })
    expect(properties(build('signer by Invoke'), 'Function')['Environment']).toEqual({
      Variables: { KMS_KEY_ID: KEY },
    })
  })
})

describe('the admin server', () => {
  it('is let out to endpoints and nodes by TLS, and to its database', () => {
    const egress = (name: string) => properties(build(name), 'SecurityGroup')['SecurityGroupEgress']
    const tls = { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '0.0.0.0/0' }
    expect(egress('admin server')).toEqual([
      expect.objectContaining(tls),
      expect.objectContaining({
        ...{ IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432 },
        DestinationSecurityGroupId: 'sg-0fedcba9876543210',
      }),
    ])
    expect(egress('admin server with a task')).toEqual([
      expect.objectContaining(tls),
      expect.objectContaining({ FromPort: 5433, ToPort: 5433, CidrIp: '10.0.3.0/24' }),
    ])
  })

  it('is reached by the balancer alone', () => {
    expect(properties(build('admin server'), 'SecurityGroup')['SecurityGroupIngress']).toEqual([
      expect.objectContaining({
        ...{ FromPort: 8080, ToPort: 8080, SourceSecurityGroupId: 'sg-0123456789abcdef0' },
      }),
    ])
  })

  it('has the endpoint of CloudTrail when it reads CloudTrail', () => {
    expect(build('admin server').Resources).toHaveProperty('TrailEndpoint')
    expect(build('admin server', { reconciliation: false }).Resources).not.toHaveProperty(
      'TrailEndpoint',
    )
  })

  it('is run by a task that gets secrets as variables and writes to its log', () => {
    const [container] = properties(build('admin server with a task'), 'TaskDefinition')[
      'ContainerDefinitions'
    ] as [object] // of our template
    expect(container).toMatchObject({
      ReadonlyRootFilesystem: true,
      Environment: [
        { Name: 'AWS_REGION', Value: 'eu-central-1' },
        { Name: 'HOST', Value: '0.0.0.0' },
        { Name: 'PUBLIC_URL', Value: 'https://mint.example.com' },
      ],
      Secrets: [{ Name: 'DATABASE_URL', ValueFrom: expect.stringMatching(/:secret:database-/) }],
      LogConfiguration: { Options: { 'awslogs-group': { Ref: 'LogGroup' } } },
    })
  })
})

describe('the enclave', () => {
  const template = build('enclave')
  const launched = properties(template, 'LaunchTemplate')['LaunchTemplateData']

  it('is launched with enclaves, tokens that stay on the instance, and an encrypted disk', () => {
    expect(launched).toMatchObject({
      EnclaveOptions: { Enabled: true },
      MetadataOptions: {
        HttpEndpoint: 'enabled',
        HttpTokens: 'required',
        HttpPutResponseHopLimit: 1,
      },
      BlockDeviceMappings: [{ Ebs: { Encrypted: true } }],
      NetworkInterfaces: [{ AssociatePublicIpAddress: false }],
    })
    expect(launched).not.toHaveProperty('KeyName')
  })

  it('has its share of processors and memory, and starts again when it ends', () => {
    const { UserData } = properties(build('enclave in a VPC that exists'), 'LaunchTemplate')[
      'LaunchTemplateData'
    ] as { UserData: { 'Fn::Base64': { 'Fn::Sub': string } } } // of our template
    const script = UserData['Fn::Base64']['Fn::Sub']
    expect(script).toContain('---\nmemory_mib: 2048\ncpu_count: 4\nEND\n')
    expect(script).toContain('\nRestart=always\n')
    // Else nitro-cli has no place for its sockets and its log.
    expect(script).toContain('\nReadWritePaths=/run/nitro_enclaves /var/log/nitro_enclaves\n')
    expect(script).toContain('\nRECORDS_SECRETS=fcl-kms/production/enclave/\n')
    expect(script.match(/\$\{[^}]+\}/g)?.every((name) => name.startsWith('${AWS::'))).toBe(true)
  })

  it('has a key that asks for PCR3 and PCR8 where they are given, and for PCR0 always', () => {
    const asked = (change: object) =>
      JSON.stringify(properties(build('enclave', change), 'WrappingKey')).match(
        /RecipientAttestation:\w+/g,
      )
    expect(asked({})?.sort()).toEqual(
      ['ImageSha384', 'PCR3', 'PCR8'].map((name) => `RecipientAttestation:${name}`),
    )
    expect(asked({ pcr3: undefined, pcr8: undefined })).toEqual([
      'RecipientAttestation:ImageSha384',
    ])
  })

  it('has a key that seals nothing where there is no PIN to be sealed', () => {
    const sids = (change: object) =>
      JSON.stringify(properties(build('enclave', change), 'WrappingKey')).match(/"\w*ThePin\w*"/g)
    expect(sids({})).toHaveLength(3)
    expect(sids({ pkcs11: false })).toBeNull()
    const { KeyPolicy } = properties(build('enclave', { pkcs11: false }), 'WrappingKey')
    const { Statement } = KeyPolicy as { Statement: { Sid: string; Action: string[] }[] } // of ours
    const [never] = Statement.filter(({ Sid }) => Sid === 'NobodyEver')
    expect(never).toMatchObject({ Effect: 'Deny', Principal: '*' })
    expect(never?.Action).toContain('kms:Encrypt')
    expect(never).not.toHaveProperty('Condition')
  })

  it('is in subnets of two zones that lead nowhere', () => {
    const subnets = ofType(template, /^AWS::EC2::Subnet$/).map(([, { Properties }]) => Properties)
    expect(subnets).toMatchObject([
      { CidrBlock: '10.71.0.0/25', MapPublicIpOnLaunch: false },
      { CidrBlock: '10.71.0.128/25', MapPublicIpOnLaunch: false },
    ])
    expect(new Set(subnets.map((one) => JSON.stringify(one?.['AvailabilityZone']))).size).toBe(2)
    expect(ofType(template, /Gateway|Route|EIP|Nat/i)).toEqual([])
    const given = build('enclave in a VPC that exists')
    expect(ofType(given, /^AWS::EC2::(Vpc|VPC|Subnet)$/)).toEqual([])
    expect(properties(given, 'Instances')).toMatchObject({
      VPCZoneIdentifier: ['subnet-0123456789abcdef0'],
    })
  })

  it('is reached by its callers at its door, and reaches endpoints alone', () => {
    const { SecurityGroupIngress, SecurityGroupEgress } = properties(template, 'SecurityGroup')
    const door = { IpProtocol: 'tcp', FromPort: 8443, ToPort: 8443 }
    expect(SecurityGroupIngress).toEqual([
      expect.objectContaining({ ...door, CidrIp: '10.0.3.0/24' }),
      expect.objectContaining({ ...door, SourceSecurityGroupId: 'sg-0123456789abcdef0' }),
    ])
    expect(SecurityGroupEgress).toEqual([
      expect.objectContaining({
        ...{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443 },
        DestinationSecurityGroupId: { 'Fn::GetAtt': ['EndpointSecurityGroup', 'GroupId'] },
      }),
    ])
    expect(properties(template, 'EndpointSecurityGroup')['SecurityGroupIngress']).toEqual([
      expect.objectContaining({ FromPort: 443, ToPort: 443, CidrIp: '10.71.0.0/24' }),
    ])
  })

  it('has endpoints by private names for what it asks, and for nothing else', () => {
    const services = (name: string) =>
      ofType(build(name), /^AWS::EC2::VPCEndpoint$/).map(([, { Properties = {} }]) => {
        expect(Properties).toMatchObject({ PrivateDnsEnabled: true, VpcEndpointType: 'Interface' })
        return JSON.stringify(Properties['ServiceName']).match(/\.([a-z0-9]+)"/)?.[1]
      })
    expect(services('enclave')).toEqual(['kms', 'logs', 's3'])
    expect(services('enclave in a VPC that exists')).toEqual(['kms', 'logs', 'secretsmanager'])
  })

  it('raises an alarm by silence, where there is somebody to tell', () => {
    expect(ofType(template, /^AWS::CloudWatch::Alarm$/)).toEqual([])
    expect(properties(build('enclave in a VPC that exists'), 'EnclaveDownAlarm')).toMatchObject({
      ...{ ComparisonOperator: 'LessThanThreshold', Threshold: 1, TreatMissingData: 'breaching' },
      AlarmActions: ['arn:aws:sns:eu-central-1:111122223333:alarms'],
      MetricName: 'production-EnclaveUp',
    })
  })
})

describe('the watch', () => {
  const all = build('watch with all')
  const topic = { Ref: 'Topic' }

  it.each(ofType(all, /^AWS::CloudWatch::Alarm$/))('tells the topic of %s', (_, alarm) => {
    expect(alarm.Properties).toMatchObject({ AlarmActions: [topic], OKActions: [topic] })
  })

  it.each(ofType(all, /^AWS::Events::Rule$/))('tells the topic of %s', (_, rule) => {
    expect(rule.Properties).toMatchObject({
      // Sign is a read event, of which rules are not told without it.
      State: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS',
      Targets: [{ Arn: topic }],
      EventPattern: { source: ['aws.kms'], detail: { resources: { ARN: [KEY] } } },
    })
  })

  it.each([
    ['SignRateAlarm', 'GreaterThanThreshold', 3_000, 'notBreaching'],
    ['SignErrorAlarm', 'GreaterThanThreshold', 0, 'notBreaching'],
    ['KmsThrottlingAlarm', 'GreaterThanThreshold', 0, 'notBreaching'],
    ['SignerErrorAlarm', 'GreaterThanThreshold', 0, 'notBreaching'],
    ['SignerThrottlingAlarm', 'GreaterThanThreshold', 0, 'notBreaching'],
    ['RefusalAlarm', 'GreaterThanThreshold', 10, 'notBreaching'],
    ['ForeignSignatureAlarm', 'GreaterThanThreshold', 0, 'notBreaching'],
    // Silence is what this one is about.
    ['ReconciliationStoppedAlarm', 'LessThanThreshold', 1, 'breaching'],
  ])('raises %s: %s %d, silence is %s', (id, ComparisonOperator, Threshold, TreatMissingData) => {
    const expected = { ComparisonOperator, Threshold, TreatMissingData }
    expect(properties(all, id)).toMatchObject(expected)
  })

  it('has each metric of its alarms from AWS or from one of its filters', () => {
    const filtered = ofType(all, /^AWS::Logs::MetricFilter$/).map(([id]) => {
      const [{ MetricName }] = properties(all, id)['MetricTransformations'] as [
        { MetricName: string },
      ]
      return MetricName
    })
    const alarmed = ofType(all, /^AWS::CloudWatch::Alarm$/).flatMap(([, { Properties = {} }]) =>
      Properties['Namespace'] === 'fcl-kms' ? [Properties['MetricName']] : [],
    )
    expect(new Set(alarmed)).toEqual(new Set(filtered))
  })

  it('has alarms on what it is told of, and no other', () => {
    const alarms = (name: string) =>
      ofType(build(name), /^AWS::CloudWatch::Alarm$/).map(([id]) => id)
    expect(alarms('watch')).toEqual([])
    expect(alarms('watch of a trail')).toEqual([
      'SignRateAlarm',
      'SignErrorAlarm',
      'KmsThrottlingAlarm',
    ])
  })

  it('shows each alarm on its dashboard', () => {
    const body = JSON.parse(String(properties(all, 'Dashboard')['DashboardBody']))
    expect(body.widgets).toHaveLength(ofType(all, /^AWS::CloudWatch::Alarm$/).length)
  })

  it('makes a trail of all Regions that is on and can be validated', () => {
    expect(properties(all, 'Trail')).toMatchObject({
      ...{ IsLogging: true, IsMultiRegionTrail: true, EnableLogFileValidation: true },
    })
    expect(all.Resources['Trail']?.DependsOn).toEqual(['TrailBucketPolicy'])
  })

  it('asks each address of e-mail', () => {
    expect(properties(all, 'Email1')).toEqual({
      ...{ TopicArn: topic, Protocol: 'email', Endpoint: 'keys@example.com' },
    })
  })
})
