/** What a change set would do, and what of it takes a key or data away. @module */

import type { Change, ResourceChange } from '@aws-sdk/client-cloudformation'
import { SignerError } from '../../errors.ts'

/** One resource, and what will happen to it. */
export type StackChange = {
  /** `replace` makes another one and takes the old one out of the stack, perhaps. */
  readonly action: 'add' | 'modify' | 'replace' | 'remove'
  readonly logicalId: string
  /** For example `AWS::KMS::Key`. */
  readonly type: string
  readonly physicalId?: string
  /** Properties that change, where CloudFormation tells them. */
  readonly properties: readonly string[]
}

export function readChanges(changes: readonly Change[]): readonly StackChange[] {
  return changes.flatMap(({ ResourceChange: change }) => {
    if (change === undefined) return []
    const { LogicalResourceId = '', ResourceType = '', PhysicalResourceId } = change
    const names = (change.Details ?? []).flatMap(({ Target }) => Target?.Name ?? Target?.Attribute)
    const properties = [...new Set(names.filter((name) => name !== undefined))]
    return Object.freeze({
      action: actionOf(change, properties),
      logicalId: LogicalResourceId,
      type: ResourceType,
      ...(PhysicalResourceId === undefined ? {} : { physicalId: PhysicalResourceId }),
      properties: Object.freeze(properties),
    } satisfies StackChange)
  })
}

/**
 * Those of AWS's resource reference that need another resource. CloudFormation refuses to change the
 * ones of a key, and replaces the others.
 */
const replacing: Readonly<Record<string, readonly string[]>> = {
  'AWS::KMS::Key': ['KeySpec', 'KeyUsage', 'MultiRegion', 'Origin'],
  'AWS::KMS::ReplicaKey': ['PrimaryKeyArn'],
  'AWS::S3::Bucket': ['BucketName'],
  'AWS::DynamoDB::Table': [
    'AttributeDefinitions',
    'ImportSourceSpecification',
    'KeySchema',
    'LocalSecondaryIndexes',
    'TableName',
  ],
  'AWS::SecretsManager::Secret': ['Name'],
  'AWS::Logs::LogGroup': ['LogGroupName'],
}

function actionOf(
  { Action, Replacement, ResourceType = '' }: ResourceChange,
  properties: readonly string[],
): StackChange['action'] {
  if (Action === 'Add' || Action === 'Import') return 'add'
  if (Action === 'Remove') return 'remove'
  if (Action !== 'Modify' || Replacement === 'True') return 'replace'
  const known = replacing[ResourceType]
  if (known === undefined) return Replacement === 'Conditional' ? 'replace' : 'modify'
  if (properties.some((name) => known.includes(name))) return 'replace'
  return Replacement === 'Conditional' && properties.length === 0 ? 'replace' : 'modify'
}

/** Keys, and what holds data that nobody can make again. */
const kept =
  /^AWS::(KMS::(Key|ReplicaKey)|S3::Bucket|DynamoDB::(Table|GlobalTable)|SecretsManager::Secret|Logs::LogGroup)$/

/** Those types that must be kept when the stack is deleted. A log group may go: its trail stays. */
export const isKept = (type: string): boolean => kept.test(type) && type !== 'AWS::Logs::LogGroup'

/** Types of the resources of a stack by logical id. */
export type ResourceTypes = Readonly<Record<string, string>>

/**
 * @param before - As the stack is now: a change names the type to come.
 * @param said - Logical ids, as they were said the first time, and again.
 * @throws {SignerError} `STACK_REPLACES` unless each key or store that would go is in both lists.
 */
export function assertKept(
  stackName: string,
  changes: readonly StackChange[],
  before: ResourceTypes,
  said: { readonly replace: readonly string[]; readonly confirmReplace: readonly string[] },
): void {
  const typeOf = ({ logicalId, type }: StackChange) => before[logicalId] ?? type
  const going = changes.filter(
    (change) =>
      kept.test(typeOf(change)) &&
      (change.action === 'replace' ||
        change.action === 'remove' ||
        (change.action === 'modify' && typeOf(change) !== change.type)),
  )
  const unsaid = going.filter(
    ({ logicalId }) =>
      !said.replace.includes(logicalId) || !said.confirmReplace.includes(logicalId),
  )
  if (unsaid.length === 0) return
  const resources = unsaid.map(
    (change) =>
      `${change.action === 'remove' ? 'remove' : 'replace'} ${change.logicalId} (${typeOf(change)})`,
  )
  throw new SignerError('STACK_REPLACES', { stackName, resources: resources.join(', ') })
}
