/** Edits of policies, as mistakes and attacks make them. @module */
import fc from 'fast-check'
import type { KindOfPolicy } from '../../support/template-policies.ts'
import { ANONYMOUS, type Asked, digest } from './oracle/question.ts'
import { verdictOf } from './oracle/simulator.ts'

export const ACCOUNT = '111122223333'
export const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`
export const OTHER_KEY = KEY.replace(/.{4}$/, '0000')
export const SIGNER = `arn:aws:iam::${ACCOUNT}:role/flow-minter`
export const ADMIN = `arn:aws:iam::${ACCOUNT}:role/key-admin`
export const ROOT = `arn:aws:iam::${ACCOUNT}:root`
export const STRANGER = `arn:aws:iam::${ACCOUNT}:role/stranger`
export const FOREIGNER = 'arn:aws:iam::444455556666:role/flow-minter'

type Json = { [name: string]: unknown }
type Edit = (statements: Json[]) => void

const actions = [
  'kms:*',
  '*',
  'kms:Sign',
  'kms:S*',
  'kms:CreateGrant',
  'kms:PutKeyPolicy',
  'kms:ReplicateKey',
  'kms:?ign',
]
const resources = ['*', KEY, OTHER_KEY, KEY.replace(/[^/]*$/, '*'), KEY.replace(/key.*$/, '*')]
const principals = [SIGNER, ADMIN, ROOT, STRANGER, FOREIGNER, ACCOUNT, '*']
const operators = [
  'StringEquals',
  'StringLike',
  'StringNotEquals',
  'StringEqualsIfExists',
  'ForAnyValue:StringEquals',
  'ForAllValues:StringEquals',
  'ForAllValues:StringLike',
  'ArnNotLike',
  'ArnEquals',
  'Null',
]
const keys = [
  'kms:MessageType',
  'kms:SigningAlgorithm',
  'kms:ReplicaRegion',
  'aws:PrincipalArn',
  'aws:PrincipalType',
  'aws:PrincipalTag/Environment',
]
const values = [
  ...['DIGEST', 'RAW', '*', 'ECDSA_SHA_384', 'AssumedRole', 'true', 'development', 'eu-north-1'],
  ...principals,
]

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
const added = (value: unknown, one: string) =>
  [value, one].flat().filter((each) => each !== undefined)

/** Edits one statement, wherever the number falls. */
const edit = <T>(what: fc.Arbitrary<T>, change: (statement: Json, given: T) => void) =>
  fc.tuple(fc.nat(9), what).map(
    ([place, given]): Edit =>
      (statements) => {
        const statement = statements[place % Math.max(1, statements.length)]
        if (statement !== undefined) change(statement, given)
      },
  )
const text = (texts: readonly string[]) => fc.constantFrom(...texts)
const editField = (name: string, texts: readonly string[]) => [
  edit(text(texts), (statement, one) => void Object.assign(statement, { [name]: one })),
  edit(text(texts), (statement, one) => {
    statement[name] = added(statement[name], one)
  }),
]
const rename = (name: string) =>
  edit(fc.constant(name), (statement) => {
    statement[`Not${name}`] = statement[name]
    delete statement[name]
  })

const edits: fc.Arbitrary<Edit> = fc.oneof(
  ...editField('Action', actions),
  ...editField('Resource', resources),
  ...['Action', 'Resource', 'Principal'].map(rename),
  edit(text(['Allow', 'Deny']), (statement, Effect) => void Object.assign(statement, { Effect })),
  edit(text(['Condition', 'Resource']), (statement, name) => void delete statement[name]),
  edit(text(principals), (statement, AWS) => {
    statement['Principal'] = { AWS }
  }),
  edit(text(['*', '']), (statement, Principal) => void Object.assign(statement, { Principal })),
  edit(text(principals), (statement, one) => {
    const principal = objectOf(statement['Principal'])
    statement['Principal'] = { ...principal, AWS: added(principal['AWS'], one) }
  }),
  edit(text(operators), (statement, operator) => {
    const [asked] = Object.values(objectOf(statement['Condition']))
    if (asked !== undefined) statement['Condition'] = { [operator]: asked }
  }),
  edit(fc.tuple(text(keys), text(values), fc.boolean()), (statement, [key, value, more]) => {
    const condition = objectOf(statement['Condition'])
    for (const [operator, asked] of Object.entries(condition))
      condition[operator] = {
        ...objectOf(asked),
        [key]: more ? added(objectOf(asked)[key], value) : value,
      }
    statement['Condition'] = condition
  }),
  edit(text(keys), (statement, key) => {
    const condition = objectOf(statement['Condition'])
    for (const [operator, asked] of Object.entries(condition)) {
      const { [key]: _, ...others } = objectOf(asked)
      condition[operator] = others
    }
    statement['Condition'] = condition
  }),
  fc.nat(9).map(
    (place): Edit =>
      (statements) => {
        statements.splice(place % Math.max(1, statements.length), 1)
      },
  ),
  fc.tuple(text(actions), text(principals), text(resources)).map(
    ([Action, AWS, Resource]): Edit =>
      (statements) => {
        statements.push({ Effect: 'Allow', Principal: { AWS }, Action, Resource })
      },
  ),
)

/** `FCL_KMS_POLICY_RUNS` changes how many edited policies a property is asked about. */
export const numRuns: number = Number(process.env['FCL_KMS_POLICY_RUNS'] ?? 400)

type Widened = { Statement: { Condition?: object }[] } & { [name: string]: unknown }

/** One to three edits of a policy. */
export const widenings = (policy: {
  readonly Statement: readonly unknown[]
}): fc.Arbitrary<Widened> =>
  fc.array(edits, { minLength: 1, maxLength: 3 }).map((changes) => {
    const { Statement, ...rest } = JSON.parse(JSON.stringify(policy))
    for (const change of changes) change(Statement)
    return { ...rest, Statement }
  })

/** Calls that together tell one policy of a key from another. */
export const calls: readonly Asked[] = [
  SIGNER,
  ADMIN,
  ROOT,
  STRANGER,
  FOREIGNER,
  ANONYMOUS,
].flatMap((who) =>
  [{}, { wider: true } as const].flatMap((granted) => [
    ...[KEY, OTHER_KEY].flatMap((on) =>
      ['DIGEST', 'RAW', undefined].flatMap((type) =>
        ['ECDSA_SHA_256', 'ECDSA_SHA_384', undefined].map((algorithm) => ({
          ...{ who, action: 'kms:Sign', on, ...granted },
          context: {
            ...(type === undefined ? {} : { 'kms:MessageType': type }),
            ...(algorithm === undefined ? {} : { 'kms:SigningAlgorithm': algorithm }),
          },
        })),
      ),
    ),
    ...['kms:GetPublicKey', 'kms:PutKeyPolicy', 'kms:CreateGrant', 'kms:ScheduleKeyDeletion'].map(
      (action) => ({ who, action, on: KEY, ...granted }),
    ),
    ...['production', 'development'].map((environment) => ({
      ...{ who, action: 'kms:Sign', on: KEY, ...granted },
      context: { ...digest, 'aws:PrincipalTag/Environment': environment },
    })),
    ...[{ 'kms:ReplicaRegion': 'eu-west-1' }, { 'kms:ReplicaRegion': 'eu-north-1' }, {}].map(
      (context) => ({ who, action: 'kms:ReplicateKey', on: KEY, context, ...granted }),
    ),
  ]),
)

/** @returns The first of the calls that a policy allows; `undefined` for none. */
export async function firstAllowed(
  given: KindOfPolicy,
  asked: readonly Asked[],
): Promise<Asked | undefined> {
  for (const one of asked) if ((await verdictOf(given, one)) === 'allowed') return one
  return undefined
}

/** @returns Those of the calls that a policy does not allow. */
export async function refusedBy(
  given: KindOfPolicy,
  asked: readonly Asked[],
): Promise<readonly Asked[]> {
  const verdicts = await Promise.all(asked.map((one) => verdictOf(given, one)))
  return asked.filter((_, index) => verdicts[index] !== 'allowed')
}

/** @returns Whether one of a hundred edited policies is such: else the edits would test nothing. */
export async function someWidening(
  policy: { readonly Statement: readonly unknown[] },
  isSuch: (document: Widened) => Promise<boolean>,
): Promise<boolean> {
  for (const document of fc.sample(widenings(policy), 100)) if (await isSuch(document)) return true
  return false
}

/** @returns A function that tells whether a value was not seen before: most edits change nothing. */
export function seenOnce(): (value: object) => boolean {
  const seen = new Set<string>()
  return (value) => {
    const text = JSON.stringify(value)
    const isNew = !seen.has(text)
    seen.add(text)
    return isNew
  }
}
