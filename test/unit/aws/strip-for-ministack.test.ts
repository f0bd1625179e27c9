/** What is left out for MiniStack, which cannot evaluate it: these conditions and nothing else. @module */
import { templateOf, variants } from '../../support/stack-variants.ts'
import { stripForMiniStack } from '../../support/strip-for-ministack.ts'

const statement = (Effect: string, Condition?: object) => ({
  ...{ Effect, Principal: '*', Action: 'kms:Sign', Resource: '*' },
  ...(Condition === undefined ? {} : { Condition }),
})

/** Each condition of each statement, as operator, key and values. */
function conditionsOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap(conditionsOf)
  const { Condition, Effect, ...rest } = value as Readonly<Record<string, unknown>>
  const own =
    Effect === undefined || typeof Condition !== 'object' || Condition === null
      ? []
      : Object.entries(Condition).flatMap(([operator, keys]) =>
          Object.keys(keys as object).map((key) => `${operator} ${key}`),
        )
  return [...own, ...Object.values(rest).flatMap(conditionsOf)]
}

describe('stripForMiniStack', () => {
  it.each([
    'aws:PrincipalOrgID',
    'aws:SourceIdentity',
    'aws:PrincipalTag',
    'kms:MessageTypes',
    'kms:messagetype',
    'kms:EncryptionContextKeys',
    'kms:EncryptionContext:',
    'kms:GrantOperations',
    'kms:RecipientAttestation:ImageSha256',
    's3:prefix',
  ])('throws at %s, of which nobody knows what MiniStack makes', (key) => {
    for (const effect of ['Allow', 'Deny'])
      for (const condition of [
        { StringEquals: { [key]: 'x' } },
        { StringEquals: { 'kms:MessageType': 'DIGEST' }, 'ForAllValues:StringLike': { [key]: [] } },
      ]) {
        const Statement = [statement(effect, condition)]
        const template = { Resources: { Key: { Properties: { KeyPolicy: { Statement } } } } }
        expect(() => stripForMiniStack(template)).toThrow(`the condition key ${key}`)
      }
  })

  it.each([
    'kms:MessageType',
    'kms:SigningAlgorithm',
    'kms:RequestAlias',
    'kms:ResourceAliases',
    'kms:EncryptionContext:wallet',
  ])('leaves %s out of an Allow, and the Deny that has no other condition', (key) => {
    const both = { StringEquals: { [key]: 'x', 'aws:PrincipalTag/Team': 'x' } }
    const kept = { StringEquals: { 'aws:PrincipalTag/Team': 'x' } }
    expect(
      stripForMiniStack([
        statement('Allow', { StringEquals: { [key]: 'x' } }),
        statement('Allow', both),
        statement('Deny', { StringNotEquals: { [key]: 'x' } }),
        statement('Deny', both),
        statement('Deny'),
      ]),
    ).toEqual([
      statement('Allow'),
      statement('Allow', kept),
      statement('Deny', kept),
      statement('Deny'),
    ])
  })

  it.each([
    ...['aws:PrincipalTag/Team', 'aws:SourceIp', 'aws:SourceVpce', 'aws:SourceArn'],
    ...['aws:SourceAccount', 'aws:PrincipalAccount', 'aws:SecureTransport', 'kms:KeySpec'],
    ...['kms:KeyUsage', 'kms:KeyOrigin', 'kms:ReplicaRegion', 'kms:ViaService'],
    ...['kms:CallerAccount', 'kms:GrantIsForAWSResource', 'lambda:InvokedViaFunctionUrl'],
  ])('keeps %s', (key) => {
    const given = ['Allow', 'Deny'].map((effect) => statement(effect, { Bool: { [key]: 'x' } }))
    expect(stripForMiniStack(given)).toEqual(given)
  })

  it('names the session beside its role, as MiniStack knows it', () => {
    const arn = 'arn:aws:iam::111122223333:role/team/signer'
    const session = 'arn:aws:sts::111122223333:assumed-role/signer/*'
    const given = statement('Deny', { ArnNotEquals: { 'aws:PrincipalArn': [arn] } })
    const expected = { ArnNotEquals: { 'aws:PrincipalArn': [arn, session] } }
    expect(stripForMiniStack(given)).toEqual(statement('Deny', expected))
  })

  it('takes nothing from the stacks but what is named here', () => {
    const gone = variants.flatMap(([, name, options]) => {
      const template = templateOf(name, options)
      const left = [...conditionsOf(stripForMiniStack(template))]
      return conditionsOf(template).filter((each) => {
        const at = left.indexOf(each)
        if (at !== -1) left.splice(at, 1)
        return at === -1
      })
    })
    expect([...new Set(gone)].sort()).toEqual([
      'Null kms:EncryptionContext:wallet',
      'StringEquals kms:EncryptionContext:enclave',
      'StringEquals kms:EncryptionContext:fcl-kms',
      'StringEquals kms:MessageType',
      'StringEquals kms:SigningAlgorithm',
      'StringNotEquals kms:EncryptionContext:fcl-kms',
      'StringNotEquals kms:MessageType',
      'StringNotEquals kms:SigningAlgorithm',
    ])
  })

  it('takes no resource from them, and changes nothing but policies', () => {
    for (const [, name, options] of variants) {
      const template = templateOf(name, options)
      const without = (value: unknown): unknown =>
        JSON.parse(JSON.stringify(value), (key, each) => (key === 'Statement' ? undefined : each))
      expect(without(stripForMiniStack(template))).toEqual(without(template))
    }
  })
})
