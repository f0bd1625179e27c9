/** A template as CloudFormation is given it: checked, and marked as ours. @module */

import { SignerError } from '../../errors.ts'
import { isKept } from './changes.ts'
import type { StackCaller } from './session.ts'
import { METADATA } from './stack-status.ts'

/** Plain CloudFormation. */
export type StackTemplate = {
  readonly Metadata?: Readonly<Record<string, unknown>>
  readonly Resources: Readonly<Record<string, TemplateResource>>
}

type TemplateResource = {
  readonly Type: string
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
}

/** What CloudFormation takes without a bucket. */
const MAX_BYTES = 51_200

/**
 * @returns The text that is sent, with the kind in its Metadata.
 * @throws {SignerError} `INVALID_OPTION`, among others for a key or a store of data that would be
 *   deleted with the stack.
 */
export function templateBody(template: StackTemplate, kind: string): string {
  const resources = Object.entries(template?.Resources ?? {})
  if (resources.length === 0) throw invalid('it has no Resources')
  for (const [name, resource] of resources) {
    const { Type, DeletionPolicy = '', UpdateReplacePolicy } = resource ?? {}
    if (typeof Type !== 'string') throw invalid(`${name.slice(0, 80)} has no Type`)
    // RetainExceptOnCreate differs only while the stack comes to be.
    const retained = /^Retain/.test(DeletionPolicy) && UpdateReplacePolicy === 'Retain'
    if (isKept(Type) && !retained)
      throw invalid(`${name.slice(0, 80)} needs DeletionPolicy and UpdateReplacePolicy Retain`)
  }
  const Metadata = { ...template.Metadata, [METADATA]: { ...markOf(template), stack: kind } }
  const body = textOf({ ...template, Metadata })
  const byteLength = Buffer.byteLength(body)
  if (byteLength > MAX_BYTES)
    throw invalid(`it has ${byteLength} bytes, and CloudFormation takes ${MAX_BYTES}`)
  return body
}

function textOf(template: object): string {
  try {
    return JSON.stringify(template)
  } catch {
    throw invalid('it is no plain JSON')
  }
}

export const markOf = ({ Metadata }: StackTemplate): object => {
  const mark = Metadata?.[METADATA]
  return typeof mark === 'object' && mark !== null ? mark : {}
}

const ARN = /\barn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):(\d{12})?:/g

/**
 * Compares where the credentials lead with the account that was asked for, with account, partition
 * and Region that the template is made for, where its Metadata say so, and with the partition of each
 * ARN in it: another can never work. Other accounts and Regions may be named on purpose.
 *
 * @throws {SignerError} `AWS_TARGET_MISMATCH`.
 */
export function assertTarget(
  body: string,
  caller: StackCaller,
  asked: { readonly accountId?: string | undefined; readonly mark?: object },
): void {
  const { accountId, mark = {} } = asked
  const told = (name: keyof StackCaller): string => {
    const value = (mark as Readonly<Record<string, unknown>>)[name] // JSON of a template
    return typeof value === 'string' ? value : caller[name]
  }
  const pairs: (readonly [string, string, string])[] = [
    ['account', accountId ?? caller.accountId, caller.accountId],
    ['partition', told('partition'), caller.partition],
    ['account', told('accountId'), caller.accountId],
    ['region', told('region'), caller.region],
    ...[...body.matchAll(ARN)].map(
      ([, partition = '']) => ['partition', partition, caller.partition] as const,
    ),
  ]
  const wrong = pairs.find(([, expected, actual]) => expected !== actual)
  if (wrong === undefined) return
  const [field, expected, actual] = wrong
  throw new SignerError('AWS_TARGET_MISMATCH', { field, expected, actual })
}

const invalid = (reason: string) =>
  new SignerError('INVALID_OPTION', { option: 'template', reason })
