/** How callers reach the remote signer: by Invoke, by function URL or by a REST API. @module */

import { assertKnownKeys, invalid } from '../../options.ts'
import { assertText, assertTexts, assertWhole } from '../checks.ts'
import {
  attribute,
  digestOf,
  documentOf,
  type Output,
  type Resource,
  ref,
  sub,
  type Value,
} from '../template.ts'

/** How a remote signer is called, always by IAM. */
export type Door =
  | { readonly kind: 'invoke' }
  | { readonly kind: 'function-url' }
  | {
      readonly kind: 'rest-api'
      /** More are answered with 429. */
      readonly requestsPerSecond: number
      readonly burst: number
      /** Interface endpoints of `execute-api`: then the API is private, and reached by them only. */
      readonly vpcEndpointIds?: readonly string[]
      /** The path of the API. Default `sign`. */
      readonly path?: string
    }

/** @throws {SignerError} `INVALID_OPTION`. */
export function assertDoor(door: Door, partition: string): void {
  if (typeof door !== 'object' || door === null) throw invalid('door', 'it is not an object')
  const { kind } = door
  if (kind !== 'invoke' && kind !== 'function-url' && kind !== 'rest-api')
    throw invalid('door.kind', 'it is none of invoke, function-url, rest-api')
  if (kind === 'function-url' && partition === 'aws-us-gov')
    throw invalid('door.kind', 'Lambda has no function URLs in aws-us-gov: take a rest-api')
  if (door.kind !== 'rest-api') {
    assertKnownKeys(door, ['kind'])
    return
  }
  assertKnownKeys(door, ['kind', 'requestsPerSecond', 'burst', 'vpcEndpointIds', 'path'])
  assertWhole('door.requestsPerSecond', door.requestsPerSecond, 1, 10_000)
  assertWhole('door.burst', door.burst, 1, 5_000)
  if (door.path !== undefined)
    assertText('door.path', door.path, /^[A-Za-z0-9_-]{1,64}$/, 'one part of a path')
  if (door.vpcEndpointIds !== undefined)
    assertTexts('door.vpcEndpointIds', door.vpcEndpointIds, /^vpce-[0-9a-f]{8,17}$/, 'endpoints')
}

type Way = {
  readonly resources: Readonly<Record<string, Resource>>
  readonly callerStatements: readonly { readonly [name: string]: Value }[]
  readonly outputs: Readonly<Record<string, Output>>
}

type Target = {
  readonly functionArn: string
  readonly alias: string
  readonly name: string
  readonly callerRoleArns: readonly string[]
}

/** @returns What the door is made of, and what a caller has to be allowed. */
export function doorOf(door: Door, target: Target): Way {
  if (door.kind === 'rest-api') return restApi(door, target)
  const { functionArn, alias, callerRoleArns } = target
  const Resource = `${functionArn}:${alias}`
  const isUrl = door.kind === 'function-url'
  const invoke = {
    Sid: 'InvokeTheSigner',
    Effect: 'Allow',
    Action: 'lambda:InvokeFunction',
    Resource,
    ...(isUrl ? { Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } } } : {}),
  }
  const called = {
    Sid: 'CallTheUrl',
    Effect: 'Allow',
    Action: 'lambda:InvokeFunctionUrl',
    Resource,
    Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
  }
  return {
    resources: {
      ...(isUrl ? { Url: urlOf(alias) } : {}),
      ...Object.fromEntries(
        callerRoleArns.flatMap((Principal, index) => permissions(Principal, index, isUrl)),
      ),
    },
    callerStatements: isUrl ? [called, invoke] : [invoke],
    outputs: isUrl
      ? { Url: { Description: 'Where callers POST to', Value: attribute('Url', 'FunctionUrl') } }
      : {},
  }
}

const urlOf = (Qualifier: string): Resource => ({
  Type: 'AWS::Lambda::Url',
  DependsOn: ['Alias'],
  Properties: { TargetFunctionArn: ref('Function'), Qualifier, AuthType: 'AWS_IAM' },
})

/** For callers of other accounts, whose own policies do not suffice. */
function permissions(
  Principal: string,
  index: number,
  isUrl: boolean,
): readonly (readonly [string, Resource])[] {
  const permission = (properties: { readonly [name: string]: Value }): Resource => ({
    Type: 'AWS::Lambda::Permission',
    Properties: { FunctionName: ref('Alias'), Principal, ...properties },
  })
  const invoke = permission({
    Action: 'lambda:InvokeFunction',
    ...(isUrl ? { InvokedViaFunctionUrl: true } : {}),
  })
  const called = permission({
    Action: 'lambda:InvokeFunctionUrl',
    FunctionUrlAuthType: 'AWS_IAM',
  })
  return [
    [`Invocation${index + 1}`, invoke],
    ...(isUrl ? [[`UrlCall${index + 1}`, called] as const] : []),
  ]
}

const STAGE = 'live'

function restApi(door: Door & { readonly kind: 'rest-api' }, target: Target): Way {
  const { path = 'sign', vpcEndpointIds } = door
  const { name } = target
  const method = `${STAGE}/POST/${path}`
  const deployment = `Deployment${digestOf([door, target])}`
  const url = `https://\${Api}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}/${STAGE}/${path}`
  const there = `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}`
  return {
    resources: {
      Api: {
        Type: 'AWS::ApiGateway::RestApi',
        Properties: {
          Name: name,
          Description: 'Signs Flow transactions by a policy',
          EndpointConfiguration:
            vpcEndpointIds === undefined
              ? { Types: ['REGIONAL'] }
              : { Types: ['PRIVATE'], VpcEndpointIds: vpcEndpointIds },
          Policy: resourcePolicy(door, target),
        },
      },
      ApiResource: {
        Type: 'AWS::ApiGateway::Resource',
        Properties: {
          RestApiId: ref('Api'),
          ParentId: attribute('Api', 'RootResourceId'),
          PathPart: path,
        },
      },
      ApiMethod: {
        Type: 'AWS::ApiGateway::Method',
        Properties: {
          RestApiId: ref('Api'),
          ResourceId: ref('ApiResource'),
          HttpMethod: 'POST',
          AuthorizationType: 'AWS_IAM',
          Integration: {
            Type: 'AWS_PROXY',
            IntegrationHttpMethod: 'POST',
            Uri: sub(
              `arn:\${AWS::Partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${Alias}/invocations`,
            ),
          },
        },
      },
      [deployment]: {
        Type: 'AWS::ApiGateway::Deployment',
        DependsOn: ['ApiMethod'],
        Properties: { RestApiId: ref('Api') },
      },
      ApiStage: {
        Type: 'AWS::ApiGateway::Stage',
        Properties: {
          RestApiId: ref('Api'),
          DeploymentId: ref(deployment),
          StageName: STAGE,
          MethodSettings: [
            {
              HttpMethod: '*',
              ResourcePath: '/*',
              ThrottlingRateLimit: door.requestsPerSecond,
              ThrottlingBurstLimit: door.burst,
              MetricsEnabled: true,
            },
          ],
        },
      },
      ApiInvocation: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          FunctionName: ref('Alias'),
          Action: 'lambda:InvokeFunction',
          Principal: 'apigateway.amazonaws.com',
          SourceArn: sub(`${there}:\${Api}/${method}`),
        },
      },
    },
    callerStatements: [
      {
        Sid: 'CallTheApi',
        Effect: 'Allow',
        Action: 'execute-api:Invoke',
        Resource: sub(`${there}:\${Api}/${method}`),
      },
    ],
    outputs: { Url: { Description: 'Where callers POST to', Value: sub(url) } },
  }
}

/** A same-account role with rights on all APIs would pass without the denial. */
function resourcePolicy(
  { path = 'sign', vpcEndpointIds }: Door & { readonly kind: 'rest-api' },
  { callerRoleArns }: Target,
): Value {
  const all = { Action: 'execute-api:Invoke', Resource: 'execute-api:/*' }
  return documentOf([
    {
      Sid: 'CallersCall',
      Effect: 'Allow',
      Principal: { AWS: callerRoleArns },
      Action: 'execute-api:Invoke',
      Resource: `execute-api:/${STAGE}/POST/${path}`,
    },
    {
      Sid: 'NobodyElseCalls',
      ...{ Effect: 'Deny', Principal: '*', ...all },
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': callerRoleArns } },
    },
    ...(vpcEndpointIds === undefined
      ? []
      : [
          {
            Sid: 'ByTheseEndpointsOnly',
            ...{ Effect: 'Deny', Principal: '*', ...all },
            Condition: { StringNotEquals: { 'aws:SourceVpce': vpcEndpointIds } },
          },
        ]),
  ])
}
