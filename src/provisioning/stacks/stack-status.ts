/** What is there under the name of a stack, and whether it may be touched. @module */

import type { Stack } from '@aws-sdk/client-cloudformation'
import { isSignerError, SignerError } from '../../errors.ts'
import type { ResourceTypes } from './changes.ts'
import type { StackSession } from './session.ts'

/** In the Metadata of each template that is deployed: which stack of ours it is. */
export const METADATA = 'FclKms'

/** @returns `undefined` when there is none. */
export async function findStack(
  session: StackSession,
  stackName: string,
): Promise<Stack | undefined> {
  try {
    const command = new session.sdk.DescribeStacksCommand({ StackName: stackName })
    const { Stacks = [] } = await session.call('cloudformation:DescribeStacks', (client, options) =>
      client.send(command, options),
    )
    const [stack] = Stacks
    return stack?.StackStatus === 'DELETE_COMPLETE' ? undefined : stack
  } catch (thrown) {
    if (isMissing(thrown)) return undefined
    throw thrown
  }
}

/** CloudFormation says it by a sentence alone. */
const isMissing = (thrown: unknown) =>
  isSignerError(thrown, 'AWS_REQUEST_INVALID') &&
  /^ValidationError: .*does not exist/.test(thrown.context.reason)

/** A stack that was made for a change set that nobody has executed: it holds nothing. */
export const isPlaceholder = ({ StackStatus }: Stack): boolean =>
  StackStatus === 'REVIEW_IN_PROGRESS'

/**
 * @returns The types of what it holds.
 * @throws {SignerError} `STACK_FOREIGN` unless its template says that it is this stack of ours.
 */
export async function assertOurs(
  session: StackSession,
  stackName: string,
  kind: string,
): Promise<ResourceTypes> {
  const command = new session.sdk.GetTemplateCommand({
    StackName: stackName,
    TemplateStage: 'Original',
  })
  const { TemplateBody = '' } = await session.call(
    'cloudformation:GetTemplate',
    (client, options) => client.send(command, options),
  )
  const { kind: found, types } = readTemplate(TemplateBody)
  if (found === kind) return types
  const reason =
    found === undefined ? 'it was not made by fcl-kms' : `it is a stack of the kind ${found}`
  throw new SignerError('STACK_FOREIGN', { stackName, kind, reason })
}

function readTemplate(body: string): { readonly kind?: string; readonly types: ResourceTypes } {
  try {
    // What it is, is looked at below.
    const { Metadata, Resources = {} } = JSON.parse(body) as {
      Metadata?: Record<string, { stack?: unknown }>
      Resources?: Record<string, { Type?: unknown }>
    }
    const kind = Metadata?.[METADATA]?.stack
    const types = Object.entries(Resources).map(([name, { Type }]) => [name, String(Type)])
    return {
      types: Object.fromEntries(types),
      ...(typeof kind === 'string' ? { kind: kind.slice(0, 64) } : {}),
    }
  } catch {
    return { types: {} } // YAML, which we do not write
  }
}

const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /^(ROLLBACK_COMPLETE|ROLLBACK_FAILED|CREATE_FAILED|DELETE_FAILED)$/,
    'it never came to be: delete it, which keeps what it retained, then deploy again',
  ],
  [
    /^UPDATE_ROLLBACK_FAILED$/,
    'see its events, mend what they name, then: aws cloudformation continue-update-rollback',
  ],
  [/^UPDATE_FAILED$/, 'roll it back: aws cloudformation rollback-stack'],
]

/** @throws {SignerError} `STACK_BUSY`, `STACK_STUCK`. */
export function assertUpdatable(stackName: string, stack: Stack): void {
  const status = String(stack.StackStatus)
  if (status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS')
    throw new SignerError('STACK_BUSY', { stackName, status })
  const remedy = remedies.find(([pattern]) => pattern.test(status))?.[1]
  if (remedy !== undefined) throw new SignerError('STACK_STUCK', { stackName, status, remedy })
}
