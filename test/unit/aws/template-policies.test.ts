/** That no policy of a template is overlooked. */
import type { Template } from '../../../src/aws/index.ts'
import { policiesOf } from '../../support/template-policies.ts'

const place = { partition: 'aws', region: 'eu-central-1' }
const Statement = [{ Sid: 'Any', Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }]
const found = (Resources: Template['Resources']) =>
  policiesOf(
    {
      AWSTemplateFormatVersion: '2010-09-09',
      Description: '',
      Metadata: { FclKms: {} },
      Resources,
      Outputs: {},
    },
    place,
  )

describe('the policies of a template', () => {
  it('are found at any depth', () => {
    const Policies = [{ PolicyDocument: { Version: '2012-10-17', Statement } }]
    const policies = found({ Any: { Type: 'AWS::IAM::Role', Properties: { Policies } } })
    expect([...policies.keys()]).toEqual(['Any.Policies.0.PolicyDocument'])
  })

  it('are not overlooked in a resource that nobody has looked at', () => {
    const Properties = { AccessPolicies: { Version: '2012-10-17', Statement } }
    expect(() => found({ Any: { Type: 'AWS::Elasticsearch::Domain', Properties } })).toThrow(
      'Nobody has looked at policies of AWS::Elasticsearch::Domain',
    )
  })

  it('are not overlooked in a text', () => {
    const Properties = { PolicyDocument: JSON.stringify({ Statement }) }
    expect(() => found({ Any: { Type: 'AWS::Logs::ResourcePolicy', Properties } })).toThrow(
      'Any.PolicyDocument is a text that holds a policy',
    )
  })

  it('are those of a function as well, by its permissions', () => {
    const Properties = { FunctionName: 'f', Principal: 's3.amazonaws.com', Action: 'lambda:Invoke' }
    const policies = found({ Any: { Type: 'AWS::Lambda::Permission', Properties } })
    expect(policies.get('Function.Permissions')?.policy.Statement).toEqual([
      {
        Sid: 'Any',
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'lambda:Invoke',
        Resource: 'f',
      },
    ])
  })

  it('are not made of a permission with a property that nobody knows', () => {
    const Properties = { FunctionName: 'f', Principal: '*', Action: 'a', PrincipalOrgID: 'o-1' }
    expect(() => found({ Any: { Type: 'AWS::Lambda::Permission', Properties } })).toThrow(
      'Nobody knows what Lambda makes of PrincipalOrgID',
    )
  })
})
