import {
  type PermissionBoundaryOptions,
  permissionBoundary,
  type ServiceControlOptions,
  serviceControlPolicy,
} from '../../../src/aws/index.ts'
import { ACCOUNT, KEY, role } from '../../support/stack-variants.ts'

// What they let whom do is asked in policy-oracle.test.ts.
const refusal = (option: string) =>
  expect.objectContaining({
    code: 'INVALID_OPTION',
    context: expect.objectContaining({ option }),
  })
const breakGlassRoleArns = [role('break-glass')]
const elsewhere = role('another', ACCOUNT, 'aws-cn')
const signer = {
  functionArn: `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:fcl-kms-production`,
  roleArn: role('flow-signer'),
  deployerRoleArns: [role('deployer')],
}

describe('serviceControlPolicy', () => {
  it.each<[string, object, string]>([
    ['no role that breaks the glass', { breakGlassRoleArns: [] }, 'breakGlassRoleArns'],
    ['a role twice', { breakGlassRoleArns: [role('a'), role('a')] }, 'breakGlassRoleArns'],
    [
      'roles of two partitions',
      { breakGlassRoleArns: [role('a'), elsewhere] },
      'breakGlassRoleArns',
    ],
    ['a wildcard', { breakGlassRoleArns: [role('*')] }, 'breakGlassRoleArns'],
    ['less days than KMS knows', { minimumWaitingDays: 6 }, 'minimumWaitingDays'],
    ['more days than KMS knows', { minimumWaitingDays: 31 }, 'minimumWaitingDays'],
    ['a misspelt option', { signers: [] }, 'signers'],
    ['a signer that is none', { signer: null }, 'options'],
    ['a misspelt option of the signer', { signer: { ...signer, role: 'a' } }, 'role'],
    [
      'the alias of a function',
      { signer: { ...signer, functionArn: `${signer.functionArn}:live` } },
      'signer.functionArn',
    ],
    ['every function', { signer: { ...signer, functionArn: '*' } }, 'signer.functionArn'],
    [
      'a function of another partition',
      { signer: { ...signer, functionArn: signer.functionArn.replace(':aws:', ':aws-cn:') } },
      'signer.functionArn',
    ],
    [
      'a role of another partition',
      { signer: { ...signer, roleArn: elsewhere } },
      'signer.roleArn',
    ],
    [
      'nobody who deploys',
      { signer: { ...signer, deployerRoleArns: [] } },
      'signer.deployerRoleArns',
    ],
    [
      'callers of another partition',
      { signer: { ...signer, callerRoleArns: [elsewhere] } },
      'signer.callerRoleArns',
    ],
  ])('refuses %s', (_, wrong, option) => {
    const options = { breakGlassRoleArns, ...wrong } as ServiceControlOptions // wrong on purpose
    expect(() => serviceControlPolicy(options)).toThrow(refusal(option))
  })

  it('fits into what AWS Organizations takes, with ten callers', () => {
    const callerRoleArns = Array.from({ length: 10 }, (_, index) => role(`caller-${index}`))
    const policy = serviceControlPolicy({
      breakGlassRoleArns,
      signer: { ...signer, callerRoleArns },
    })
    expect(JSON.stringify(policy).length).toBeLessThanOrEqual(5_120)
  })

  it('cannot be changed, at any depth', () => {
    const [first] = serviceControlPolicy({ breakGlassRoleArns, signer }).Statement
    expect(() => Object.assign(first?.Condition ?? {}, { Bool: {} })).toThrow(TypeError)
  })
})

describe('permissionBoundary', () => {
  it.each<[string, object, string]>([
    ['no keys', { keyArns: [] }, 'keyArns'],
    ['a key twice', { keyArns: [KEY, KEY] }, 'keyArns'],
    ['actions of KMS', { otherActions: ['kms:Sign'] }, 'otherActions'],
    ['actions of IAM', { otherActions: ['iam:PassRole'] }, 'otherActions'],
    ['actions of STS', { otherActions: ['sts:AssumeRole'] }, 'otherActions'],
    ['a wildcard', { otherActions: ['logs:*'] }, 'otherActions'],
    ['everything', { otherActions: ['*'] }, 'otherActions'],
    ['actions that are no list', { otherActions: 'logs:PutLogEvents' }, 'otherActions'],
    ['a misspelt option', { others: [] }, 'others'],
  ])('refuses %s', (_, wrong, option) => {
    const options = { keyArns: [KEY], ...wrong } as PermissionBoundaryOptions // wrong on purpose
    expect(() => permissionBoundary(options)).toThrow(refusal(option))
  })

  it('allows nothing of other services without their actions', () => {
    const { Statement } = permissionBoundary({ keyArns: [KEY] })
    expect(Statement.map(({ Sid }) => Sid)).toEqual(['SignDigestsAtMost', 'ReadKeysAtMost'])
  })
})
