import fc from 'fast-check'
import { inspectionPolicy, policyFaults, signingPolicy } from '../../../src/aws/index.ts'
import type { KindOfPolicy, Policy } from '../../support/template-policies.ts'
import {
  ACCOUNT,
  calls,
  firstAllowed,
  KEY,
  numRuns,
  OTHER_KEY,
  refusedBy,
  SIGNER,
  seenOnce,
  someWidening,
  widenings,
} from './policy-widening.ts'

const keyArns = [KEY]
const policy = signingPolicy({ keyArns })
const copy = (): { Statement: Record<string, unknown>[] } & Record<string, unknown> =>
  JSON.parse(JSON.stringify(policy))

describe('signingPolicy', () => {
  it('allows one bound action and one that reads, on one key', () => {
    expect(policy).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'SignForFlow',
          Effect: 'Allow',
          Action: 'kms:Sign',
          Resource: KEY,
          Condition: {
            StringEquals: {
              'kms:MessageType': 'DIGEST',
              'kms:SigningAlgorithm': 'ECDSA_SHA_256',
            },
          },
        },
        { Sid: 'ReadThePublicKey', Effect: 'Allow', Action: 'kms:GetPublicKey', Resource: KEY },
      ],
    })
  })

  it('allows DescribeKey when asked', () => {
    const { Statement } = signingPolicy({ keyArns, describe: true })
    expect(Statement[1]?.Action).toEqual(['kms:GetPublicKey', 'kms:DescribeKey'])
  })

  it.each(['aws-cn', 'aws-us-gov', 'aws-iso-b', 'aws-eusc'])('takes keys of %s', (partition) => {
    const keyArn = KEY.replace(':aws:', `:${partition}:`)
    expect(signingPolicy({ keyArns: [keyArn] }).Statement[0]?.Resource).toBe(keyArn)
  })

  it('takes a multi-Region key', () => {
    const keyArn = `arn:aws:kms:us-east-1:${ACCOUNT}:key/mrk-${'0a'.repeat(16)}`
    expect(policyFaults(signingPolicy({ keyArns: [keyArn] }), { keyArns: [keyArn] })).toEqual([])
  })

  it('cannot be changed, at any depth', () => {
    expect(() => Object.assign(policy, { Version: '2008-10-17' })).toThrow(TypeError)
    const [first] = policy.Statement
    expect(() => Object.assign(first?.Condition?.['StringEquals'] ?? {}, { a: 'b' })).toThrow(
      TypeError,
    )
  })

  it('does not hold on to the list it was given', () => {
    const list = [KEY, OTHER_KEY]
    const made = signingPolicy({ keyArns: list })
    list.push('*')
    expect(made.Statement[0]?.Resource).toEqual([KEY, OTHER_KEY])
  })

  it.each([
    ['an alias ARN', KEY.replace(/key\/.*$/, 'alias/flow-minter')],
    ['an alias', 'alias/flow-minter'],
    ['a key id', KEY.slice(-36)],
    ['a wildcard', '*'],
    ['every key', KEY.replace(/[^/]*$/, '*')],
    ['a wildcard in the id', KEY.replace(/.$/, '?')],
    ['a wildcard for the Region', KEY.replace('eu-central-1', '*')],
    ['a wildcard for the account', KEY.replace(ACCOUNT, '*')],
    ['a wildcard for the partition', KEY.replace(':aws:', ':*:')],
    ['a policy variable', KEY.replace(/[^/]*$/, `\${aws:PrincipalTag/key}`)],
    ['a role', `arn:aws:iam::${ACCOUNT}:role/a`],
    ['a line end', `${KEY}\n`],
    ['nothing', ''],
    ['a number', 7],
    ['null', null],
  ])('refuses %s for a key', (_, keyArn) => {
    const refusal = expect.objectContaining({ code: 'INVALID_KEY_ID' })
    // What JavaScript lets through.
    const given = { keyArns: [KEY, keyArn as string] }
    expect(() => signingPolicy(given)).toThrow(refusal)
    expect(() => inspectionPolicy(given)).toThrow(refusal)
    expect(() => policyFaults(policy, given)).toThrow(refusal)
  })

  it.each<[string, object, string]>([
    ['no keys', { keyArns: [] }, 'keyArns'],
    ['keys that are no list', { keyArns: KEY }, 'keyArns'],
    ['no option', {}, 'keyArns'],
    ['a key twice', { keyArns: [KEY, KEY] }, 'keyArns'],
    ['a misspelt option', { keyArns, description: true }, 'description'],
    ['a description that is none', { keyArns, describe: 'yes' }, 'describe'],
    ['more keys than a policy holds', { keyArns: many(60) }, 'keyArns'],
  ])('refuses %s', (_, options, option) => {
    const refusal = expect.objectContaining({ code: 'INVALID_OPTION' })
    // The row is wrong on purpose.
    const make = () => signingPolicy(options as { keyArns: string[] })
    expect(make).toThrow(refusal)
    expect(make).toThrow(expect.objectContaining({ context: expect.objectContaining({ option }) }))
  })

  it('takes as many keys as a policy holds', () => {
    expect(JSON.stringify(signingPolicy({ keyArns: many(35) })).length).toBeLessThanOrEqual(6144)
  })
})

/** Of the policy of a role it does not matter whose role it is, nor what a key policy says. */
const ofRole = (document: object): KindOfPolicy => ({
  kind: 'identity',
  policy: document as Policy, // also what is none: the simulator tells
})
const ofSigner = calls.filter(({ who, wider }) => who === SIGNER && !wider)

describe('inspectionPolicy', () => {
  it('allows no signature', async () => {
    const made = ofRole(inspectionPolicy({ keyArns }))
    expect(await firstAllowed(made, ofSigner)).toBeUndefined()
  })
})

describe('policyFaults', () => {
  const faultsOf = (document: unknown) => policyFaults(document, { keyArns })

  it.each([
    ['one key', { keyArns }],
    ['one key, described', { keyArns, describe: true }],
    ['two keys', { keyArns: [KEY, OTHER_KEY] }],
  ])('finds none in what is generated for %s', (_, options) => {
    expect(policyFaults(signingPolicy(options), { keyArns: options.keyArns })).toEqual([])
  })

  it.each<[string, (policy: ReturnType<typeof copy>) => void]>([
    ['a Deny', ({ Statement }) => Statement.push({ Effect: 'Deny', Action: '*', Resource: '*' })],
    ['an action less', ({ Statement }) => Statement.pop()],
    [
      'lists of one',
      ({ Statement: [first = {}] }) => void Object.assign(first, { Resource: [KEY] }),
    ],
    ['an id', (document) => void Object.assign(document, { Id: 'minter' })],
    [
      'one more condition',
      ({ Statement: [, second = {}] }) =>
        void Object.assign(second, { Condition: { Bool: { 'aws:SecureTransport': 'true' } } }),
    ],
  ])('finds none in a policy with %s, which is as narrow', (_, change) => {
    const document = copy()
    change(document)
    expect(faultsOf(document)).toEqual([])
  })

  it('finds none in a single statement that is not in a list', () => {
    expect(faultsOf({ Version: '2012-10-17', Statement: policy.Statement[1] })).toEqual([])
  })

  const digest = { 'kms:MessageType': 'DIGEST' }
  const algorithm = { 'kms:SigningAlgorithm': 'ECDSA_SHA_256' }
  const sign = (fields: object) => (document: ReturnType<typeof copy>) => {
    Object.assign(document.Statement[0] ?? {}, fields)
  }
  const without = (name: string, fields: object) => (document: ReturnType<typeof copy>) => {
    delete document.Statement[0]?.[name]
    Object.assign(document.Statement[0] ?? {}, fields)
  }
  const more = (fields: object) => (document: ReturnType<typeof copy>) => {
    document.Statement.push({ Effect: 'Allow', Action: 'kms:Sign', Resource: KEY, ...fields })
  }
  const condition = (value: object) => sign({ Condition: value })
  it.each<[string, (policy: ReturnType<typeof copy>) => void]>([
    ['every key', sign({ Resource: '*' })],
    ['every key of a Region', sign({ Resource: KEY.replace(/[^/]*$/, '*') })],
    ['every key of the account', sign({ Resource: KEY.replace('eu-central-1', '*') })],
    ['a wildcard in the id', sign({ Resource: KEY.replace(/.$/, '?') })],
    ['another key', sign({ Resource: OTHER_KEY })],
    ['a key more', sign({ Resource: [KEY, OTHER_KEY] })],
    ['an alias', sign({ Resource: KEY.replace(/key\/.*$/, 'alias/flow-minter') })],
    ['a policy variable', sign({ Resource: `\${aws:PrincipalTag/key}` })],
    ['no resource', without('Resource', {})],
    ['an empty list of resources', sign({ Resource: [] })],
    ['every resource but', without('Resource', { NotResource: OTHER_KEY })],
    ['every action of KMS', sign({ Action: 'kms:*' })],
    ['every action', sign({ Action: '*' })],
    ['actions that begin so', sign({ Action: 'kms:S*' })],
    ['one character open', sign({ Action: 'kms:Sig?' })],
    ['an action in other letters, without conditions', more({ Action: 'KMS:SIGN' })],
    ['every action but', without('Action', { NotAction: 'kms:Decrypt' })],
    ['an empty list of actions', sign({ Action: [] })],
    ['grants', sign({ Action: ['kms:Sign', 'kms:CreateGrant'] })],
    ['the deletion of keys', more({ Action: 'kms:ScheduleKeyDeletion' })],
    ['the policy of the key', more({ Action: 'kms:PutKeyPolicy' })],
    ['tags', more({ Action: 'kms:TagResource' })],
    ['another service', more({ Action: 'iam:PassRole', Resource: '*' })],
    ['no condition', without('Condition', {})],
    ['an empty condition', condition({})],
    ['any message', condition({ StringEquals: { ...algorithm } })],
    ['any algorithm', condition({ StringEquals: { ...digest } })],
    ['raw messages', condition({ StringEquals: { ...algorithm, 'kms:MessageType': 'RAW' } })],
    [
      'raw messages too',
      condition({ StringEquals: { ...algorithm, 'kms:MessageType': ['DIGEST', 'RAW'] } }),
    ],
    ['StringLike', condition({ StringLike: { ...algorithm, 'kms:MessageType': '*' } })],
    ['IfExists', condition({ StringEqualsIfExists: { ...digest, ...algorithm } })],
    ['ForAnyValue', condition({ 'ForAnyValue:StringEquals': { ...digest, ...algorithm } })],
    ['ForAllValues', condition({ 'ForAllValues:StringEquals': { ...digest, ...algorithm } })],
    ['StringNotEquals', condition({ StringNotEquals: { ...digest, ...algorithm } })],
    ['conditions in a list', sign({ Condition: [{ StringEquals: { ...digest, ...algorithm } }] })],
    [
      'conditions that are inherited',
      condition({ StringEquals: Object.create({ ...digest, ...algorithm }) }),
    ],
    ['a statement more', more({})],
    ['a principal', sign({ Principal: '*' })],
    ['a statement that is a text', ({ Statement }) => Statement.push('*' as never)],
    ['another effect', sign({ Effect: 'allow' })],
    ['no effect', without('Effect', {})],
    ['an older version', (document) => void Object.assign(document, { Version: '2008-10-17' })],
    ['no version', (document) => void delete document['Version']],
    ['another field', (document) => void Object.assign(document, { Statements: [] })],
    ['no statement', ({ Statement }) => void Statement.splice(0)],
  ])('flags %s', (_, change) => {
    const document = copy()
    change(document)
    expect(faultsOf(document)).not.toEqual([])
  })

  it('tells the place and what is wrong there', () => {
    const document = copy()
    sign({ Action: ['kms:Sign', 'kms:*'], Resource: '*' })(document)
    without('Condition', {})(document)
    expect(faultsOf(document)).toEqual([
      'Statement 1 allows "kms:*", which signing does not need.',
      'Statement 1 is about "*", which can be any of several keys.',
      'Statement 1 allows kms:Sign without the condition StringEquals kms:MessageType DIGEST.',
      'Statement 1 allows kms:Sign without the condition StringEquals kms:SigningAlgorithm ECDSA_SHA_256.',
    ])
  })

  it.each([[[]], ['{}'], [null], [undefined], [7]])('tells that %j is no policy', (value) => {
    expect(faultsOf(value)).toEqual(['It is not a policy document.'])
  })

  it('shows no control characters and no long texts', () => {
    const document = copy()
    sign({ Action: ['kms:Sign', `\u001b[2J\u202e${'a'.repeat(1_000)}`] })(document)
    const [fault = ''] = faultsOf(document)
    expect(fault).toMatch(/^[\x20-\x7e]{1,200}$/)
  })

  it('takes any JSON, and finds fault with all that is no such policy', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(faultsOf(value)).not.toEqual([])
      }),
    )
  })

  it('takes any statements', () => {
    const names = ['Effect', 'Action', 'Resource', 'Condition', 'Principal', '__proto__']
    const statement = fc.dictionary(fc.constantFrom(...names), fc.jsonValue())
    fc.assert(
      fc.property(fc.array(statement), (Statement) => {
        expect(Array.isArray(faultsOf({ Version: '2012-10-17', Statement }))).toBe(true)
      }),
    )
  })

  it('takes JSON of any depth', () => {
    const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`)
    expect(faultsOf({ ...copy(), Statement: [{ Effect: 'Allow', Condition: deep }] })).not.toEqual(
      [],
    )
  })

  it('flags every policy that allows a call which the generated one does not', async () => {
    const denied = await refusedBy(ofRole(policy), ofSigner)
    const isNew = seenOnce()
    await fc.assert(
      fc.asyncProperty(widenings(policy), async (document) => {
        if (faultsOf(document).length > 0 || !isNew(document)) return
        expect(await firstAllowed(ofRole(document), denied)).toBeUndefined()
      }),
      { numRuns },
    )
  })

  it('is tried on policies that allow such a call', async () => {
    const denied = await refusedBy(ofRole(policy), ofSigner)
    const isWider = async (document: object) =>
      (await firstAllowed(ofRole(document), denied)) !== undefined
    expect(await someWidening(policy, isWider)).toBe(true)
  })
})

function many(count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    KEY.replace(/.{4}$/, index.toString(16).padStart(4, '0')),
  )
}
