import { assertKept, readChanges } from '../../../../src/provisioning/stacks/changes.ts'

const said = { replace: [], confirmReplace: [] }
const change = (ResourceType: string, Replacement: 'True' | 'False' | 'Conditional') =>
  readChanges([
    {
      ResourceChange: {
        Action: 'Modify',
        LogicalResourceId: 'One',
        ResourceType,
        Replacement,
        Details: [{ Target: { Attribute: 'Properties', Name: 'Tags' } }],
      },
    },
  ])

describe('a change of a key', () => {
  it('to a bucket is refused by what it was, however CloudFormation calls it', () => {
    const changes = change('AWS::S3::Bucket', 'False')
    expect(() => assertKept('keys', changes, { One: 'AWS::KMS::Key' }, said)).toThrow(
      expect.objectContaining({ code: 'STACK_REPLACES' }),
    )
  })

  it.each(['False', 'Conditional'] as const)('of its tags is none (%s)', (replacement) => {
    const changes = change('AWS::KMS::Key', replacement)
    expect(() => assertKept('keys', changes, { One: 'AWS::KMS::Key' }, said)).not.toThrow()
  })
})

describe('what CloudFormation says of a change', () => {
  const told = (Action: string, type: string, Replacement?: string, ...names: readonly string[]) =>
    readChanges([
      {
        ResourceChange: {
          Action: Action as 'Modify', // also what a later SDK may name
          LogicalResourceId: 'One',
          ResourceType: type,
          Replacement: Replacement as 'True',
          Details: names.map((Name) => ({ Target: { Attribute: 'Properties', Name } })),
        },
      },
    ])[0]?.action

  it.each<[string, string | undefined, string, string | undefined, readonly string[]]>([
    ['add', undefined, 'Add', 'AWS::KMS::Key', []],
    ['add', undefined, 'Import', 'AWS::KMS::Key', []],
    ['remove', undefined, 'Remove', 'AWS::KMS::Key', []],
    ['replace', undefined, 'SomethingNew', 'AWS::KMS::Key', []],
    ['replace', 'True', 'Modify', 'AWS::IAM::Role', []],
    ['replace', 'Conditional', 'Modify', 'AWS::IAM::Role', ['Path']],
    ['modify', 'False', 'Modify', 'AWS::IAM::Role', ['Path']],
    ['replace', 'False', 'Modify', 'AWS::KMS::Key', ['KeySpec']],
    ['replace', 'Conditional', 'Modify', 'AWS::KMS::Key', []],
    ['modify', 'Conditional', 'Modify', 'AWS::KMS::Key', ['KeyPolicy']],
    ['replace', 'False', 'Modify', 'AWS::S3::Bucket', ['BucketName', 'Tags']],
    ['replace', 'False', 'Modify', 'AWS::DynamoDB::Table', ['KeySchema']],
    ['replace', 'False', 'Modify', 'AWS::Logs::LogGroup', ['LogGroupName']],
    ['modify', 'False', 'Modify', 'AWS::Logs::LogGroup', ['RetentionInDays']],
  ])('is %s (%s, %s of %s, %j)', (expected, replacement, action, type = '', names) => {
    expect(told(action, type, replacement, ...names)).toBe(expected)
  })

  it('tells each property once, and nothing of what is no resource', () => {
    const target = { Target: { Attribute: 'Tags' as const } }
    const ResourceChange = { Action: 'Modify', LogicalResourceId: 'One', Details: [target, target] }
    expect(readChanges([{}, { ResourceChange: ResourceChange as never }])).toMatchObject([
      { logicalId: 'One', properties: ['Tags'] },
    ])
  })

  it.each(['AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::Logs::LogGroup'])(
    'that takes a %s away is refused until it is said twice',
    (type) => {
      const changes = [{ action: 'remove', logicalId: 'One', type, properties: [] }] as const
      const replaced = [{ ...changes[0], action: 'replace' }] as const
      expect(() => assertKept('keys', replaced, {}, said)).toThrow(`replace One (${type})`)
      const twice = { replace: ['One'], confirmReplace: ['One'] }
      expect(() => assertKept('keys', changes, {}, said)).toThrow(
        expect.objectContaining({
          code: 'STACK_REPLACES',
          context: { stackName: 'keys', resources: `remove One (${type})` },
        }),
      )
      expect(() => assertKept('keys', changes, {}, twice)).not.toThrow()
    },
  )
})
