/** Takes a stack away. What its template retains stays: keys and data. @module */

import { SignerError } from '../../errors.ts'
import { assertKnownKeys } from '../../options.ts'
import { assertFunction, assertStack } from './checks.ts'
import { failureOf, followStack, newestEvent, type StackEvent } from './follow.ts'
import { openStacks, type StackCaller, type StackSettings, settingNames } from './session.ts'
import { assertOurs, findStack, isPlaceholder } from './stack-status.ts'
import { assertTarget } from './template.ts'

/** Options of `deleteStack`. */
export type DeleteStackOptions = StackSettings & {
  readonly name: string
  /** Which stack of ours it is: another is refused. */
  readonly kind: string
  /** 12 digits: credentials of another account are refused. */
  readonly accountId?: string
  readonly pollMs?: number
  readonly timeoutMs?: number
  readonly onProgress?: (event: StackEvent) => unknown
}

/** What is left of a stack. */
export type DeletedStack = StackCaller & {
  readonly name: string
  readonly stackId: string
  /** Resources that were kept, and are nobody's stack now. */
  readonly kept: readonly {
    readonly logicalId: string
    readonly type: string
    readonly physicalId: string
  }[]
}

/**
 * @throws {SignerError} `STACK_NOT_FOUND`, `STACK_FOREIGN`, `STACK_BUSY`, and as `deployStack`.
 */
export async function deleteStack(options: DeleteStackOptions): Promise<DeletedStack> {
  assertKnownKeys(options, [
    ...settingNames,
    'name',
    'kind',
    'accountId',
    'pollMs',
    'timeoutMs',
    'onProgress',
  ])
  const { name, kind, accountId, pollMs = 2_000, timeoutMs = 1_800_000, onProgress } = options
  assertStack(options)
  assertFunction('onProgress', onProgress)
  const session = await openStacks(options)
  const { caller, sdk } = session
  assertTarget('', caller, { accountId })
  const stack = await findStack(session, name)
  if (stack === undefined)
    throw new SignerError('STACK_NOT_FOUND', { stackName: name, region: caller.region })
  const { StackId: stackId = name, StackStatus: status = '' } = stack
  if (!isPlaceholder(stack)) {
    if (status.endsWith('_IN_PROGRESS'))
      throw new SignerError('STACK_BUSY', { stackName: name, status })
    await assertOurs(session, name, kind)
  }
  const resources = await resourcesOf(stackId)
  const after = await newestEvent(session, stackId)
  const command = new sdk.DeleteStackCommand({ StackName: stackId })
  await session.call('cloudformation:DeleteStack', (client, sent) => client.send(command, sent))
  const following = { stackId, stackName: name, after, pollMs, timeoutMs, onProgress }
  const followed = await followStack(session, following)
  if (followed.stack !== undefined) throw failureOf(name, followed)
  const gone = new Set(
    followed.events
      .filter((event) => event.status === 'DELETE_COMPLETE')
      .map((event) => event.logicalId),
  )
  const kept = resources.filter(({ logicalId }) => !gone.has(logicalId))
  return Object.freeze({ ...caller, name, stackId, kept: Object.freeze(kept) })

  async function resourcesOf(StackName: string) {
    const listing = new sdk.DescribeStackResourcesCommand({ StackName })
    const { StackResources = [] } = await session.call(
      'cloudformation:DescribeStackResources',
      (client, sent) => client.send(listing, sent),
    )
    return StackResources.map(({ LogicalResourceId, ResourceType, PhysicalResourceId }) => ({
      logicalId: LogicalResourceId ?? '',
      type: ResourceType ?? '',
      physicalId: PhysicalResourceId ?? '',
    }))
  }
}
