/** Roles of stacks. @module */

import { documentOf, type Resource, tagsOf, type Value } from './template.ts'

/** Services of AWS that run what signs. */
export type RoleService = 'lambda' | 'ecs-tasks' | 'ec2'

/** @returns A role that only this service may take, for resources of its own account. */
export function serviceRole(options: {
  readonly name?: string
  readonly service: RoleService
  readonly accountId?: string
  readonly environment: string
  readonly description: string
  readonly policies: Readonly<Record<string, Value>>
}): Resource {
  const { name, service, accountId, environment, description, policies } = options
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
          Principal: { Service: `${service}.amazonaws.com` },
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
