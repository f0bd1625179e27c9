import { templateBody } from '../../../../src/provisioning/stacks/template.ts'

const kept = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' }
const body = (Resources: object, more: object = {}) =>
  templateBody({ Resources, ...more } as never, 'signing-keys')
const refusal = (reason: RegExp) =>
  expect.objectContaining({
    code: 'INVALID_OPTION',
    context: { option: 'template', reason: expect.stringMatching(reason) },
  })

describe('a template', () => {
  it('is marked with its kind, and keeps what it says of itself', () => {
    const Metadata = { Note: 'x', FclKms: { region: 'eu-west-1', stack: 'watch' } }
    expect(
      JSON.parse(body({ Key: { Type: 'AWS::KMS::Key', ...kept } }, { Metadata })),
    ).toMatchObject({
      Metadata: { Note: 'x', FclKms: { region: 'eu-west-1', stack: 'signing-keys' } },
    })
  })

  it.each([
    'AWS::KMS::Key',
    'AWS::KMS::ReplicaKey',
    'AWS::S3::Bucket',
    'AWS::DynamoDB::Table',
    'AWS::DynamoDB::GlobalTable',
    'AWS::SecretsManager::Secret',
  ])('with a %s that would not be kept is refused', (Type) => {
    for (const lacks of ['DeletionPolicy', 'UpdateReplacePolicy'])
      expect(() => body({ One: { Type, ...kept, [lacks]: 'Delete' } })).toThrow(
        refusal(/^One needs DeletionPolicy and UpdateReplacePolicy Retain/),
      )
    expect(() => body({ One: { Type, ...kept } })).not.toThrow()
    const onCreate = { ...kept, DeletionPolicy: 'RetainExceptOnCreate' }
    expect(() => body({ One: { Type, ...onCreate } })).not.toThrow()
  })

  it('has at most as many bytes as CloudFormation takes', () => {
    const topic = (Description: string) => ({ Topic: { Type: 'AWS::SNS::Topic', Description } })
    const room = 51_200 - Buffer.byteLength(body(topic('')))
    expect(Buffer.byteLength(body(topic('x'.repeat(room))))).toBe(51_200)
    expect(() => body(topic('x'.repeat(room + 1)))).toThrow(refusal(/51201 bytes.*takes 51200/))
    expect(() => body(topic(`${'x'.repeat(room - 1)}é`))).toThrow(refusal(/51201 bytes/))
  })

  it.each<[string, unknown, RegExp]>([
    ['no resources', {}, /no Resources/],
    ['a resource without a type', { One: {} }, /^One has no Type/],
    ['a resource that is none', { One: null }, /^One has no Type/],
    ['what is no JSON', { One: { Type: 'AWS::SNS::Topic', Properties: 1n } }, /no plain JSON/],
  ])('with %s is refused', (_, resources, reason) => {
    expect(() => body(resources as object)).toThrow(refusal(reason))
  })
})
