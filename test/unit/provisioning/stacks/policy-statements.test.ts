import { sealedKeysStack } from '../../../../src/aws/index.ts'
import { faultsBeside } from '../../../../src/provisioning/stacks/diagnosis/policy-statements.ts'

type Statement = { readonly [name: string]: unknown }
const { WrappingKey } = sealedKeysStack({
  environment: 'production',
  adminRoleArn: 'arn:aws:iam::111122223333:role/key-admin',
  roleName: 'flow-wallets',
  service: 'ecs-tasks',
}).Resources
const deployed = WrappingKey?.Properties?.['KeyPolicy'] as unknown as {
  readonly Statement: readonly Statement[]
} // of our template
const { Statement: statements } = deployed
const found = (changes: readonly unknown[]) => ({ ...deployed, Statement: changes })
const allows = expect.stringMatching(/^Statement \d+ allows what was not deployed\.$/)
const denial = (sid: string) => `The denial ${sid} is missing, or not as deployed.`
const changed = (sid: string, change: object) =>
  statements.map((one) => (one['Sid'] === sid ? { ...one, ...change } : one))
const without = (sid: string) => statements.filter(({ Sid }) => Sid !== sid)

describe('a policy beside the one that was deployed', () => {
  it.each<[string, readonly unknown[]]>([
    ['the same', statements],
    ['in another order', [...statements].reverse()],
    ['with other names', statements.map(({ Sid, ...one }) => one)],
    ['with one action as a list', statements.map((one) => ({ ...one, Resource: ['*'] }))],
    ['with an Allow less', without('SealAndOpen')],
    [
      'with a Deny more',
      [...statements, { Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' }],
    ],
  ])('%s has no fault', (_, changes) => {
    expect(faultsBeside(deployed, found(changes))).toEqual([])
  })

  it.each<[string, readonly unknown[], readonly unknown[]]>([
    ['another principal', changed('SealAndOpen', { Principal: { AWS: '*' } }), [allows]],
    ['another action', changed('SealAndOpen', { Action: ['kms:Decrypt', 'kms:Sign'] }), [allows]],
    ['no condition', changed('SealAndOpen', { Condition: {} }), [allows]],
    [
      'a condition less',
      changed('SealAndOpen', { Condition: { Null: { 'kms:EncryptionContext:wallet': 'false' } } }),
      [allows],
    ],
    ['a statement more', [...statements, { ...statements[0], Resource: 'x' }], [allows]],
    ['what is no statement', [...statements, 'x', null], [allows, allows]],
    ['an effect of another spelling', changed('SealAndOpen', { Effect: 'allow' }), [allows]],
    ['a denial less', without('NobodyElseOpens'), [denial('NobodyElseOpens')]],
    [
      'a denial that denies less',
      changed('NothingButSealedKeys', { Action: 'kms:Decrypt' }),
      [denial('NothingButSealedKeys')],
    ],
    ['a field more', changed('SealAndOpen', { NotAction: 'x' }), [allows]],
  ])('with %s has it told', (_, changes, faults) => {
    expect(faultsBeside(deployed, found(changes))).toEqual(faults)
  })

  it.each([undefined, null, 'x', [], { Statement: 'x' }])('that is %j does not throw', (other) => {
    expect(faultsBeside(deployed, other)).toContain(denial('NobodyElseOpens'))
  })
})
