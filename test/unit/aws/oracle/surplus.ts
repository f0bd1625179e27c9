/** What a policy allows beyond what is asked of it, over all actions that AWS has. @module */
import {
  iamActionsForService,
  isWildcardOnlyAction,
} from '../../../../tools/policy-oracle/index.ts'
import type { KindOfPolicy } from '../../../support/template-policies.ts'
import type { Asked, Context, Question } from './question.ts'
import { verdictOf } from './simulator.ts'

/**
 * Each caller tries each action of the services that it is asked about, on each of these resources,
 * with the condition keys of each question that is answered by yes, and without any.
 *
 * @returns `<who> <action> <resource>` of each that is allowed and is not asked about.
 */
export async function surplusOf(
  given: KindOfPolicy,
  questions: readonly Question[],
): Promise<readonly string[]> {
  const plainly = questions.filter(({ wider, undenied, beside }) => !wider && !undenied && !beside)
  const expected = new Set(plainly.filter(({ allowed }) => allowed).map(nameOf))
  const found = new Set<string>()
  for (const one of tries(given, plainly))
    for (const action of await iamActionsForService(one.service)) {
      const knowsNoResource = await isWildcardOnlyAction(one.service, action)
      // The policy of a resource does not speak of these, and one of them is everybody's.
      if (knowsNoResource && (given.kind === 'resource' || action === 'GetCallerIdentity')) continue
      const call = { ...one.call, action: `${one.service}:${action}` }
      const asked = knowsNoResource ? { ...call, on: '*' } : call
      if (expected.has(nameOf(asked)) || found.has(nameOf(asked))) continue
      if ((await verdictOf(given, asked)) === 'allowed') found.add(nameOf(asked))
    }
  return [...found]
}

const nameOf = ({ who, action, on }: Asked) => `${who} ${action} ${on}`

type Try = { readonly service: string; readonly call: Omit<Asked, 'action'> }

/** Where IAM policies of the account decide as well, the caller has none. */
function tries({ kind }: KindOfPolicy, questions: readonly Question[]): readonly Try[] {
  const contexts: readonly (Context | undefined)[] = [
    undefined,
    ...questions.filter(({ allowed }) => allowed).map(({ context }) => context),
  ]
  const all = questions.flatMap(({ who, action, on }) => {
    const [service = ''] = action.split(':')
    const alone = kind === 'resource' && service !== 'kms' ? ({ unaided: true } as const) : {}
    return contexts.map((context) => ({
      service,
      call: { who, on, ...alone, ...(context === undefined ? {} : { context }) },
    }))
  })
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()]
}
