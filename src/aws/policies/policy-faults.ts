/** Whether an IAM policy allows more than signing with named keys. @module */

import { assertKnownKeys } from '../../options.ts'
import { checkedKeyArns, digestOnly } from './policy-document.ts'
import {
  type Fields,
  field,
  fieldsOf,
  listOf,
  readDocument,
  shown,
  unboundFaults,
  unknownFields,
} from './policy-reading.ts'

const needed = ['kms:Sign', 'kms:GetPublicKey', 'kms:DescribeKey']

/**
 * Looks for ways in which an IAM policy allows more than `signingPolicy` does: another action, a
 * wildcard, an alias, another key, `NotAction`, a condition that is missing or that another operator
 * empties. Strict: names are known only as AWS spells them in its documents. A Deny and further
 * conditions only narrow, so they are no fault; neither is an action too few.
 *
 * It sees one document. What other policies, the key policy and grants allow is not in it.
 *
 * @param document - Any value, for example of `JSON.parse`. (A name that stands twice in the text is
 * seen once.)
 * @param options - `keyArns`: the keys that the policy may name.
 * @returns One sentence for each fault; empty when there is none.
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID` for the options; no document throws.
 */
export function policyFaults(
  document: unknown,
  options: { readonly keyArns: readonly string[] },
): readonly string[] {
  assertKnownKeys(options, ['keyArns'])
  const keyArns = checkedKeyArns(options.keyArns)
  const { faults, statements } = readDocument(document)
  return [
    ...faults,
    ...statements.flatMap((statement, index) =>
      statementFaults(`Statement ${index + 1}`, fieldsOf(statement), keyArns),
    ),
  ]
}

function statementFaults(
  place: string,
  statement: Fields | undefined,
  keyArns: readonly string[],
): readonly string[] {
  if (statement === undefined) return [`${place} is not an object.`]
  const effect = field(statement, 'Effect')
  if (effect === 'Deny') return []
  const actions = listOf(field(statement, 'Action'))
  const resources = listOf(field(statement, 'Resource'))
  const condition = field(statement, 'Condition')
  return [
    ...unknownFields(place, statement, ['Sid', 'Effect', 'Action', 'Resource', 'Condition']),
    ...(effect === 'Allow' ? [] : [`${place} has the effect ${shown(effect)}.`]),
    ...(actions.length === 0 ? [`${place} names no action.`] : []),
    ...actions
      .filter((action) => typeof action !== 'string' || !needed.includes(action))
      .map((action) => `${place} allows ${shown(action)}, which signing does not need.`),
    ...(resources.length === 0 ? [`${place} names no key.`] : []),
    ...resources
      .filter((resource) => typeof resource !== 'string' || !keyArns.includes(resource))
      .map((resource) => `${place} is about ${shown(resource)}, ${resourceFault(resource)}.`),
    ...(actions.includes('kms:Sign')
      ? unboundFaults(`${place} allows kms:Sign`, condition, digestOnly)
      : []),
  ]
}

function resourceFault(resource: unknown): string {
  if (typeof resource !== 'string') return 'which is no ARN'
  if (/[*?$]/.test(resource)) return 'which can be any of several keys'
  if (resource.includes('alias/')) return 'an alias, which names no key in a policy'
  return 'which is none of the keys'
}
