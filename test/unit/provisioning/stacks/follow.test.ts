import { deployStack } from '../../../../src/provisioning/index.ts'
import {
  type CloudFormationEndpoint,
  eventsOf,
  failed,
  fault,
  missing,
  resultOf,
  stackIn,
  startCloudFormation,
  type ToldEvent,
} from './cloudformation-endpoint.ts'

let aws: CloudFormationEndpoint
beforeEach(async () => {
  aws = await startCloudFormation()
})
afterEach(() => aws[Symbol.asyncDispose]())

describe('following', () => {
  const inProgress = stackIn('CREATE_IN_PROGRESS')

  it('tells each event once, from the first after it began, over all pages', async () => {
    const told: string[] = []
    aws.say('DescribeStacks', missing, inProgress, stackIn('CREATE_COMPLETE'))
    const paged = { result: { ...resultOf(eventsOf(['4', 'Key', 'DONE'])), NextToken: 'more' } }
    aws.say(
      'DescribeStackEvents',
      eventsOf(['1', 'Key', 'OLD']),
      eventsOf(['2', 'Key', 'BEGUN'], ['1', 'Key', 'OLD']),
      paged,
      eventsOf(['3', 'Key', 'GOING'], ['2', 'Key', 'BEGUN'], ['1', 'Key', 'OLD']),
    )
    const onProgress = ({ status }: { status: string }) => told.push(status)
    await deployStack({ ...aws.options(), onProgress })
    expect(told).toEqual(['BEGUN', 'GOING', 'DONE'])
  })

  it('goes on when AWS does not answer for a while', async () => {
    const away = fault('ServiceUnavailable', 'later', 503)
    aws.say('DescribeStacks', missing, away, stackIn('CREATE_COMPLETE'))
    expect(await deployStack(aws.options())).toMatchObject({ result: 'created' })
  })

  it('ends with STACK_UNSETTLED after its time, and leaves all to CloudFormation', async () => {
    aws.say('DescribeStacks', missing, inProgress)
    await expect(deployStack(aws.options({ timeoutMs: 20 }))).rejects.toEqual(
      failed('STACK_UNSETTLED', { status: 'CREATE_IN_PROGRESS' }),
    )
    expect(aws.calls().filter((call) => /^Delete/.test(call))).toEqual([])
  })

  it('ends with an abort, and leaves all to CloudFormation', async () => {
    aws.say('DescribeStacks', missing, inProgress)
    aws.say('DescribeStackEvents', eventsOf(), eventsOf(['1', 'Key', 'CREATE_IN_PROGRESS']))
    const controller = new AbortController()
    const reason = new Error('enough')
    const onProgress = () => controller.abort(reason)
    const { signal } = controller
    await expect(deployStack({ ...aws.options(), signal, onProgress })).rejects.toBe(reason)
    expect(aws.calls()).toContain('ExecuteChangeSet')
    expect(aws.calls().filter((call) => /^Delete/.test(call))).toEqual([])
  })

  it('ends with what forbids to look', async () => {
    const message = 'User: x is not authorized to perform: cloudformation:DescribeStacks'
    aws.say('DescribeStacks', missing, fault('AccessDenied', message, 403))
    await expect(deployStack(aws.options())).rejects.toEqual(
      failed('AWS_DENIED', { operation: 'cloudformation:DescribeStacks' }),
    )
  })
})

describe('a failure', () => {
  const failing = (status: string, ...events: readonly ToldEvent[]) => {
    aws.say('DescribeStacks', missing, stackIn(status))
    aws.say('DescribeStackEvents', eventsOf(), eventsOf(...events))
  }

  it('names the first resource that failed by itself, and the action that was denied', async () => {
    const reason = 'User: x is not authorized to perform: kms:TagResource on resource: *'
    failing(
      'ROLLBACK_COMPLETE',
      ['4', 'keys', 'ROLLBACK_IN_PROGRESS', 'The following resources failed'],
      ['3', 'Key', 'CREATE_FAILED', reason],
      ['2', 'Other', 'CREATE_FAILED', 'Resource creation cancelled'],
      ['1', 'keys', 'CREATE_FAILED', 'of the stack'],
    )
    await expect(deployStack(aws.options())).rejects.toEqual(
      failed('STACK_FAILED', {
        ...{ status: 'ROLLBACK_COMPLETE', resource: 'Key (AWS::KMS::Key)', rolledBack: true },
        ...{ reason, deniedAction: 'kms:TagResource' },
      }),
    )
  })

  it('of the stack alone is told as that', async () => {
    failing('UPDATE_ROLLBACK_FAILED', ['1', 'keys', 'UPDATE_ROLLBACK_FAILED', 'a hook\n failed'])
    await expect(deployStack(aws.options())).rejects.toEqual(
      failed('STACK_FAILED', {
        ...{ resource: 'keys (AWS::CloudFormation::Stack)', reason: 'a hook failed' },
        ...{ rolledBack: false, deniedAction: '' },
      }),
    )
  })

  it('without an event is told without a reason', async () => {
    failing('ROLLBACK_COMPLETE')
    await expect(deployStack(aws.options())).rejects.toEqual(
      failed('STACK_FAILED', { resource: 'the stack', reason: expect.stringMatching(/no reason/) }),
    )
  })

  it('of a stack that somebody deleted meanwhile is told', async () => {
    aws.say('DescribeStacks', missing)
    await expect(deployStack(aws.options())).rejects.toEqual(
      failed('STACK_FAILED', { status: 'DELETE_COMPLETE' }),
    )
  })
})
