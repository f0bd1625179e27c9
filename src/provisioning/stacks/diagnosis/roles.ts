/** Roles of a stack: whether their policies allow more of KMS than to sign with its keys. @module */

import { policyFaults } from '../../../aws/index.ts'
import { checkOf, type Finding } from '../../diagnosis/finding.ts'
import { load } from '../session.ts'
import { fieldOf, listOf } from './policy-statements.ts'
import { checked, partsOf, type StackQuestion } from './stack-parts.ts'

export async function diagnoseRoles(question: StackQuestion): Promise<readonly Finding[]> {
  const roles = partsOf(question, 'AWS::IAM::Role')
  if (roles.length === 0) return []
  const iam = await load('@aws-sdk/client-iam', () => import('@aws-sdk/client-iam'))
  const client = new iam.IAMClient(question.config)
  const { bounded } = question.session
  const documentsOf = async (RoleName: string) => {
    const { PolicyNames = [] } = await bounded('iam:ListRolePolicies', (abortSignal) =>
      client.send(new iam.ListRolePoliciesCommand({ RoleName }), { abortSignal }),
    )
    const { AttachedPolicies = [] } = await bounded('iam:ListAttachedRolePolicies', (abortSignal) =>
      client.send(new iam.ListAttachedRolePoliciesCommand({ RoleName }), { abortSignal }),
    )
    const own = PolicyNames.map(async (PolicyName) => {
      const { PolicyDocument } = await bounded('iam:GetRolePolicy', (abortSignal) =>
        client.send(new iam.GetRolePolicyCommand({ RoleName, PolicyName }), { abortSignal }),
      )
      return PolicyDocument
    })
    const attached = AttachedPolicies.map(async ({ PolicyArn }) => {
      const { Policy } = await bounded('iam:GetPolicy', (abortSignal) =>
        client.send(new iam.GetPolicyCommand({ PolicyArn }), { abortSignal }),
      )
      const VersionId = Policy?.DefaultVersionId
      const { PolicyVersion } = await bounded('iam:GetPolicyVersion', (abortSignal) =>
        client.send(new iam.GetPolicyVersionCommand({ PolicyArn, VersionId }), { abortSignal }),
      )
      return PolicyVersion?.Document
    })
    return Promise.all([...own, ...attached])
  }
  const findings = await Promise.all(
    roles.map(({ id }) =>
      checked('role policy', id, async () => [
        judged(id, (await documentsOf(id)).map(parsed), question),
      ]),
    ),
  )
  client.destroy()
  return findings.flat()
}

/** IAM answers with documents that are encoded as in a URL. */
function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(decodeURIComponent(text ?? ''))
  } catch {
    return undefined // a fault: no document
  }
}

function judged(
  role: string,
  documents: readonly unknown[],
  { keyArns, template }: StackQuestion,
): Finding {
  const check = checkOf('role policy', role)
  const remedy = 'Deploy the stack again, and take away what somebody added to the role.'
  const statements = documents.flatMap((document) => ofKms(document))
  if (statements.length === 0) return check.ok('it allows nothing of KMS')
  if (keyArns.length === 0)
    return check.skipped('the stack has no key; name those that its roles may use by --key')
  const seals = template.kind === 'sealed-keys'
  const faults = seals
    ? sealingFaults(statements, keyArns)
    : policyFaults({ Version: '2012-10-17', Statement: statements }, { keyArns })
  const [fault] = faults
  const does = seals ? 'seal and open' : 'sign'
  if (fault === undefined)
    return check.ok(`of KMS it allows to ${does} with ${keyArns.length} keys`)
  const more = faults.length === 1 ? '' : ` And ${faults.length - 1} more.`
  return check.problem(`${fault}${more}`, remedy)
}

const sealing = [
  'kms:Decrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyPairWithoutPlaintext',
] as const

/** What more is allowed than `createSealedKeys` asks for, with the encryption context of each call. */
function sealingFaults(
  statements: readonly unknown[],
  keyArns: readonly string[],
): readonly string[] {
  return statements.flatMap((statement, index) => {
    const place = `Statement ${index + 1}`
    const within = (name: string, known: readonly unknown[]) => {
      const values = listOf(fieldOf(statement, name))
      return values.length > 0 && values.every((value) => known.includes(value))
    }
    const condition = fieldOf(statement, 'Condition')
    const context = (operator: string, key: string) =>
      fieldOf(fieldOf(condition, operator), `kms:EncryptionContext:${key}`)
    return [
      ...(within('Action', sealing) ? [] : [`${place} allows what sealed keys do not need.`]),
      ...(within('Resource', keyArns) ? [] : [`${place} is not about the wrapping key alone.`]),
      ...(context('StringEquals', 'fcl-kms') === 'sealed-key' &&
      context('Null', 'wallet') === 'false'
        ? []
        : [`${place} allows it without the encryption context of sealed keys.`]),
    ]
  })
}

/** Statements that allow something of KMS, also by what they leave out; a document that is none, too. */
function ofKms(document: unknown): readonly unknown[] {
  const { Statement: told }: { Statement?: unknown } =
    typeof document === 'object' && document !== null ? document : { Statement: 'no document' }
  const statements: readonly unknown[] = Array.isArray(told) ? told : [told]
  return statements.filter((statement) => {
    if (typeof statement !== 'object' || statement === null) return true
    const { Effect, Action, NotAction } = { Effect: '', ...statement } as Record<string, unknown>
    const actions = Array.isArray(Action) ? Action : [Action]
    return (
      Effect !== 'Deny' &&
      (NotAction !== undefined || actions.some((one) => /^(kms|\*|k\*|km\*|\?)/i.test(String(one))))
    )
  })
}
