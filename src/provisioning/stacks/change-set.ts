/** A change set: what CloudFormation would do, before it does it. @module */

import { randomUUID } from 'node:crypto'
import type { Change, Stack, Tag } from '@aws-sdk/client-cloudformation'
import { pause } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { readChanges, type StackChange } from './changes.ts'
import type { StackSession } from './session.ts'
import { findStack, isPlaceholder } from './stack-status.ts'

export type ChangeSet = {
  readonly id: string
  readonly stackId: string
  /** None: nothing would change. */
  readonly changes: readonly StackChange[]
}

export type ChangeSetRequest = {
  readonly stackName: string
  readonly body: string
  readonly parameters: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  /** The stack that is there. */
  readonly existing: Stack | undefined
  readonly pollMs: number
  readonly timeoutMs: number
}

/** @throws {SignerError} `STACK_CHANGE_REFUSED`, `STACK_UNSETTLED`, or of a call. */
export async function createChangeSet(
  session: StackSession,
  request: ChangeSetRequest,
): Promise<ChangeSet> {
  const { stackName, body, parameters, tags, existing } = request
  const command = new session.sdk.CreateChangeSetCommand({
    StackName: stackName,
    ChangeSetName: `fcl-kms-${randomUUID()}`,
    ChangeSetType: existing === undefined || isPlaceholder(existing) ? 'CREATE' : 'UPDATE',
    TemplateBody: body,
    Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue,
    })),
    Tags: Object.entries(tags).map(([Key, Value]): Tag => ({ Key, Value })),
    Capabilities: ['CAPABILITY_NAMED_IAM'],
  })
  const { Id = '', StackId = '' } = await session.call(
    'cloudformation:CreateChangeSet',
    (client, options) => client.send(command, options),
  )
  const set = { id: Id, stackId: StackId }
  try {
    return { ...set, changes: readChanges(await settledChanges(session, Id, request)) }
  } catch (thrown) {
    if (isSignerError(thrown, 'STACK_CHANGE_REFUSED'))
      await discardChangeSet(session, set, existing)
    throw thrown
  }
}

async function settledChanges(
  session: StackSession,
  id: string,
  { stackName, pollMs, timeoutMs }: ChangeSetRequest,
): Promise<readonly Change[]> {
  const started = performance.now()
  for (;;) {
    const page = await describePage(session, id)
    const { Status = '', StatusReason = '' } = page
    if (Status === 'CREATE_COMPLETE') return allChanges(session, id, page)
    if (Status === 'FAILED') {
      if (isEmpty(StatusReason)) return []
      const reason = StatusReason.replace(/\s+/g, ' ').slice(0, 400)
      throw new SignerError('STACK_CHANGE_REFUSED', { stackName, reason })
    }
    const waitedMs = Math.round(performance.now() - started)
    if (waitedMs > timeoutMs)
      throw new SignerError('STACK_UNSETTLED', { stackName, status: Status, waitedMs })
    await pause(pollMs, session.signal)
  }
}

/** CloudFormation tells "nothing changes" as a failure, by two sentences. */
const isEmpty = (reason: string) =>
  /didn't contain changes|No updates are to be performed/i.test(reason)

type Page = Awaited<ReturnType<typeof describePage>>

async function allChanges(session: StackSession, id: string, first: Page): Promise<Change[]> {
  const all = [...(first.Changes ?? [])]
  for (let token = first.NextToken; token !== undefined; ) {
    const page = await describePage(session, id, token)
    all.push(...(page.Changes ?? []))
    token = page.NextToken === token ? undefined : page.NextToken
  }
  return all
}

function describePage(session: StackSession, ChangeSetName: string, NextToken?: string) {
  const command = new session.sdk.DescribeChangeSetCommand({
    ChangeSetName,
    ...(NextToken === undefined ? {} : { NextToken }),
  })
  return session.call('cloudformation:DescribeChangeSet', (client, options) =>
    client.send(command, options),
  )
}

export async function executeChangeSet(session: StackSession, id: string): Promise<void> {
  const command = new session.sdk.ExecuteChangeSetCommand({ ChangeSetName: id })
  await session.call('cloudformation:ExecuteChangeSet', (client, options) =>
    client.send(command, options),
  )
}

/**
 * Leaves everything as it was: the change set goes, and with it the empty stack that CloudFormation
 * made for it, where there was none.
 */
export async function discardChangeSet(
  session: StackSession,
  { id, stackId }: Pick<ChangeSet, 'id' | 'stackId'>,
  existing: Stack | undefined,
): Promise<void> {
  const command = new session.sdk.DeleteChangeSetCommand({ ChangeSetName: id })
  await session.call('cloudformation:DeleteChangeSet', (client, options) =>
    client.send(command, options),
  )
  if (existing !== undefined) return
  const made = await findStack(session, stackId)
  if (made === undefined || !isPlaceholder(made)) return
  const remove = new session.sdk.DeleteStackCommand({ StackName: stackId })
  await session.call('cloudformation:DeleteStack', (client, options) =>
    client.send(remove, options),
  )
}
