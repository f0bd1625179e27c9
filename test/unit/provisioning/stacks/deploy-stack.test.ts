import { devNull } from 'node:os'
import { jest } from '@jest/globals'
import { deployStack, planStack } from '../../../../src/provisioning/index.ts'
import {
  type CloudFormationEndpoint,
  changeOf,
  deployedTemplate,
  failed,
  missing,
  resultOf,
  setIn,
  stackIn,
  startCloudFormation,
  template,
} from './cloudformation-endpoint.ts'

let aws: CloudFormationEndpoint
beforeEach(async () => {
  aws = await startCloudFormation()
})
afterEach(() => aws[Symbol.asyncDispose]())

/** What a call changes in the account. */
const changing = /^(Create|Execute|Delete)/

describe('a target', () => {
  const place = { accountId: '000000000000', partition: 'aws', region: 'us-east-1' }
  it.each<[string, string, object]>([
    ['account', '111122223333', { accountId: '111122223333' }],
    ['region', 'eu-west-1', { region: 'eu-west-1' }],
    ['partition', 'aws-us-gov', { partition: 'aws-us-gov' }],
  ])(
    'that is another %s than the template is made for is refused',
    async (field, expected, mark) => {
      const made = { ...template, Metadata: { FclKms: { ...place, ...mark } } }
      await expect(deployStack(aws.options({ template: made }))).rejects.toEqual(
        failed('AWS_TARGET_MISMATCH', { field, expected }),
      )
      expect(aws.calls()).toEqual(['GetCallerIdentity'])
    },
  )

  it('that is another account than was asked for is refused', async () => {
    await expect(deployStack(aws.options({ accountId: '111122223333' }))).rejects.toEqual(
      failed('AWS_TARGET_MISMATCH', { field: 'account', actual: '000000000000' }),
    )
    expect(aws.calls()).toEqual(['GetCallerIdentity'])
  })

  it.each([
    ['aws-cn', 'cn-north-1'],
    ['aws-us-gov', 'us-gov-west-1'],
  ])('in the partition %s takes ARNs of it, and none of another', async (partition, region) => {
    const Arn = `arn:${partition}:iam::000000000000:root`
    aws.say('GetCallerIdentity', { result: { Account: '000000000000', Arn, UserId: 'x' } })
    const { client } = aws.options()
    const there = { client: { ...client, region } }
    const naming = (arn: string) => ({ ...template, Metadata: { note: arn } })
    const own = { ...there, template: naming(Arn) }
    expect(await planStack(aws.options(own))).toMatchObject({ partition, region })
    const other = { ...there, template: naming('arn:aws:iam::000000000000:root') }
    await expect(planStack(aws.options(other))).rejects.toEqual(
      failed('AWS_TARGET_MISMATCH', { field: 'partition', expected: 'aws', actual: partition }),
    )
  })

  it.each(['', 'eu west 1', undefined])(
    'without a Region (%j) is AWS_REGION_INVALID',
    async (region) => {
      const { region: _, ...client } = aws.options().client
      const given = region === undefined ? client : { ...client, region }
      const env = jest.replaceProperty(process, 'env', { AWS_CONFIG_FILE: devNull })
      const deploying = deployStack(aws.options({ client: given }))
      await expect(deploying).rejects.toEqual(failed('AWS_REGION_INVALID'))
      env.restore()
      expect(aws.calls()).toEqual([])
    },
  )
})

describe('a stack that is there', () => {
  it.each(['CREATE_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS', 'DELETE_IN_PROGRESS'])(
    'in %s is STACK_BUSY, and is not touched',
    async (status) => {
      aws.say('DescribeStacks', stackIn(status))
      await expect(deployStack(aws.options())).rejects.toEqual(
        failed('STACK_BUSY', { stackName: 'keys', status }),
      )
      expect(aws.calls().filter((call) => changing.test(call))).toEqual([])
    },
  )

  it.each([
    ['ROLLBACK_COMPLETE', /delete it/],
    ['ROLLBACK_FAILED', /delete it/],
    ['CREATE_FAILED', /delete it/],
    ['DELETE_FAILED', /delete it/],
    ['UPDATE_ROLLBACK_FAILED', /continue-update-rollback/],
    ['UPDATE_FAILED', /rollback-stack/],
  ])('in %s is STACK_STUCK with its remedy, and is not touched', async (status, remedy) => {
    aws.say('DescribeStacks', stackIn(status))
    await expect(deployStack(aws.options())).rejects.toEqual(
      failed('STACK_STUCK', { status, remedy: expect.stringMatching(remedy) }),
    )
    expect(aws.calls().filter((call) => changing.test(call))).toEqual([])
  })

  it.each<[string, string | undefined, RegExp]>([
    ['another kind', JSON.stringify({ Metadata: { FclKms: { stack: 'watch' } } }), /kind watch/],
    ['no kind', JSON.stringify({ Resources: {} }), /not made by fcl-kms/],
    ['a kind that is no text', JSON.stringify({ Metadata: { FclKms: { stack: 1 } } }), /not made/],
    ['YAML', 'Resources:\n  Key:\n    Type: AWS::KMS::Key', /not made by fcl-kms/],
    ['nothing', undefined, /not made by fcl-kms/],
  ])('of %s is STACK_FOREIGN, and is not touched', async (_, TemplateBody, reason) => {
    aws.say('DescribeStacks', stackIn('CREATE_COMPLETE'))
    aws.say('GetTemplate', { result: { TemplateBody } })
    await expect(deployStack(aws.options())).rejects.toEqual(
      failed('STACK_FOREIGN', { kind: 'signing-keys', reason: expect.stringMatching(reason) }),
    )
    expect(aws.calls().filter((call) => changing.test(call))).toEqual([])
  })

  it('and was deleted is made anew', async () => {
    aws.say('DescribeStacks', stackIn('DELETE_COMPLETE'), stackIn('CREATE_COMPLETE'))
    expect(await deployStack(aws.options())).toMatchObject({ result: 'created', exists: false })
    expect(aws.inputs('CreateChangeSet')[0]?.get('ChangeSetType')).toBe('CREATE')
  })

  it('and only waits for a change set that nobody took is made', async () => {
    aws.say('DescribeStacks', stackIn('REVIEW_IN_PROGRESS'), stackIn('CREATE_COMPLETE'))
    expect(await deployStack(aws.options())).toMatchObject({ result: 'created', exists: false })
    expect(aws.inputs('CreateChangeSet')[0]?.get('ChangeSetType')).toBe('CREATE')
  })
})

describe('a change set', () => {
  it('that CloudFormation refuses is STACK_CHANGE_REFUSED, and goes with the stack made for it', async () => {
    const refused = setIn('FAILED', { StatusReason: 'Template error:\n no such type' })
    aws.say('DescribeChangeSet', refused)
    aws.say('DescribeStacks', missing, stackIn('REVIEW_IN_PROGRESS'))
    await expect(deployStack(aws.options())).rejects.toEqual(
      failed('STACK_CHANGE_REFUSED', { reason: 'Template error: no such type' }),
    )
    expect(aws.calls().filter((call) => changing.test(call))).toEqual([
      ...['CreateChangeSet', 'DeleteChangeSet', 'DeleteStack'],
    ])
  })

  it.each([
    'UPDATE_COMPLETE',
    'REVIEW_IN_PROGRESS', // of somebody who has not made up his mind
  ])('that CloudFormation refuses for a stack that is in %s goes alone', async (status) => {
    aws.say('DescribeStacks', stackIn(status))
    aws.say('DescribeChangeSet', setIn('FAILED', { StatusReason: 'no such type' }))
    await expect(deployStack(aws.options())).rejects.toEqual(failed('STACK_CHANGE_REFUSED'))
    expect(aws.calls().filter((call) => changing.test(call))).toEqual([
      ...['CreateChangeSet', 'DeleteChangeSet'],
    ])
  })

  it.each(["The submitted information didn't contain changes.", 'No updates are to be performed.'])(
    'of which CloudFormation says %j is none',
    async (StatusReason) => {
      aws.say('DescribeStacks', stackIn('UPDATE_COMPLETE'))
      aws.say('DescribeChangeSet', setIn('FAILED', { StatusReason }))
      expect(await deployStack(aws.options())).toMatchObject({ result: 'unchanged', changes: [] })
      expect(aws.calls()).not.toContain('ExecuteChangeSet')
    },
  )

  it('is read to its last page', async () => {
    aws.say(
      'DescribeChangeSet',
      setIn('CREATE_COMPLETE', { Changes: [changeOf('Add', 'One')], NextToken: 'two' }),
      setIn('CREATE_COMPLETE', { Changes: [changeOf('Remove', 'Two')] }),
    )
    // A key that goes would be missed by whoever reads one page.
    await expect(deployStack(aws.options())).rejects.toEqual(
      failed('STACK_REPLACES', { resources: 'remove Two (AWS::KMS::Key)' }),
    )
    expect(aws.inputs('DescribeChangeSet')[1]?.get('NextToken')).toBe('two')
  })

  it('that takes a key away is made only when that is said twice', async () => {
    const remove = setIn('CREATE_COMPLETE', { Changes: [changeOf('Remove', 'Key')] })
    aws.say('DescribeChangeSet', remove)
    aws.say('DescribeStacks', stackIn('UPDATE_COMPLETE'))
    for (const said of [{}, { replace: ['Key'] }, { confirmReplace: ['Key'] }])
      await expect(deployStack(aws.options(said))).rejects.toEqual(failed('STACK_REPLACES'))
    expect(aws.calls().filter((call) => changing.test(call))).toEqual(
      Array.from({ length: 3 }, () => ['CreateChangeSet', 'DeleteChangeSet']).flat(),
    )
    const twice = { replace: ['Key'], confirmReplace: ['Key'] }
    expect(await deployStack(aws.options(twice))).toMatchObject({ result: 'updated' })
  })

  it('is taken back when the one who looks at it throws', async () => {
    const no = new Error('no')
    const onPlan = () => Promise.reject(no)
    aws.say('DescribeStacks', missing, stackIn('REVIEW_IN_PROGRESS'))
    await expect(deployStack({ ...aws.options(), onPlan })).rejects.toBe(no)
    expect(aws.calls().filter((call) => changing.test(call))).toEqual([
      ...['CreateChangeSet', 'DeleteChangeSet', 'DeleteStack'],
    ])
  })

  it('that does not settle in time is STACK_UNSETTLED', async () => {
    aws.say('DescribeChangeSet', setIn('CREATE_IN_PROGRESS'))
    await expect(deployStack(aws.options({ timeoutMs: 5 }))).rejects.toEqual(
      failed('STACK_UNSETTLED', { stackName: 'keys', status: 'CREATE_IN_PROGRESS' }),
    )
    expect(aws.calls()).not.toContain('ExecuteChangeSet')
  })
})

describe('a stack that is up to date', () => {
  it('keeps its outputs, and no change set', async () => {
    const Outputs = [{ OutputKey: 'KeyArn', OutputValue: 'arn' }]
    const [{ Stacks }] = [resultOf(stackIn('CREATE_COMPLETE'))]
    const [stack] = Array.isArray(Stacks) ? Stacks : []
    aws.say('DescribeStacks', { result: { Stacks: [{ ...stack, Outputs }] } })
    aws.say(
      'DescribeChangeSet',
      setIn('FAILED', { StatusReason: 'No updates are to be performed' }),
    )
    aws.say('GetTemplate', deployedTemplate())
    expect(await deployStack(aws.options())).toMatchObject({
      ...{ result: 'unchanged', exists: true, outputs: { KeyArn: 'arn' } },
    })
    expect(aws.calls()).toContain('DeleteChangeSet')
    expect(aws.calls()).not.toContain('DeleteStack')
  })
})

describe('options', () => {
  it.each<[string, object]>([
    ['parameters', { parameters: ['x'] }],
    ['parameters', { parameters: { A: 1 } }],
    ['tags', { tags: null }],
    ['tags', { tags: 'x' }],
    ['replace', { replace: 'Key' }],
    ['replace', { replace: ['Key*'] }],
    ['confirmReplace', { confirmReplace: [1] }],
    ['accountId', { accountId: '12345678901' }],
    ['kind', { kind: 'Keys' }],
    ['onPlan', { onPlan: 'x' }],
    ['onProgress', { onProgress: {} }],
    ['requestTimeoutMs', { requestTimeoutMs: 0 }],
    ['signal', { signal: {} }],
  ])('with a wrong %s are refused before a call (case %#)', async (option, changes) => {
    await expect(deployStack({ ...aws.options(), ...changes })).rejects.toEqual(
      failed('INVALID_OPTION', { option }),
    )
    expect(aws.calls()).toEqual([])
  })
})
