/** Keys of a stack: their state, who may use them, and when they were used last. @module */

import { type KeyPolicyOptions, keyPolicyFaults } from '../../../aws/index.ts'
import { checkOf, type Finding } from '../../diagnosis/finding.ts'
import { load } from '../session.ts'
import { faultsBeside, fieldOf, listOf, statementsOf } from './policy-statements.ts'
import { checked, partsOf, type StackPart, type StackQuestion } from './stack-parts.ts'

export async function diagnoseKeys(question: StackQuestion): Promise<readonly Finding[]> {
  const keys = partsOf(question, 'AWS::KMS::Key')
  if (keys.length === 0) return []
  const kms = await load('@aws-sdk/client-kms', () => import('@aws-sdk/client-kms'))
  const client = new kms.KMSClient(question.config)
  const { bounded } = question.session
  const findings = await Promise.all(
    keys.flatMap((key) => {
      const KeyId = key.id
      return [
        checked('key state', KeyId, async () => {
          const { KeyMetadata } = await bounded('kms:DescribeKey', (abortSignal) =>
            client.send(new kms.DescribeKeyCommand({ KeyId }), { abortSignal }),
          )
          return [stateOf(KeyId, KeyMetadata?.KeyState, KeyMetadata?.DeletionDate)]
        }),
        checked('key policy', KeyId, async () => {
          const { Policy } = await bounded('kms:GetKeyPolicy', (abortSignal) =>
            client.send(new kms.GetKeyPolicyCommand({ KeyId }), { abortSignal }),
          )
          return [policyOf(key, Policy, question)]
        }),
        checked('last use', KeyId, async () => {
          const check = checkOf('last use', KeyId)
          const told = await bounded('kms:GetKeyLastUsage', (abortSignal) =>
            client.send(new kms.GetKeyLastUsageCommand({ KeyId }), { abortSignal }),
          ).catch((thrown: unknown) => {
            // Endpoints that are not AWS do not know it.
            if (isUnknown(thrown)) return undefined
            throw thrown
          })
          if (told === undefined) return [check.skipped('the endpoint does not tell it')]
          const { Timestamp: at } = told.KeyLastUsage ?? {}
          return [check.ok(at === undefined ? 'not used' : `${at.toISOString()}`)]
        }),
      ]
    }),
  )
  client.destroy()
  return findings.flat()
}

function stateOf(keyId: string, state: string | undefined, deletion: Date | undefined): Finding {
  const check = checkOf('key state', keyId)
  if (state === 'Enabled') return check.ok(state)
  if (state === 'PendingDeletion')
    return check.problem(
      `it is deleted on ${deletion?.toISOString() ?? 'a day that is not told'}`,
      'Cancel the deletion and enable the key, unless it was meant: docs/operations.md.',
    )
  return check.problem(state ?? 'unknown', 'Enable the key, or use its successor.')
}

/** @param policy - The two roles that it names are held against what is generated for them. */
function policyOf(
  { id: keyId, logicalId }: StackPart,
  policy: string | undefined,
  { session, template }: StackQuestion,
): Finding {
  const { accountId, partition } = session.caller
  const check = checkOf('key policy', keyId)
  const remedy = 'Put the generated policy back: fcl-kms keys policy, or deploy the stack again.'
  const document = parsed(policy)
  const may = (action: RegExp) => principalsWith(document, action)
  const root = `arn:${partition}:iam::${accountId}:root`
  const signers = may(/^(kms:Sign|kms:\*|\*)$/i).filter((one) => one !== root)
  const [signerRoleArn] = signers
  const [adminRoleArn] = may(/^kms:PutKeyPolicy$/i).filter((one) => one !== root)
  if (may(/^(kms:\*|\*)$/i).length > 0)
    return check.problem('it allows kms:*, as the default policy of KMS does', remedy)
  const judged = (faults: readonly string[], good: string) => {
    const more = faults.length > 1 ? ` And ${faults.length - 1} more.` : ''
    return faults[0] === undefined ? check.ok(good) : check.problem(`${faults[0]}${more}`, remedy)
  }
  const deployed = template.keyPolicies[logicalId]
  const changed = deployed === undefined ? [] : faultsBeside(deployed, document)
  // Such as one that encrypts a topic or wraps other keys.
  if (signers.length === 0) return judged(changed, 'nobody may sign with it')
  if (signers.length !== 1 || signerRoleArn === undefined || adminRoleArn === undefined)
    return check.problem(`${signers.length} principals may sign, and one is meant to`, remedy)
  const chosen = choicesOf(document)
  const options = { accountId, partition, signerRoleArn, adminRoleArn, describe: true, ...chosen }
  const replicas = chosen.replicaRegions?.join(', ')
  const administers = replicas === undefined ? 'administers' : `replicates to ${replicas}`
  const good = `${signerRoleArn} signs, ${adminRoleArn} ${administers}, nobody else`
  return judged([...keyPolicyFaults(document, options), ...changed], good)
}

/** What whoever made the policy could choose: each is checked as it is generated for that choice. */
function choicesOf(document: unknown): Pick<KeyPolicyOptions, 'environment' | 'replicaRegions'> {
  const statements = statementsOf(document)
  const asked = (operator: string, key: string) =>
    statements.flatMap((statement) =>
      listOf(fieldOf(fieldOf(fieldOf(statement, 'Condition'), operator), key)),
    )
  const [environment] = asked('StringNotEquals', 'aws:PrincipalTag/Environment')
  const regions = asked('StringEquals', 'kms:ReplicaRegion')
  const isText = (value: unknown): value is string => typeof value === 'string'
  return {
    ...(isText(environment) && /^[a-z][a-z0-9-]{0,31}$/.test(environment) ? { environment } : {}),
    ...(regions.length > 0 && regions.every((one) => isText(one) && /^[a-z0-9-]+$/.test(one))
      ? { replicaRegions: regions.filter(isText) }
      : {}),
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined // judged as a policy that lets nobody sign
  }
}

/** Each once. */
function principalsWith(document: unknown, action: RegExp): readonly string[] {
  const found = statementsOf(document).flatMap((statement) => {
    const allows = fieldOf(statement, 'Effect') === 'Allow'
    const actions = listOf(fieldOf(statement, 'Action'))
    if (!allows || !actions.some((one) => action.test(String(one)))) return []
    const principal = fieldOf(statement, 'Principal')
    return listOf(fieldOf(principal, 'AWS') ?? principal).map(String)
  })
  return [...new Set(found)]
}

const isUnknown = (thrown: unknown) =>
  thrown instanceof Error &&
  /UnknownOperation|InvalidAction|not (supported|implemented)/i.test(thrown.message)
