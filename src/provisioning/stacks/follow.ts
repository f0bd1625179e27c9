/** Follows a stack that CloudFormation works on, event by event, until it stands still. @module */

import type { StackEvent as AwsStackEvent, Stack } from '@aws-sdk/client-cloudformation'
import { pause } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { tellObserver } from '../../observers.ts'
import { deniedAction } from './aws-failures.ts'
import type { StackSession } from './session.ts'
import { findStack } from './stack-status.ts'

/** What CloudFormation tells of a resource, or of the stack itself. */
export type StackEvent = {
  readonly at: string
  readonly logicalId: string
  readonly type: string
  /** For example `CREATE_FAILED`. */
  readonly status: string
  /** As AWS wrote it, at most 400 characters. */
  readonly reason?: string
}

export type FollowOptions = {
  readonly stackId: string
  readonly stackName: string
  /** Of the newest event before it began. */
  readonly after: string | undefined
  readonly pollMs: number
  readonly timeoutMs: number
  readonly onProgress: ((event: StackEvent) => unknown) | undefined
}

/** How it ended: `undefined` when the stack is gone. */
export type Followed = { readonly stack: Stack | undefined; readonly events: readonly StackEvent[] }

/** @throws {SignerError} `STACK_UNSETTLED` when the time is over; CloudFormation goes on. */
export async function followStack(
  session: StackSession,
  options: FollowOptions,
): Promise<Followed> {
  const { stackId, stackName, pollMs, timeoutMs, onProgress } = options
  const started = performance.now()
  const events: StackEvent[] = []
  let after = options.after
  let status = 'unknown'
  for (;;) {
    const look = await lookAt(session, stackId, after)
    if (look !== undefined) {
      const { stack, fresh } = look
      for (const { id, event } of fresh) {
        after = id
        events.push(event)
        tellObserver(onProgress, event, { name: 'onProgress', spared: 'the stack is' })
      }
      status = stack?.StackStatus ?? 'DELETE_COMPLETE'
      if (!status.endsWith('_IN_PROGRESS')) return { stack, events }
    }
    const waitedMs = Math.round(performance.now() - started)
    if (waitedMs > timeoutMs)
      throw new SignerError('STACK_UNSETTLED', { stackName, status, waitedMs })
    await pause(pollMs, session.signal)
  }
}

/** @returns `undefined` when AWS did not answer: what it does goes on all the same. */
async function lookAt(session: StackSession, stackId: string, after: string | undefined) {
  try {
    const stack = await findStack(session, stackId)
    const fresh = await eventsAfter(session, stackId, after)
    return { stack, fresh }
  } catch (thrown) {
    if (isSignerError(thrown, 'AWS_UNAVAILABLE')) return undefined
    throw thrown
  }
}

/** @returns The id of the newest event; `undefined` when there is none. */
export async function newestEvent(
  session: StackSession,
  stackId: string,
): Promise<string | undefined> {
  return (await eventPage(session, stackId)).StackEvents?.[0]?.EventId
}

/** Oldest first. */
async function eventsAfter(session: StackSession, stackId: string, after: string | undefined) {
  const fresh: AwsStackEvent[] = []
  let token: string | undefined
  do {
    const page = await eventPage(session, stackId, token)
    const events = page.StackEvents ?? []
    const known = events.findIndex(({ EventId }) => EventId === after)
    fresh.push(...(known === -1 ? events : events.slice(0, known)))
    token = known === -1 && page.NextToken !== token ? page.NextToken : undefined
  } while (token !== undefined)
  return fresh.reverse().map((event) => ({ id: event.EventId, event: readEvent(event) }))
}

function eventPage(session: StackSession, StackName: string, NextToken?: string) {
  const command = new session.sdk.DescribeStackEventsCommand({
    StackName,
    ...(NextToken === undefined ? {} : { NextToken }),
  })
  return session.call('cloudformation:DescribeStackEvents', (client, options) =>
    client.send(command, options),
  )
}

function readEvent(event: AwsStackEvent): StackEvent {
  const { Timestamp, LogicalResourceId = '', ResourceType = '', ResourceStatus = '' } = event
  const reason = event.ResourceStatusReason?.replace(/\s+/g, ' ').slice(0, 400)
  return Object.freeze({
    at: Timestamp?.toISOString() ?? '',
    logicalId: LogicalResourceId,
    type: ResourceType,
    status: ResourceStatus,
    ...(reason === undefined || reason === '' ? {} : { reason }),
  })
}

/** The first of its resources that failed by itself says why; those after it were only stopped. */
export function failureOf(stackName: string, { stack, events }: Followed): SignerError {
  const status = stack?.StackStatus ?? 'DELETE_COMPLETE'
  const failed = events.filter((event) => event.status.endsWith('_FAILED'))
  const first =
    failed.find(({ type, reason = '' }) => type !== STACK && !/cancell?ed/i.test(reason)) ??
    failed[0]
  const reason = first?.reason ?? 'CloudFormation gave no reason'
  return new SignerError('STACK_FAILED', {
    stackName,
    status,
    resource: first === undefined ? 'the stack' : `${first.logicalId} (${first.type})`,
    reason,
    deniedAction: deniedAction(reason),
    rolledBack: /ROLLBACK_COMPLETE$/.test(status),
  })
}

const STACK = 'AWS::CloudFormation::Stack'
