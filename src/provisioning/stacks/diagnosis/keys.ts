/** Keys of a stack: their state, who may use them, and when they were used last. @module */

import { keyPolicyFaults } from '../../../aws/index.ts'
import { checkOf, type Finding } from '../../finding.ts'
import { load } from '../session.ts'
import { checked, partsOf, type StackQuestion } from './stack-parts.ts'

export async function diagnoseKeys(question: StackQuestion): Promise<readonly Finding[]> {
  const keys = partsOf(question, 'AWS::KMS::Key')
  if (keys.length === 0) return []
  const kms = await load('@aws-sdk/client-kms', () => import('@aws-sdk/client-kms'))
  const client = new kms.KMSClient(question.config)
  const { bounded, caller } = question.session
  const findings = await Promise.all(
    keys.flatMap(({ id: KeyId }) => [
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
        return [policyOf(KeyId, Policy, caller)]
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
    ]),
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
  keyId: string,
  policy: string | undefined,
  { accountId, partition }: { readonly accountId: string; readonly partition: string },
): Finding {
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
  // Such as one that encrypts a topic or wraps other keys.
  if (signers.length === 0) return check.ok('nobody may sign with it')
  if (signers.length !== 1 || signerRoleArn === undefined || adminRoleArn === undefined)
    return check.problem(`${signers.length} principals may sign, and one is meant to`, remedy)
  const options = { accountId, partition, signerRoleArn, adminRoleArn, describe: true }
  const faults = keyPolicyFaults(document, options)
  const [fault] = faults
  if (fault === undefined)
    return check.ok(`${signerRoleArn} signs, ${adminRoleArn} administers, nobody else`)
  const more = faults.length === 1 ? '' : ` And ${faults.length - 1} more.`
  return check.problem(`${fault}${more}`, remedy)
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined // judged as a policy that lets nobody sign
  }
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value]

/** Each once. */
function principalsWith(document: unknown, action: RegExp): readonly string[] {
  const found = listOf(fieldOf(document, 'Statement')).flatMap((statement) => {
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
