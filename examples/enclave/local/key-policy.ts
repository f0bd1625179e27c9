/** Whether a key policy lets a call through, by a simulator of IAM that is not ours. @module */

import { runSimulation } from '../../../tools/policy-oracle/index.ts'

/** A document of IAM, as `PutKeyPolicy` takes it. */
export type KeyPolicy = { readonly Version: string; readonly Statement: readonly object[] }

/** One call, as KMS sees it. */
export type AskedOfKey = {
  /** Such as `Decrypt`. */
  readonly operation: string
  readonly keyArn: string
  /** What the attestation document says, by condition key; none without a document. */
  readonly attestation: Readonly<Record<string, string>>
  readonly encryptionContext: Readonly<Record<string, string>>
}

const everything = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
}
const MOST = 1_000

/**
 * The caller is a role of the account of the key, whose own policies allow everything: what the key policy
 * denies is denied by nobody else.
 *
 * @returns Asks the simulator once for each question, which takes it 15 ms.
 */
export function createKeyPolicyJudge(
  policy: KeyPolicy,
  role = 'enclave-parent',
): (asked: AskedOfKey) => Promise<boolean> {
  const verdicts = new Map<string, Promise<boolean>>()
  return (asked) => {
    const question = JSON.stringify(asked)
    const known = verdicts.get(question)
    if (known !== undefined) return known
    if (verdicts.size >= MOST) verdicts.clear()
    const verdict = simulate(policy, role, asked)
    verdicts.set(question, verdict)
    return verdict
  }
}

async function simulate(policy: KeyPolicy, role: string, asked: AskedOfKey): Promise<boolean> {
  const { operation, keyArn, attestation, encryptionContext } = asked
  const accountId = keyArn.split(':')[4] ?? ''
  const principal = `arn:aws:iam::${accountId}:role/${role}`
  const context = Object.entries(encryptionContext).map(
    ([name, value]) => [`kms:EncryptionContext:${name}`, value] as const,
  )
  const [resourcePolicy, contextVariables] = readable([
    policy,
    {
      'aws:PrincipalArn': principal,
      'aws:PrincipalType': 'AssumedRole',
      'kms:CallerAccount': accountId,
      ...attestation,
      ...Object.fromEntries(context),
    },
  ] as const)
  const result = await runSimulation(
    {
      request: {
        principal,
        action: `kms:${operation}`,
        resource: { resource: keyArn, accountId },
        contextVariables,
      },
      identityPolicies: [{ name: 'everything', policy: everything }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy,
    },
    {},
  )
  if (result.resultType !== 'single')
    throw new Error(`The key policy cannot be judged: ${JSON.stringify(result)}`)
  return result.overallResult === 'Allowed'
}

/** The simulator drops the key of a condition whose name has a part of our choice: tags stand in. */
const readable = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value).replaceAll('kms:EncryptionContext:', 'aws:PrincipalTag/context-'),
  )
