/** What a check of a deployed stack asks, and with what. @module */

import { isSignerError, type SignerError } from '../../../errors.ts'
import { checkOf, type Finding } from '../../diagnosis/finding.ts'
import type { StackClientConfig, StackSession } from '../session.ts'
import type { DeployedTemplate } from './deployed-template.ts'

/** A resource of the stack: its name in the template, and in the account. */
export type StackPart = { readonly logicalId: string; readonly id: string; readonly type: string }

/** What each check gets. */
export type StackQuestion = {
  readonly session: StackSession
  readonly config: StackClientConfig
  readonly parts: readonly StackPart[]
  readonly template: DeployedTemplate
  /** ARNs of keys that the policies of the stack may name. */
  readonly keyArns: readonly string[]
}

/** @param type - As CloudFormation names it. */
export const partsOf = (
  { parts }: Pick<StackQuestion, 'parts'>,
  type: string,
): readonly StackPart[] => parts.filter((part) => part.type === type)

/** A right that is missing leaves one check open, and no other. */
export async function checked(
  check: string,
  subject: string | undefined,
  work: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await work()
  } catch (thrown) {
    if (isDenied(thrown)) {
      const { operation } = thrown.context
      const remedy = `Grant ${operation} to have this checked; nothing else needs it.`
      return [checkOf(check, subject).warning(`${operation} is denied`, remedy, 'AWS_DENIED')]
    }
    return [checkOf(check, subject).failed(thrown)]
  }
}

const isDenied = (thrown: unknown): thrown is SignerError<'AWS_DENIED'> =>
  isSignerError(thrown, 'AWS_DENIED')
