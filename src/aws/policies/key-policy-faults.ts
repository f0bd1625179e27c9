/** Whether a key policy allows more than `keyPolicy`, or denies less. @module */

import { type KeyPolicyOptions, keyPolicy } from './key-policy.ts'
import type { PolicyStatement } from './policy-document.ts'
import {
  type Fields,
  field,
  fieldsOf,
  isOnly,
  listOf,
  readDocument,
  shown,
  unboundFaults,
  unknownFields,
} from './policy-reading.ts'

/** What one principal may do at most. */
type Limit = {
  readonly principal: string
  readonly actions: readonly unknown[]
  /** What an action must be bound to. */
  readonly bound: (action: unknown) => Readonly<Record<string, string | readonly string[]>>
}

/**
 * Compares a key policy with the one that `keyPolicy` makes of the same options.
 * An Allow may have fewer actions and further conditions, never more; each of the four denials must
 * stand there as generated, and a Deny that is not one of them is a fault, since it may lock out
 * those who mend the policy. Names of statements do not matter.
 *
 * @param document - Any value, for example of `JSON.parse`.
 * @returns One sentence for each fault; empty when there is none.
 * @throws {SignerError} `INVALID_OPTION` for the options; no document throws.
 */
export function keyPolicyFaults(document: unknown, options: KeyPolicyOptions): readonly string[] {
  const generated = keyPolicy(options).Statement
  const limits = limitsOf(generated.filter(({ Effect }) => Effect === 'Allow'))
  const denials = generated.filter(({ Effect }) => Effect === 'Deny')
  const { faults, statements } = readDocument(document)
  const [admin] = limits.filter(({ principal }) => principal === options.adminRoleArn)
  return [
    ...faults,
    ...statements.flatMap((statement, index) =>
      statementFaults(`Statement ${index + 1}`, fieldsOf(statement), limits, denials),
    ),
    ...denials
      .filter((denial) => !statements.some((statement) => isDenial(denial, fieldsOf(statement))))
      .map(({ Sid }) => `The denial ${Sid} is missing, or not as generated.`),
    ...(admin !== undefined && statements.some((statement) => lets(statement, admin))
      ? []
      : ['Nothing lets the administrator replace the policy.']),
  ]
}

const principalOf = (statement: Fields | undefined) =>
  field(fieldsOf(field(statement, 'Principal')), 'AWS')

function limitsOf(allowances: readonly PolicyStatement[]): readonly Limit[] {
  const principals = new Set(allowances.map(principalOf))
  return [...principals].map((principal) => {
    const own = allowances.filter((statement) => principalOf(statement) === principal)
    return {
      principal: String(principal),
      actions: own.flatMap(({ Action }) => listOf(Action)),
      bound: (action) =>
        own.find(({ Action }) => listOf(Action).includes(action))?.Condition?.['StringEquals'] ??
        {},
    }
  })
}

function statementFaults(
  place: string,
  statement: Fields | undefined,
  limits: readonly Limit[],
  denials: readonly PolicyStatement[],
): readonly string[] {
  if (statement === undefined) return [`${place} is not an object.`]
  const effect = field(statement, 'Effect')
  if (effect === 'Deny')
    return denials.some((denial) => isDenial(denial, statement))
      ? []
      : [`${place} denies what is not generated, and may lock out somebody.`]
  const known = ['Sid', 'Effect', 'Principal', 'Action', 'Resource', 'Condition']
  return [
    ...unknownFields(place, statement, known),
    ...(effect === 'Allow' ? [] : [`${place} has the effect ${shown(effect)}.`]),
    ...(isOnly(field(statement, 'Resource'), '*')
      ? []
      : [`${place} has another resource than "*", which is the key itself.`]),
    ...principalFaults(place, statement, limits),
  ]
}

function principalFaults(
  place: string,
  statement: Fields,
  limits: readonly Limit[],
): readonly string[] {
  const principal = fieldsOf(field(statement, 'Principal'))
  const limit = limits.find((candidate) => isOnly(principalOf(statement), candidate.principal))
  if (principal === undefined || limit === undefined || Object.keys(principal).length !== 1) {
    const [someone] = listOf(principalOf(statement) ?? field(statement, 'Principal'))
    return [`${place} lets in ${shown(someone)}, not one of the two roles or the root user.`]
  }
  const actions = listOf(field(statement, 'Action'))
  const who = shown(limit.principal)
  return [
    ...(actions.length === 0 ? [`${place} names no action.`] : []),
    ...actions.flatMap((action) =>
      limit.actions.includes(action)
        ? unboundFaults(
            `${place} allows ${who} ${String(action)}`, // one of the known texts
            field(statement, 'Condition'),
            limit.bound(action),
          )
        : [`${place} allows ${who} ${shown(action)}, which is not for it.`],
    ),
  ]
}

const lets = (statement: unknown, admin: Limit): boolean => {
  const fields = fieldsOf(statement)
  return (
    field(fields, 'Effect') === 'Allow' &&
    isOnly(principalOf(fields), admin.principal) &&
    listOf(field(fields, 'Action')).includes('kms:PutKeyPolicy')
  )
}

/** All fields the same but the name. */
function isDenial(denial: PolicyStatement, statement: Fields | undefined): boolean {
  if (statement === undefined) return false
  const { Sid: _, ...expected } = denial
  const { Sid: __, ...found } = statement
  return isSame(expected, found)
}

/** As deep as the generated value, however deep the other; lists in any order, one text as a list. */
function isSame(expected: unknown, found: unknown): boolean {
  const fields = fieldsOf(expected)
  const others = fieldsOf(found)
  if (fields === undefined) {
    const [texts, list] = [listOf(expected), listOf(found)]
    return texts.length === list.length && texts.every((text) => list.includes(text))
  }
  const names = Object.keys(fields)
  return (
    others !== undefined &&
    Object.keys(others).length === names.length &&
    names.every((name) => isSame(fields[name], field(others, name)))
  )
}
