/** What a failed call of CloudFormation, STS or S3 means, sorted as calls of KMS are. @module */

import { SignerError } from '../../errors.ts'
import {
  type CredentialSource,
  isProviderError,
  sortCredentialFailure,
} from '../../signers/aws/credential-failures.ts'
import { areRefusedCredentials, isSkewed } from '../../signers/aws/refused-credentials.ts'
import {
  describeFacts,
  factsOf,
  isPassingFault,
  isTimeout,
} from '../../signers/aws/thrown-facts.ts'

/** A call that failed. */
export type AwsCall = {
  /** As IAM names it: `cloudformation:CreateChangeSet`. */
  readonly operation: string
  readonly source: CredentialSource
}

/**
 * The SDK's error is not kept: it can hold the request with its authorization header.
 *
 * @returns `AWS_DENIED`, `AWS_CREDENTIALS_UNUSABLE`, `AWS_CONFIG_INVALID`, `AWS_REGION_INVALID`,
 *   `AWS_UNAVAILABLE`, or `AWS_REQUEST_INVALID`, which alone shows what AWS wrote: of a template
 *   nobody could mend anything without it.
 */
export function readAwsFailure(thrown: unknown, call: AwsCall): SignerError {
  const facts = factsOf(thrown)
  const { operation, source } = call
  const reason = describeFacts(facts)
  if (isPassingFault(facts) || isTimeout(facts)) return unavailable(call, reason)
  if (isSkewed(facts))
    return unusable(operation, { reason, remedy: 'set the clock of this machine' })
  if (isProviderError(thrown)) return ofCredentials(thrown, call)
  if (areRefusedCredentials(facts))
    return unusable(operation, {
      reason,
      remedy: 'renew them, or compare access key and secret with those of the AWS account',
    })
  if (/^(AccessDenied|UnauthorizedOperation|Forbidden|NotAuthorized)/.test(facts.name))
    return new SignerError('AWS_DENIED', { operation: deniedAction(facts.message) || operation })
  if (/region/i.test(facts.message) && facts.status === 0 && facts.code === '')
    return new SignerError('AWS_REGION_INVALID', { reason: 'it is missing or no Region name' })
  if (facts.status === 0 && /^ERR_INVALID_/.test(facts.code))
    return new SignerError('AWS_CONFIG_INVALID', { setting: 'client', reason })
  if (facts.status >= 400 && facts.status < 500) {
    const text = facts.message.replace(/\s+/g, ' ').slice(0, 400)
    return new SignerError('AWS_REQUEST_INVALID', { operation, reason: `${facts.name}: ${text}` })
  }
  return source.credentials === undefined && facts.status === 0
    ? ofCredentials(thrown, call)
    : unavailable(call, reason)
}

export const unavailable = ({ operation }: AwsCall, reason: string): SignerError =>
  new SignerError('AWS_UNAVAILABLE', { operation, reason })

/** @returns The action that AWS names in a sentence of its own, or nothing. */
export const deniedAction = (text: string): string =>
  /not authorized to perform:? ([a-z0-9-]{2,40}:[A-Za-z]{2,60})/.exec(text)?.[1] ?? ''

const unusable = (operation: string, facts: { reason: string; remedy: string }) =>
  new SignerError('AWS_CREDENTIALS_UNUSABLE', { operation, ...facts })

function ofCredentials(thrown: unknown, call: AwsCall): SignerError {
  const { kind, ...facts } = sortCredentialFailure(thrown, call.source)
  if ('setting' in facts) return new SignerError('AWS_CONFIG_INVALID', facts)
  const { provider, reason } = facts
  const told = `${provider}: ${reason}`
  if (!('remedy' in facts)) return unavailable(call, told)
  return unusable(call.operation, { reason: told, remedy: facts.remedy })
}
