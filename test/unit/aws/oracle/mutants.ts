/** A policy with one thing left out, or one thing wider. @module */
import type { KindOfPolicy, Policy } from '../../../support/template-policies.ts'

type Statement = Policy['Statement'][number]
type Mutant = {
  readonly what: string
  /** The statement that was changed. */
  readonly statement: Statement
  readonly policy: Policy
}

/**
 * @returns Each statement left out in turn, each key of each condition, and each entry of each list:
 * actions, resources, principals, values of conditions. Then each Allow for everybody and on everything.
 */
export const mutantsOf = ({ kind, policy }: KindOfPolicy): readonly Mutant[] =>
  policy.Statement.flatMap((statement, index) => {
    const instead = (...statements: Statement[]) => ({
      ...policy,
      Statement: policy.Statement.toSpliced(index, 1, ...statements),
    })
    const name = String(statement['Sid'])
    return [
      { what: name, statement, policy: instead() },
      ...[...changes(statement), ...widened(kind, statement)].map(([what, one]) => ({
        what: `${name} ${what}`,
        statement,
        policy: instead(one),
      })),
    ]
  })

function* changes(statement: Statement): Generator<readonly [string, Statement]> {
  for (const field of ['Action', 'Resource'])
    for (const [entry, others] of shortened(statement[field]))
      yield [`without ${entry}`, { ...statement, [field]: others }]
  const principals = fieldsOf(statement['Principal'])
  for (const [kind, names] of principals)
    for (const [entry, others] of shortened(names))
      yield [
        `without ${entry}`,
        { ...statement, Principal: { ...Object.fromEntries(principals), [kind]: others } },
      ]
  const conditions = fieldsOf(statement['Condition'])
  for (const [operator, keys] of conditions)
    for (const [key, values] of fieldsOf(keys)) {
      const withKey = (changed: object) => {
        const { [key]: _, ...rest } = keys as Record<string, unknown> // an object, or it has no fields
        const asked = { ...rest, ...changed }
        const { [operator]: __, ...others } = Object.fromEntries(conditions)
        const Condition = { ...others, ...(Object.keys(asked).length > 0 && { [operator]: asked }) }
        return { ...statement, Condition }
      }
      yield [`without ${operator} ${key}`, withKey({})]
      for (const [entry, others] of shortened(values))
        yield [`without ${key} ${entry}`, withKey({ [key]: others })]
    }
}

/** Each Allow for everybody, and on everything. Of a policy of a resource only parts of it count. */
function* widened(
  kind: KindOfPolicy['kind'],
  statement: Statement,
): Generator<readonly [string, Statement]> {
  const { Effect, Resource } = statement
  if (Effect !== 'Allow') return
  if (kind === 'resource') yield ['for everybody', { ...statement, Principal: '*' }]
  const isPart = [Resource].flat().some((one) => kind !== 'resource' || /\//.test(String(one)))
  if (Resource !== undefined && Resource !== '*' && isPart)
    yield ['on everything', { ...statement, Resource: '*' }]
}

/** Each entry of a list of several, with the others. */
const shortened = (value: unknown): readonly (readonly [string, readonly unknown[]])[] =>
  Array.isArray(value) && value.length > 1
    ? value.map((entry, index) => [String(entry), value.toSpliced(index, 1)] as const)
    : []

const fieldsOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : []
