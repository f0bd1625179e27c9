/** One question to a simulator of IAM that is not ours. @module */
import { anonymousPrincipal, runSimulation } from '../../../../tools/policy-oracle/index.ts'
import { ACCOUNT } from '../../../support/stack-variants.ts'
import type { KindOfPolicy, Policy } from '../../../support/template-policies.ts'
import { ANONYMOUS, type Asked } from './question.ts'

const documentOf = (...Statement: Policy['Statement']): Policy => ({
  Version: '2012-10-17',
  Statement,
})
const everything = documentOf({ Effect: 'Allow', Action: '*', Resource: '*' })
const toEverybody = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }

/** Of a key that leaves the decision to the IAM policies of its account. */
const delegating = (partition: string) =>
  documentOf({
    Effect: 'Allow',
    Principal: { AWS: `arn:${partition}:iam::${ACCOUNT}:root` },
    Action: 'kms:*',
    Resource: '*',
  })

/**
 * @returns Whether IAM would allow it.
 * @throws {Error} For a policy that AWS would not take, an action that does not exist or is not of that
 * resource, and a condition key that the action does not have.
 */
export async function answerOf(given: KindOfPolicy, asked: Asked): Promise<boolean> {
  const { verdict, ignored } = await simulate(given, asked)
  if (verdict !== 'allowed' && verdict !== 'denied')
    throw new Error(`${verdict}: ${JSON.stringify({ given, asked })}`)
  if (ignored.length > 0) throw new Error(`${asked.action} does not have ${ignored}`)
  return verdict === 'allowed'
}

/** @returns `no policy` for one that AWS would not take, `no call` for an action not of that resource. */
export const verdictOf = async (given: KindOfPolicy, asked: Asked): Promise<Verdict> =>
  (await simulate(given, asked)).verdict

type Verdict = 'allowed' | 'denied' | 'no policy' | 'no call'

async function simulate(
  given: KindOfPolicy,
  asked: Asked,
): Promise<{ readonly verdict: Verdict; readonly ignored: readonly string[] }> {
  const { who, action, on, unaided, beside } = asked
  const [{ kind, policy }, context] = readable([given, asked.context ?? {}] as const)
  const isCaller = who !== ANONYMOUS && who.startsWith('arn:')
  const own = kind === 'identity' ? policy : everything
  const resourcePolicy =
    kind === 'resource'
      ? policyOfResource(policy, asked)
      : action.startsWith('kms:')
        ? delegating(on.split(':')[1] ?? '')
        : undefined
  const result = await runSimulation(
    {
      request: {
        principal: who === ANONYMOUS ? anonymousPrincipal : who,
        action,
        resource: { resource: on, accountId: ACCOUNT },
        contextVariables: { ...(isCaller ? callerContext(who) : {}), ...context },
      },
      identityPolicies:
        isCaller && !unaided
          ? [
              { name: 'own', policy: own },
              ...(beside ? [{ name: 'other', policy: everything }] : []),
            ]
          : [],
      serviceControlPolicies:
        kind === 'control'
          ? [{ orgIdentifier: 'root', policies: [full, { name: 'ours', policy }] }]
          : [],
      resourceControlPolicies: [],
      ...(resourcePolicy === undefined ? {} : { resourcePolicy }),
      ...(kind === 'boundary' ? { permissionBoundaryPolicies: [{ name: 'ours', policy }] } : {}),
      ...(kind === 'endpoint' ? { vpcEndpointPolicies: [{ name: 'ours', policy }] } : {}),
    },
    {},
  )
  if (result.resultType !== 'single') {
    const isOfPolicy = result.resultType === 'error' && result.errors.message === 'policy.errors'
    return { verdict: isOfPolicy ? 'no policy' : 'no call', ignored: [] }
  }
  return {
    verdict: result.overallResult === 'Allowed' ? 'allowed' : 'denied',
    ignored: result.result.ignoredContextKeys ?? [],
  }
}

const full = { name: 'FullAWSAccess', policy: everything }

function policyOfResource(policy: Policy, { wider, undenied }: Asked): Policy {
  const own = policy.Statement.filter(({ Effect }) => !undenied || Effect !== 'Deny')
  return { ...policy, Statement: [...own, ...(wider ? [toEverybody] : [])] }
}

const callerContext = (who: string) => ({
  'aws:PrincipalArn': who,
  'aws:PrincipalType': who.endsWith(':root') ? 'Account' : 'AssumedRole',
})

/**
 * The simulator drops the key of a condition whose name has a part of our choice: tags stand in. It
 * knows services of China only by the names that they have elsewhere.
 */
const readable = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value)
      .replaceAll('kms:EncryptionContext:', 'aws:PrincipalTag/context-')
      .replaceAll('amazonaws.com.cn', 'amazonaws.com'),
  )
