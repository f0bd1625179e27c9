/** Brings a stack to its template by a change set that was looked at first. @module */

import type { Stack } from '@aws-sdk/client-cloudformation'
import { assertKnownKeys } from '../../options.ts'
import {
  type ChangeSet,
  createChangeSet,
  discardChangeSet,
  executeChangeSet,
} from './change-set.ts'
import { assertKept, type StackChange } from './changes.ts'
import { assertFunction, assertNames, assertStack, assertTexts } from './checks.ts'
import { failureOf, followStack, newestEvent, type StackEvent } from './follow.ts'
import {
  openStacks,
  type StackCaller,
  type StackSession,
  type StackSettings,
  settingNames,
} from './session.ts'
import { assertOurs, assertUpdatable, findStack, isPlaceholder } from './stack-status.ts'
import { assertTarget, markOf, type StackTemplate, templateBody } from './template.ts'

/** Options of `planStack`. */
export type PlanStackOptions = StackSettings & {
  /** 1 to 128 letters, digits and dashes, the first a letter. */
  readonly name: string
  /** Which stack of ours it is: a stack of another kind, or of nobody's, is refused. */
  readonly kind: string
  readonly template: StackTemplate
  readonly parameters?: Readonly<Record<string, string>>
  /** Given to all of its resources. */
  readonly tags?: Readonly<Record<string, string>>
  /** 12 digits: credentials of another account are refused. */
  readonly accountId?: string
  /** Logical ids of keys and stores of data that may be replaced, or leave the stack. */
  readonly replace?: readonly string[]
  /** The same, said again. */
  readonly confirmReplace?: readonly string[]
  /** Milliseconds between two looks. Default 2,000. */
  readonly pollMs?: number
  /** Milliseconds for all of it. Default 1,800,000. */
  readonly timeoutMs?: number
}

/** Options of `deployStack`. */
export type DeployStackOptions = PlanStackOptions & {
  /** Called once the change set is known and allowed, before anything changes. A throw ends it there. */
  readonly onPlan?: (plan: StackPlan) => unknown
  /** Called for each event of the stack. What it throws becomes a process warning. */
  readonly onProgress?: (event: StackEvent) => unknown
}

/** What a deployment would do. */
export type StackPlan = StackCaller & {
  readonly name: string
  /** Whether there is such a stack already. */
  readonly exists: boolean
  /** None: it is up to date. */
  readonly changes: readonly StackChange[]
}

/** A stack that is as its template says. */
export type DeployedStack = StackPlan & {
  readonly stackId: string
  readonly result: 'created' | 'updated' | 'unchanged'
  readonly outputs: Readonly<Record<string, string>>
}

const planNames = [
  ...settingNames,
  'name',
  'kind',
  'template',
  'parameters',
  'tags',
  'accountId',
  'replace',
  'confirmReplace',
  'pollMs',
  'timeoutMs',
] as const

/**
 * Asks CloudFormation what would change, and leaves everything as it was.
 *
 * @throws {SignerError} As `deployStack`.
 */
export async function planStack(options: PlanStackOptions): Promise<StackPlan> {
  assertKnownKeys(options, planNames)
  return withChangeSet(options, async ({ session, set, existing, plan }) => {
    await discardChangeSet(session, set, existing)
    return plan
  })
}

/**
 * Creates or updates a stack and waits for the end. That nothing changes is no error. An abort ends
 * the waiting; CloudFormation goes on.
 *
 * @throws {SignerError} `INVALID_OPTION`, `AWS_TARGET_MISMATCH`, `STACK_FOREIGN`, `STACK_BUSY`,
 *   `STACK_STUCK`, `STACK_CHANGE_REFUSED`, `STACK_REPLACES`: nothing has changed. `STACK_FAILED`, with
 *   the event that explains it. `STACK_UNSETTLED` after `timeoutMs`. Of calls: `AWS_DENIED`,
 *   `AWS_CREDENTIALS_UNUSABLE`, `AWS_UNAVAILABLE`, `AWS_REQUEST_INVALID`, `AWS_SDK_MISSING`,
 *   `AWS_REGION_INVALID`, `AWS_CONFIG_INVALID`.
 */
export async function deployStack(options: DeployStackOptions): Promise<DeployedStack> {
  assertKnownKeys(options, [...planNames, 'onPlan', 'onProgress'])
  const { onPlan, onProgress, ...planned } = options
  assertFunction('onPlan', onPlan)
  assertFunction('onProgress', onProgress)
  return withChangeSet(planned, async ({ session, set, existing, plan, pollMs, timeoutMs }) => {
    try {
      await onPlan?.(plan)
    } catch (thrown) {
      await discardChangeSet(session, set, existing)
      throw thrown
    }
    const { name } = options
    const { stackId } = set
    if (plan.changes.length === 0) {
      await discardChangeSet(session, set, existing)
      const result = 'unchanged' as const
      return Object.freeze({ ...plan, stackId, result, outputs: outputsOf(existing) })
    }
    const after = await newestEvent(session, stackId)
    await executeChangeSet(session, set.id)
    const following = { stackId, stackName: name, after, pollMs, timeoutMs, onProgress }
    const followed = await followStack(session, following)
    const { stack } = followed
    if (!/^(CREATE|UPDATE)_COMPLETE$/.test(stack?.StackStatus ?? ''))
      throw failureOf(name, followed)
    const result = plan.exists ? 'updated' : 'created'
    return Object.freeze({ ...plan, stackId, result, outputs: outputsOf(stack) })
  })
}

type Planned = {
  readonly session: StackSession
  readonly set: ChangeSet
  readonly existing: Stack | undefined
  readonly plan: StackPlan
  readonly pollMs: number
  readonly timeoutMs: number
}

async function withChangeSet<T>(
  options: PlanStackOptions,
  then: (planned: Planned) => Promise<T>,
): Promise<T> {
  const { name, kind, parameters = {}, tags = {}, accountId, replace = [] } = options
  const { confirmReplace = [], pollMs = 2_000, timeoutMs = 1_800_000 } = options
  assertStack(options)
  assertTexts('parameters', parameters)
  assertTexts('tags', tags)
  assertNames('replace', replace)
  assertNames('confirmReplace', confirmReplace)
  const body = templateBody(options.template, kind)
  const session = await openStacks(options)
  const { caller } = session
  assertTarget(body, caller, { accountId, mark: markOf(options.template) })
  const existing = await findStack(session, name)
  const exists = existing !== undefined && !isPlaceholder(existing)
  const before = exists ? await assertOurs(session, name, kind) : {}
  if (exists) assertUpdatable(name, existing)
  const request = { stackName: name, body, parameters, tags, existing, pollMs, timeoutMs }
  const set = await createChangeSet(session, request)
  const { changes } = set
  try {
    assertKept(name, changes, before, { replace, confirmReplace })
  } catch (thrown) {
    await discardChangeSet(session, set, existing)
    throw thrown
  }
  const plan = Object.freeze({ ...caller, name, exists, changes })
  return then({ session, set, existing, plan, pollMs, timeoutMs })
}

const outputsOf = (stack: Stack | undefined): Readonly<Record<string, string>> =>
  Object.freeze(
    Object.fromEntries(
      (stack?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [
        OutputKey,
        OutputValue,
      ]),
    ),
  )
