/**
 * Every policy of the stacks, judged by a simulator of IAM that is not ours. A policy of a resource is
 * asked with callers whose own IAM policy allows everything; `wider` adds a statement that lets in
 * everybody, as a mistake or a grant would.
 */
import { runSimulation } from '../../../tools/policy-oracle/index.ts'
import { ACCOUNT, KEY, role, templateOf, variants } from '../../support/stack-variants.ts'
import { hex, type Policy, policiesOf } from '../../support/template-policies.ts'

type Question = {
  readonly who: string
  readonly action: string
  readonly on: string
  readonly context?: Readonly<Record<string, string | string[]>>
  readonly wider?: true
  /** Without its denials: what an Allow asks holds alone too. */
  readonly undenied?: true
  readonly allowed: boolean
}

const here = (name: string) => role(name)
const digest = { 'kms:MessageType': 'DIGEST', 'kms:SigningAlgorithm': 'ECDSA_SHA_256' }
const raw = { ...digest, 'kms:MessageType': 'RAW' }
const sha384 = { ...digest, 'kms:SigningAlgorithm': 'ECDSA_SHA_384' }
const keyOf = (id: string) => `arn:aws:kms:eu-central-1:${ACCOUNT}:key/${hex(id)}`
const ADMIN = here('key-admin')
const SIGNER = here('flow-signer')
const STRANGER = here('stranger')
const ROOT = `arn:aws:iam::${ACCOUNT}:root`
const asRoot = { 'aws:PrincipalType': 'Account' }
const yes = { allowed: true } as const
const no = { allowed: false } as const

const ofKey = (on: string): Question[] => {
  const sign = { action: 'kms:Sign', on }
  return [
    { who: SIGNER, ...sign, context: digest, ...yes },
    { who: SIGNER, ...sign, context: raw, ...no },
    { who: SIGNER, ...sign, context: raw, wider: true, ...no },
    { who: SIGNER, ...sign, context: sha384, ...no },
    { who: SIGNER, ...sign, context: sha384, wider: true, ...no },
    { who: SIGNER, ...sign, context: raw, undenied: true, ...no },
    { who: SIGNER, ...sign, context: sha384, undenied: true, ...no },
    { who: STRANGER, ...sign, context: digest, ...no },
    { who: STRANGER, ...sign, context: digest, wider: true, ...no },
    { who: ADMIN, ...sign, context: digest, ...no },
    { who: ADMIN, ...sign, context: digest, wider: true, ...no },
    { who: ROOT, ...sign, context: { ...digest, ...asRoot }, ...no },
    { who: SIGNER, action: 'kms:GetPublicKey', on, ...yes },
    { who: STRANGER, action: 'kms:GetPublicKey', on, ...no },
    { who: SIGNER, action: 'kms:ScheduleKeyDeletion', on, ...no },
    { who: SIGNER, action: 'kms:ScheduleKeyDeletion', on, wider: true, ...no },
    { who: SIGNER, action: 'kms:CreateGrant', on, wider: true, ...no },
    { who: SIGNER, action: 'kms:PutKeyPolicy', on, wider: true, ...no },
    ...administered(on),
  ]
}
const administered = (on: string): Question[] => [
  { who: ADMIN, action: 'kms:PutKeyPolicy', on, ...yes },
  { who: ADMIN, action: 'kms:ScheduleKeyDeletion', on, ...yes },
  { who: ADMIN, action: 'kms:CreateGrant', on, ...no },
  { who: STRANGER, action: 'kms:PutKeyPolicy', on, ...no },
  { who: ROOT, action: 'kms:PutKeyPolicy', on, context: asRoot, ...yes },
  { who: ROOT, action: 'kms:ScheduleKeyDeletion', on, context: asRoot, ...no },
  // What the ARN of the account would let in, were it not for the condition.
  {
    who: STRANGER,
    action: 'kms:GetKeyPolicy',
    on,
    context: { 'aws:PrincipalType': 'AssumedRole' },
    ...no,
  },
]

const key = keyOf('KeyMinter')
const tagged = (Environment: string) => ({ ...digest, 'aws:PrincipalTag/Environment': Environment })
const ofTaggedKey: Question[] = [
  ...ofKey(key).map((one) =>
    one.action === 'kms:Sign'
      ? { ...one, context: { ...one.context, 'aws:PrincipalTag/Environment': 'production' } }
      : one,
  ),
  { who: SIGNER, action: 'kms:Sign', on: key, context: tagged('development'), ...no },
  { who: SIGNER, action: 'kms:Sign', on: key, context: digest, ...no },
]
const inRegion = (region: string) => ({ 'kms:ReplicaRegion': region })
const replicated: Question[] = [
  ...ofKey(key),
  { who: ADMIN, action: 'kms:ReplicateKey', on: key, context: inRegion('eu-west-1'), ...yes },
  { who: ADMIN, action: 'kms:ReplicateKey', on: key, context: inRegion('eu-north-1'), ...no },
]

const signs = (who: string, on: string): Question[] => [
  { who, action: 'kms:Sign', on, context: digest, ...yes },
  { who, action: 'kms:Sign', on, context: raw, ...no },
  { who, action: 'kms:Sign', on, context: sha384, ...no },
  { who, action: 'kms:GetPublicKey', on, ...yes },
  { who, action: 'kms:Sign', on: keyOf('Another'), context: digest, ...no },
  { who, action: 'kms:ScheduleKeyDeletion', on, ...no },
]

const wallets = here('flow-wallets')
const wrapping = keyOf('WrappingKey')
const sealed = {
  'kms:EncryptionContext:fcl-kms': 'sealed-key',
  'kms:EncryptionContext:wallet': 'alice',
}
const noWallet = { 'kms:EncryptionContext:fcl-kms': 'sealed-key' }
const noMark = { 'kms:EncryptionContext:wallet': 'alice' }
const opens = (who: string): Question[] => [
  { who, action: 'kms:Decrypt', on: wrapping, context: sealed, ...yes },
  { who, action: 'kms:GenerateDataKey', on: wrapping, context: sealed, ...yes },
  { who, action: 'kms:Decrypt', on: wrapping, context: noWallet, ...no },
  { who, action: 'kms:Decrypt', on: wrapping, context: noMark, ...no },
  { who, action: 'kms:ScheduleKeyDeletion', on: wrapping, ...no },
]
const tls = { 'aws:SecureTransport': 'true' }
const plain = { 'aws:SecureTransport': 'false' }

const asked: Readonly<Record<string, readonly Question[]>> = {
  'keys/SignerPolicy.PolicyDocument': [...signs(SIGNER, key), ...signs(SIGNER, keyOf('KeyPayer'))],
  'keys/KeyMinter.KeyPolicy': ofKey(key),
  'keys/KeyPayer.KeyPolicy': ofKey(keyOf('KeyPayer')),
  'keys by tag/KeyMinter.KeyPolicy': [
    ...ofTaggedKey,
    { who: SIGNER, action: 'kms:DescribeKey', on: key, ...yes },
  ],
  'keys of several Regions/KeyMinter.KeyPolicy': replicated,
  'signer with all/Role.Policies.0.PolicyDocument': signs(here('fcl-kms-production-signer'), KEY),
  'sealed keys/WrappingKey.KeyPolicy': [
    ...opens(wallets),
    ...[noWallet, noMark].map(
      (context): Question => ({
        ...{ who: wallets, action: 'kms:Decrypt', on: wrapping, context, wider: true },
        ...no,
      }),
    ),
    ...[noWallet, noMark].map(
      (context): Question => ({
        ...{ who: wallets, action: 'kms:Decrypt', on: wrapping, context, undenied: true },
        ...no,
      }),
    ),
    { who: STRANGER, action: 'kms:Decrypt', on: wrapping, context: sealed, wider: true, ...no },
    { who: ADMIN, action: 'kms:Decrypt', on: wrapping, context: sealed, ...no },
    ...administered(wrapping),
  ],
  'sealed keys/RolePolicy.PolicyDocument': [
    ...opens(wallets),
    { who: wallets, action: 's3:GetObject', on: 'arn:aws:s3:::bucket/a', ...yes },
    { who: wallets, action: 's3:ListBucket', on: 'arn:aws:s3:::bucket', ...yes },
    { who: wallets, action: 's3:DeleteObjectVersion', on: 'arn:aws:s3:::bucket/a', ...no },
    { who: wallets, action: 's3:GetObject', on: 'arn:aws:s3:::others/a', ...no },
  ],
  'sealed keys/BucketPolicy.PolicyDocument': [
    { who: wallets, action: 's3:GetObject', on: 'arn:aws:s3:::bucket/a', context: tls, ...yes },
    { who: wallets, action: 's3:GetObject', on: 'arn:aws:s3:::bucket/a', context: plain, ...no },
    { who: STRANGER, action: 's3:GetObject', on: 'arn:aws:s3:::bucket/a', context: tls, ...no },
    { who: STRANGER, action: 's3:PutObject', on: 'arn:aws:s3:::bucket/a', context: tls, ...no },
  ],
  'admin server/Role.Policies.0.PolicyDocument': signs(here('flow-admin-server'), KEY),
}

const documents: ReadonlyMap<string, Policy> = new Map(
  variants.flatMap(([variant, stack, options]) =>
    [...policiesOf(templateOf(stack, options))].map(
      ([path, policy]) => [`${variant}/${path}`, policy] as const,
    ),
  ),
)

const everything = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
}

/** The simulator drops this key of a condition, whose name has a part of our choice: tags stand in. */
const readable = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value).replaceAll('kms:EncryptionContext:', 'aws:PrincipalTag/context-'),
  )

async function answer(name: string, given: Policy, question: Question): Promise<boolean> {
  const { who, action, on, wider, undenied } = question
  const [policy, context] = readable([given, question.context ?? {}] as const)
  const isIdentity = /SignerPolicy|RolePolicy|Policies\.\d/.test(name)
  const more = wider ? [{ Effect: 'Allow', Principal: '*', Action: 'kms:*', Resource: '*' }] : []
  const own = policy.Statement.filter(({ Effect }) => !undenied || Effect !== 'Deny')
  const resourcePolicy = { ...policy, Statement: [...own, ...more] }
  // Of a key policy that leaves the decision to IAM.
  const delegating = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: ROOT }, Action: 'kms:*', Resource: '*' }],
  }
  const result = await runSimulation(
    {
      request: {
        principal: who,
        action,
        resource: { resource: on, accountId: ACCOUNT },
        contextVariables: {
          'aws:PrincipalType': 'AssumedRole',
          'aws:PrincipalArn': who,
          ...context,
        },
      },
      identityPolicies: [{ name: 'own', policy: isIdentity ? policy : everything }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(isIdentity
        ? action.startsWith('kms:')
          ? { resourcePolicy: delegating }
          : {}
        : { resourcePolicy: resourcePolicy.Statement.length === 0 ? undefined : resourcePolicy }),
    },
    {},
  )
  if (result.resultType === 'error') throw new Error(JSON.stringify(result))
  return result.overallResult === 'Allowed'
}

const questions = Object.entries(asked).flatMap(([name, list]) =>
  list.map((question, index) => [`${name} ${index}: ${question.action}`, name, question] as const),
)

describe('an independent simulator of IAM', () => {
  it('is asked at least 60 questions', () => {
    expect(questions.length).toBeGreaterThanOrEqual(60)
  })

  it.each(questions)('%s', async (_, name, question) => {
    const policy = documents.get(name)
    expect(policy).toBeDefined()
    const { allowed, ...asks } = question
    expect({ ...asks, allowed: await answer(name, policy as Policy, question) }).toEqual(question)
  })
})

/** Each statement left out in turn, and each key of each condition. */
function mutantsOf(policy: Policy): readonly (readonly [string, Policy])[] {
  return policy.Statement.flatMap((statement, index) => {
    const others = (...instead: typeof policy.Statement) => ({
      ...policy,
      Statement: policy.Statement.toSpliced(index, 1, ...instead),
    })
    const conditions = Object.entries((statement['Condition'] ?? {}) as Record<string, object>)
    const name = String(statement['Sid'])
    return [
      [name, others()] as const,
      ...conditions.flatMap(([operator, keys]) =>
        Object.keys(keys).map((key) => {
          const Condition = Object.fromEntries(
            conditions
              .map(([each, asks]) => [
                each,
                Object.fromEntries(
                  Object.entries(asks).filter(([one]) => each !== operator || one !== key),
                ),
              ])
              .filter(([, asks]) => Object.keys(asks as object).length > 0),
          )
          return [`${name} without ${key}`, others({ ...statement, Condition })] as const
        }),
      ),
    ]
  })
}

const mutants = Object.keys(asked).flatMap((name) =>
  mutantsOf(documents.get(name) as Policy).map(
    ([what, mutant]) => [`${name} ${what}`, name, mutant] as const,
  ),
)

describe('each statement and each condition', () => {
  it.each(mutants)('changes an answer when it is left out: %s', async (_, name, mutant) => {
    const answers = await Promise.all(
      (asked[name] ?? []).map(async (one) => (await answer(name, mutant, one)) !== one.allowed),
    )
    expect(answers).toContain(true)
  })
})
