/** Roles of stacks. @module */

import { documentOf, type Resource, tagsOf, type Value } from './template.ts'

/** Services of AWS that run what signs. */
export type RoleService = 'lambda' | 'ecs-tasks' | 'ec2'

/** @returns A role that only this service may take, for resources of its own account. */
export function serviceRole(options: {
  readonly name?: string
  readonly service: RoleService
  readonly partition: string
  readonly accountId?: string
  readonly environment: string
  readonly description: string
  readonly policies: Readonly<Record<string, Value>>
}): Resource {
  const { name, service, partition, accountId, environment, description, policies } = options
  const bound = service === 'ecs-tasks' && accountId !== undefined
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      ...(name === undefined ? {} : { RoleName: name }),
      Description: description,
      AssumeRolePolicyDocument: documentOf([
        {
          Sid: 'TheServiceTakesIt',
          Effect: 'Allow',
          Principal: { Service: principalOf(service, partition) },
          Action: 'sts:AssumeRole',
          // Lambda and EC2 do not tell for whom they ask.
          ...(bound ? { Condition: { StringEquals: { 'aws:SourceAccount': accountId } } } : {}),
        },
      ]),
      Policies: Object.entries(policies).map(([PolicyName, PolicyDocument]) => ({
        PolicyName,
        PolicyDocument,
      })),
      Tags: tagsOf({ Environment: environment }),
    },
  }
}

/** Only EC2 has a name of its own in China; that of the others is the same in every partition. */
const principalOf = (service: RoleService, partition: string): string =>
  `${service}.amazonaws.com${service === 'ec2' && partition === 'aws-cn' ? '.cn' : ''}`
