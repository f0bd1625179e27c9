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
 * @throws {Error} For a policy that AWS would not take, and as `verdictOf`.
 */
export async function answerOf(given: KindOfPolicy, asked: Asked): Promise<boolean> {
  const verdict = await verdictOf(given, asked)
  if (verdict === 'no policy') throw new Error(`AWS would not take ${JSON.stringify(given)}`)
  return verdict === 'allowed'
}

/**
 * @returns `no policy` for one that AWS would not take.
 * @throws {Error} For an action that does not exist or is not of that resource, and for a condition key
 * that the action does not have.
 */
export async function verdictOf(
  given: KindOfPolicy,
  asked: Asked,
): Promise<'allowed' | 'denied' | 'no policy'> {
  const { who, action, on, unaided } = asked
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
      identityPolicies: isCaller && !unaided ? [{ name: 'own', policy: own }] : [],
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
  if (result.resultType === 'error' && result.errors.message === 'policy.errors') return 'no policy'
  if (result.resultType !== 'single') throw new Error(JSON.stringify({ asked, result }))
  const [ignored] = result.result.ignoredContextKeys ?? []
  if (ignored !== undefined) throw new Error(`${action} does not have ${ignored}`)
  return result.overallResult === 'Allowed' ? 'allowed' : 'denied'
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

/** The simulator drops this key of a condition, whose name has a part of our choice: tags stand in. */
const readable = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value).replaceAll('kms:EncryptionContext:', 'aws:PrincipalTag/context-'),
  )
