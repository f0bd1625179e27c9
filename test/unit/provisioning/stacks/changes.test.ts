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
