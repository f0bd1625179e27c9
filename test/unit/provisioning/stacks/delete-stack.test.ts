import { type DeleteStackOptions, deleteStack } from '../../../../src/provisioning/index.ts'
import {
  type CloudFormationEndpoint,
  deployedTemplate,
  eventsOf,
  failed,
  missing,
  stackIn,
  startCloudFormation,
} from './cloudformation-endpoint.ts'

let aws: CloudFormationEndpoint
beforeEach(async () => {
  aws = await startCloudFormation()
  aws.say('DescribeStacks', stackIn('CREATE_COMPLETE'), missing)
})
afterEach(() => aws[Symbol.asyncDispose]())

const options = (changes: Partial<DeleteStackOptions> = {}): DeleteStackOptions => {
  const { name, kind, client } = aws.options()
  return { name, kind, client, pollMs: 1, ...changes }
}
const isDeleted = () => aws.calls().includes('DeleteStack')

describe('a stack', () => {
  it('that is not there is STACK_NOT_FOUND', async () => {
    aws.say('DescribeStacks', missing)
    await expect(deleteStack(options())).rejects.toEqual(
      failed('STACK_NOT_FOUND', { stackName: 'keys', region: 'us-east-1' }),
    )
    expect(isDeleted()).toBe(false)
  })

  it.each(['UPDATE_IN_PROGRESS', 'DELETE_IN_PROGRESS'])('in %s is STACK_BUSY', async (status) => {
    aws.say('DescribeStacks', stackIn(status))
    await expect(deleteStack(options())).rejects.toEqual(failed('STACK_BUSY', { status }))
    expect(isDeleted()).toBe(false)
  })

  it('of another kind is STACK_FOREIGN', async () => {
    aws.say('GetTemplate', deployedTemplate('watch'))
    await expect(deleteStack(options())).rejects.toEqual(
      failed('STACK_FOREIGN', { kind: 'signing-keys', reason: 'it is a stack of the kind watch' }),
    )
    expect(isDeleted()).toBe(false)
  })

  it('of another account is refused', async () => {
    await expect(deleteStack(options({ accountId: '111122223333' }))).rejects.toEqual(
      failed('AWS_TARGET_MISMATCH', { field: 'account', expected: '111122223333' }),
    )
    expect(isDeleted()).toBe(false)
  })

  it('that nothing was made of goes without a look at its template', async () => {
    aws.say('DescribeStacks', stackIn('REVIEW_IN_PROGRESS'), missing)
    expect(await deleteStack(options())).toMatchObject({ name: 'keys', kept: [] })
    expect(aws.calls()).not.toContain('GetTemplate')
  })

  it('that has gone tells what was kept', async () => {
    const resource = (LogicalResourceId: string, ResourceType: string) => ({
      ...{ LogicalResourceId, ResourceType, PhysicalResourceId: `id-of-${LogicalResourceId}` },
      ...{ Timestamp: '2026-11-28T00:00:00Z', ResourceStatus: 'CREATE_COMPLETE' },
    })
    const StackResources = [resource('Key', 'AWS::KMS::Key'), resource('Role', 'AWS::IAM::Role')]
    aws.say('DescribeStackResources', { result: { StackResources } })
    aws.say(
      'DescribeStackEvents',
      eventsOf(),
      eventsOf(['2', 'Key', 'DELETE_SKIPPED'], ['1', 'Role', 'DELETE_COMPLETE']),
    )
    expect((await deleteStack(options())).kept).toEqual([
      { logicalId: 'Key', type: 'AWS::KMS::Key', physicalId: 'id-of-Key' },
    ])
  })

  it('that does not go is STACK_FAILED with the event that explains it', async () => {
    const reason = 'User: x is not authorized to perform: iam:DeleteRole on resource: role'
    aws.say('DescribeStacks', stackIn('CREATE_COMPLETE'), stackIn('DELETE_FAILED'))
    aws.say('DescribeStackEvents', eventsOf(), eventsOf(['1', 'Role', 'DELETE_FAILED', reason]))
    await expect(deleteStack(options())).rejects.toEqual(
      failed('STACK_FAILED', { status: 'DELETE_FAILED', reason, deniedAction: 'iam:DeleteRole' }),
    )
  })

  it('that does not go in time is STACK_UNSETTLED', async () => {
    aws.say('DescribeStacks', stackIn('CREATE_COMPLETE'), stackIn('DELETE_IN_PROGRESS'))
    await expect(deleteStack(options({ timeoutMs: 20 }))).rejects.toEqual(
      failed('STACK_UNSETTLED', { status: 'DELETE_IN_PROGRESS' }),
    )
  })
})

describe('options', () => {
  it.each<[string, object]>([
    ['name', { name: '1' }],
    ['kind', { kind: 'Keys' }],
    ['accountId', { accountId: '1' }],
    ['pollMs', { pollMs: 0 }],
    ['timeoutMs', { timeoutMs: -1 }],
    ['onProgress', { onProgress: 'x' }],
    ['template', { template: {} }],
  ])('with a wrong %s are refused', async (option, changes) => {
    await expect(deleteStack({ ...options(), ...changes })).rejects.toEqual(
      failed('INVALID_OPTION', { option }),
    )
    expect(aws.calls()).toEqual([])
  })
})
