import fc from 'fast-check'
import { type KeyPolicyOptions, keyPolicy, keyPolicyFaults } from '../../../src/aws/index.ts'
import type { KindOfPolicy, Policy } from '../../support/template-policies.ts'
import { digest } from './oracle/question.ts'
import { verdictOf } from './oracle/simulator.ts'
import {
  ACCOUNT,
  ADMIN,
  calls,
  FOREIGNER,
  firstAllowed,
  KEY,
  numRuns,
  ROOT,
  refusedBy,
  SIGNER,
  STRANGER,
  seenOnce,
  someWidening,
  widenings,
} from './policy-widening.ts'

const options = { accountId: ACCOUNT, signerRoleArn: SIGNER, adminRoleArn: ADMIN }
const policy = keyPolicy(options)
const ofKey = (document: object): KindOfPolicy => ({
  kind: 'resource',
  policy: document as Policy, // also what is none: the simulator tells
})
/** In a key policy every resource but the key itself is dead; the linter refuses them anyway. */
const ofThisKey = calls.filter(({ on }) => on === KEY)
const other = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`

describe('keyPolicy', () => {
  // What it lets whom do is asked in policy-oracle.test.ts.
  it.each(['aws-cn', 'aws-us-gov', 'aws-eusc'])('takes roles of %s', (partition) => {
    const there = (arn: string) => arn.replace(':aws:', `:${partition}:`)
    const made = keyPolicy({
      accountId: ACCOUNT,
      partition,
      signerRoleArn: there(SIGNER),
      adminRoleArn: there(ADMIN),
    })
    expect(JSON.stringify(made)).toBe(
      JSON.stringify(policy).replaceAll('arn:aws:', `arn:${partition}:`),
    )
  })

  it('takes a signing role of another account, and roles with paths', async () => {
    const signerRoleArn = FOREIGNER.replace('role/', 'role/teams/drops+1/')
    const made = keyPolicy({ ...options, signerRoleArn })
    const sign = { action: 'kms:Sign', on: KEY, context: digest }
    expect(await verdictOf(ofKey(made), { who: signerRoleArn, ...sign })).toBe('allowed')
    expect(await verdictOf(ofKey(made), { who: FOREIGNER, ...sign })).toBe('denied')
  })

  it('cannot be changed, at any depth', () => {
    const [first] = policy.Statement
    expect(() => Object.assign(first?.Principal ?? {}, { AWS: '*' })).toThrow(TypeError)
    const administration = policy.Statement[2]?.Action
    expect(Array.isArray(administration) && Object.isFrozen(administration)).toBe(true)
  })

  it.each([
    ['a wildcard', '*'],
    ['every role', other('*')],
    ['a wildcard in the name', other('flow-minte?')],
    ['a wildcard in the path', other('*/flow-minter')],
    ['a wildcard for the account', SIGNER.replace(ACCOUNT, '*')],
    ['a policy variable', other(`\${aws:PrincipalTag/role}`)],
    ['the root user', ROOT],
    ['a user', SIGNER.replace('role/', 'user/')],
    ['a session', `arn:aws:sts::${ACCOUNT}:assumed-role/flow-minter/session`],
    ['a session written as a role', SIGNER.replace('iam', 'sts')],
    ['an account', ACCOUNT],
    ['a name', 'flow-minter'],
    ['no name', other('')],
    ['a path without a name', other('teams/')],
    ['an empty part of a path', other('teams//flow-minter')],
    ['a name too long', other('a'.repeat(65))],
    ['a path too long', other(`${'a/'.repeat(400)}b`)],
    ['a short account', SIGNER.replace('111122223333', '11112222333')],
    ['a Region', SIGNER.replace('iam::', 'iam:eu-central-1:')],
    ['a line end', `${SIGNER}\n`],
    ['nothing', ''],
    ['no text', 7],
    ['null', null],
  ])('refuses %s for either role', (_, arn) => {
    const given = arn as string // what JavaScript lets through
    for (const [option, wrong] of [
      ['signerRoleArn', { signerRoleArn: given }],
      ['adminRoleArn', { adminRoleArn: given }],
    ] as const)
      expect(() => keyPolicy({ ...options, ...wrong })).toThrow(
        expect.objectContaining({
          code: 'INVALID_OPTION',
          context: expect.objectContaining({ option }),
        }),
      )
  })

  it.each<[string, object, string]>([
    ['one role in both places', { adminRoleArn: SIGNER }, 'adminRoleArn'],
    ['one role, in other letters', { adminRoleArn: other('Flow-Minter') }, 'adminRoleArn'],
    ['an administrator of another account', { adminRoleArn: FOREIGNER }, 'adminRoleArn'],
    ['a signing role of another partition', { partition: 'aws-cn' }, 'signerRoleArn'],
    [
      'an administrator of another partition',
      { partition: 'aws-cn', signerRoleArn: SIGNER.replace(':aws:', ':aws-cn:') },
      'adminRoleArn',
    ],
    ['a wildcard for the partition', { partition: '*' }, 'partition'],
    ['an account that is none', { accountId: '1111' }, 'accountId'],
    ['an account as a number', { accountId: 111122223333 }, 'accountId'],
    ['a wildcard for the account', { accountId: '*' }, 'accountId'],
    ['a description that is none', { describe: 1 }, 'describe'],
    ['a misspelt option', { signer: SIGNER }, 'signer'],
  ])('refuses %s', (_, wrong, option) => {
    const refusal = expect.objectContaining({
      code: 'INVALID_OPTION',
      context: expect.objectContaining({ option }),
    })
    expect(() => keyPolicy({ ...options, ...wrong })).toThrow(refusal)
    expect(() => keyPolicyFaults(policy, { ...options, ...wrong })).toThrow(refusal)
  })
})

describe('keyPolicyFaults', () => {
  type Document = { Statement: Record<string, unknown>[] } & Record<string, unknown>
  const copy = (): Document => JSON.parse(JSON.stringify(policy))
  const faultsOf = (document: unknown) => keyPolicyFaults(document, options)
  const named = (document: Document, sid: string) => {
    const found = document.Statement.find(({ Sid }) => Sid === sid)
    if (found === undefined) throw new Error(`there is no ${sid}`)
    return found
  }
  const change = (sid: string, fields: object) => (document: Document) => {
    Object.assign(named(document, sid), fields)
  }
  const drop = (sid: string) => (document: Document) => {
    document.Statement.splice(document.Statement.indexOf(named(document, sid)), 1)
  }
  const more = (fields: object) => (document: Document) => {
    const allow = { Effect: 'Allow', Principal: { AWS: SIGNER }, Action: 'kms:Sign', Resource: '*' }
    document.Statement.push({ ...allow, ...fields })
  }

  it.each([false, true])('finds none in what is generated (described: %s)', (describe) => {
    const given = { ...options, describe }
    expect(keyPolicyFaults(keyPolicy(given), given)).toEqual([])
  })

  it('flags DescribeKey for the signing role unless asked', () => {
    expect(faultsOf(keyPolicy({ ...options, describe: true }))).toEqual([
      `Statement 2 allows "${SIGNER}" "kms:DescribeKey", which is not for it.`,
    ])
  })

  it.each<[string, (document: Document) => void]>([
    ['other names', (document) => document.Statement.forEach((one) => void delete one['Sid'])],
    ['another order', (document) => void document.Statement.reverse()],
    ['a list of one principal', change('SignForFlow', { Principal: { AWS: [SIGNER] } })],
    ['no way back for the root user', drop('RecoverAsTheRootUser')],
    ['an administrator who deletes nothing', change('Administer', { Action: 'kms:PutKeyPolicy' })],
    [
      'an administrator with a second factor',
      change('Administer', { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }),
    ],
  ])('finds none in a policy with %s', (_, edit) => {
    const document = copy()
    edit(document)
    expect(faultsOf(document)).toEqual([])
  })

  const rootOpen = { Principal: { AWS: ROOT }, Action: 'kms:*' }
  const { Condition: digestOnly } = policy.Statement[0] ?? {}
  it.each<[string, (document: Document) => void]>([
    ["KMS's default statement", more(rootOpen)],
    ['the account as principal', more({ Principal: { AWS: ACCOUNT }, Condition: digestOnly })],
    ['everybody as principal', change('SignForFlow', { Principal: '*' })],
    ['everybody in AWS as principal', change('SignForFlow', { Principal: { AWS: '*' } })],
    ['a second principal', change('SignForFlow', { Principal: { AWS: [SIGNER, STRANGER] } })],
    ['a role of another account', change('SignForFlow', { Principal: { AWS: FOREIGNER } })],
    [
      'a service as principal',
      change('ReadThePublicKey', { Principal: { Service: 'lambda.amazonaws.com' } }),
    ],
    [
      'a service beside the role',
      change('SignForFlow', { Principal: { AWS: SIGNER, Service: 'lambda.amazonaws.com' } }),
    ],
    ['no principal', (document) => void delete named(document, 'ReadThePublicKey')['Principal']],
    [
      'everybody but',
      (document) => {
        const { Principal, ...rest } = named(document, 'ReadThePublicKey')
        document.Statement.push({ ...rest, NotPrincipal: Principal })
      },
    ],
    ['an administrator who signs', more({ Principal: { AWS: ADMIN }, Condition: digestOnly })],
    ['an administrator who grants', change('Administer', { Action: ['kms:CreateGrant'] })],
    ['an administrator who may do all', change('Administer', { Action: 'kms:*' })],
    ['a signer who administers', more({ Action: 'kms:PutKeyPolicy' })],
    ['a signature without conditions', more({})],
    ['any message', change('SignForFlow', { Condition: { StringEquals: {} } })],
    [
      'ForAllValues',
      change('SignForFlow', {
        Condition: { 'ForAllValues:StringEquals': digestOnly?.['StringEquals'] },
      }),
    ],
    ['a root user that is the account', change('RecoverAsTheRootUser', { Condition: {} })],
    [
      'a condition that is like',
      change('RecoverAsTheRootUser', { Condition: { StringLike: { 'aws:PrincipalType': '*' } } }),
    ],
    ['every action but', more({ Action: undefined, NotAction: 'kms:Sign' })],
    ['an effect that is unknown', change('ReadThePublicKey', { Effect: 'ALLOW' })],
    ['an empty list of actions', change('ReadThePublicKey', { Action: [] })],
    ['a field beside the action', change('Administer', { NotAction: 'kms:Sign' })],
    ['another resource', change('SignForFlow', { Resource: KEY })],
    ['everybody signs', drop('NobodyElseSigns')],
    ['raw messages not denied', drop('NothingButDigests')],
    ['algorithms not denied', drop('NoOtherAlgorithm')],
    ['a signer who may delete by a grant', drop('SignerOnlySigns')],
    ['fewer denials', change('SignerOnlySigns', { Action: ['kms:ScheduleKeyDeletion'] })],
    ['a denial for another role', change('SignerOnlySigns', { Principal: { AWS: STRANGER } })],
    [
      'a denial that spares another role',
      change('NobodyElseSigns', { Condition: { ArnNotEquals: { 'aws:PrincipalArn': ADMIN } } }),
    ],
    [
      'a denial that spares two',
      change('NobodyElseSigns', {
        Condition: { ArnNotEquals: { 'aws:PrincipalArn': [SIGNER, STRANGER] } },
      }),
    ],
    [
      'a denial by a pattern',
      change('NobodyElseSigns', { Condition: { ArnNotLike: { 'aws:PrincipalArn': '*' } } }),
    ],
    [
      'a denial with one more condition',
      change('NothingButDigests', {
        Condition: {
          StringNotEquals: { 'kms:MessageType': 'DIGEST', 'kms:SigningAlgorithm': 'ECDSA_SHA_256' },
        },
      }),
    ],
    [
      'a denial that locks out',
      more({ Effect: 'Deny', Principal: '*', Action: 'kms:PutKeyPolicy' }),
    ],
    ['nobody to change it', drop('Administer')],
    ['an older version', (document) => void Object.assign(document, { Version: '2008-10-17' })],
    ['another effect', change('Administer', { Effect: 'ALLOW' })],
    ['no statement', (document) => void document.Statement.splice(0)],
  ])('flags %s', (_, edit) => {
    const document = copy()
    edit(document)
    expect(faultsOf(document)).not.toEqual([])
  })

  it('tells the place, what is wrong there, and who is locked out', () => {
    const document = copy()
    change('Administer', { Effect: 'Deny' })(document)
    drop('NobodyElseSigns')(document)
    more({ Principal: '*', Resource: KEY })(document)
    expect(faultsOf(document)).toEqual([
      'Statement 3 denies what is not generated, and may lock out somebody.',
      'Statement 8 has another resource than "*", which is the key itself.',
      'Statement 8 lets in "*", not one of the two roles or the root user.',
      'The denial NobodyElseSigns is missing, or not as generated.',
      'Nothing lets the administrator replace the policy.',
    ])
  })

  it('takes any JSON', () => {
    const names = ['Effect', 'Action', 'Resource', 'Condition', 'Principal']
    const statement = fc.dictionary(fc.constantFrom(...names), fc.jsonValue())
    const document = fc.record({
      Version: fc.constant('2012-10-17'),
      Statement: fc.array(statement),
    })
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), document), (value) => {
        expect(faultsOf(value)).not.toEqual([])
      }),
    )
  })

  it('takes JSON of any depth', () => {
    const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`)
    const document = copy()
    change('NobodyElseSigns', { Condition: deep })(document)
    expect(faultsOf(document)).not.toEqual([])
  })
})

const forms: readonly (readonly [string, KeyPolicyOptions])[] = [
  ['an account for each environment', options],
  ['a tag for each environment', { ...options, environment: 'production' }],
  ['replicas', { ...options, replicaRegions: ['eu-west-1', 'us-east-1'] }],
]

describe.each(forms)('keyPolicyFaults with %s', (_, given) => {
  const generated = keyPolicy(given)
  const faultsOf = (document: unknown) => keyPolicyFaults(document, given)
  const replace = { who: ADMIN, action: 'kms:PutKeyPolicy', on: KEY }
  const isLost = async (document: object) =>
    (await verdictOf(ofKey(document), replace)) !== 'allowed'
  /** A condition that never holds is the caller's own, and no fault. */
  const hasOwnCondition = (document: { readonly Statement: readonly { Condition?: object }[] }) => {
    const ours = generated.Statement.map(({ Condition }) => JSON.stringify(Condition))
    return document.Statement.some(
      ({ Condition }) => Condition && !ours.includes(JSON.stringify(Condition)),
    )
  }

  it('finds none in what is generated', () => {
    expect(faultsOf(generated)).toEqual([])
  })

  it('flags every policy that allows a call which the generated one does not', async () => {
    const denied = await refusedBy(ofKey(generated), ofThisKey)
    const isNew = seenOnce()
    await fc.assert(
      fc.asyncProperty(widenings(generated), async (document) => {
        if (faultsOf(document).length > 0 || !isNew(document)) return
        expect(await firstAllowed(ofKey(document), denied)).toBeUndefined()
      }),
      { numRuns },
    )
  })

  it('flags every policy that the administrator cannot replace', async () => {
    await fc.assert(
      fc.asyncProperty(widenings(generated), async (document) => {
        if (faultsOf(document).length > 0 || hasOwnCondition(document)) return
        expect(await isLost(document)).toBe(false)
      }),
      { numRuns },
    )
  })

  it('is tried on policies of both kinds', async () => {
    const denied = await refusedBy(ofKey(generated), ofThisKey)
    const isWider = async (document: object) =>
      (await firstAllowed(ofKey(document), denied)) !== undefined
    expect(await someWidening(generated, isWider)).toBe(true)
    expect(
      await someWidening(generated, async (one) => !hasOwnCondition(one) && (await isLost(one))),
    ).toBe(true)
  })
})
