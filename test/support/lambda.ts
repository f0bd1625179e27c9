/** Lambdas on MiniStack with IAM enforced: bundled, zipped, deployed, with three addresses. @module */
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda'
import { build } from 'esbuild'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { element, query } from './aws-calls.ts'
import { until } from './until.ts'

const ACCOUNT = '000000000000'
const REGION = 'us-east-1'

/** Credentials that IAM judges; those that start MiniStack are of its root. */
export type Identity = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** Addresses of one function. IAM guards each. */
export type Exposed = {
  readonly functionUrl: string
  readonly restUrl: string
  readonly httpUrl: string
}

export type LambdaCloud = {
  readonly aws: Aws
  readonly lambda: LambdaClient
  /** A user with this policy, and a key of his. */
  readonly createUser: (name: string, policy: object) => Promise<Identity>
  /** @returns Its ARN. */
  readonly deploy: (options: {
    readonly name: string
    /** A module in this folder. */
    readonly source: string
    readonly environment: Readonly<Record<string, string>>
    /** Of the execution role. */
    readonly policy: object
  }) => Promise<string>
  readonly expose: (functionArn: string) => Promise<Exposed>
} & AsyncDisposable

export async function startLambdaCloud(): Promise<LambdaCloud> {
  const services = ['kms', 'sts', 'iam', 'lambda', 'apigateway', 'cloudformation', 'logs']
  const aws = await startAws({ auth: true, services })
  const lambda = new LambdaClient(aws.clientConfig())
  const call = (service: string, parameters: Readonly<Record<string, string>>) =>
    query(aws, service, parameters)

  const deploy: LambdaCloud['deploy'] = async ({ name, source, environment, policy }) => {
    const role = `${name}-role`
    const RoleName = role
    await call('iam', { Action: 'CreateRole', RoleName, AssumeRolePolicyDocument: json(trust) })
    const PolicyDocument = json(policy)
    await call('iam', { Action: 'PutRolePolicy', RoleName, PolicyName: 'own', PolicyDocument })
    const made = await lambda.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Role: `arn:aws:iam::${ACCOUNT}:role/${role}`,
        Timeout: 30,
        MemorySize: 512,
        Environment: { Variables: { ...environment } },
        Code: { ZipFile: zipOf('index.mjs', await bundle(source)) },
      }),
    )
    return made.FunctionArn ?? ''
  }

  const expose = async (FunctionName: string): Promise<Exposed> => {
    const { FunctionUrl = '' } = await lambda.send(
      new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'AWS_IAM' }),
    )
    await lambda.send(
      new AddPermissionCommand({
        FunctionName,
        StatementId: 'api',
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
      }),
    )
    const { RestId, HttpId } = await stack(aws, 'apis', template(FunctionName))
    const [id = ''] = new URL(FunctionUrl).host.split('.')
    return {
      functionUrl: `${aws.endpoint}/_aws/lambda-url/${id}/`,
      restUrl: `${aws.endpoint}/_aws/execute-api/${RestId}/live/sign`,
      httpUrl: `${aws.endpoint}/_aws/execute-api/${HttpId}/live/sign`,
    }
  }

  return {
    aws,
    lambda,
    deploy,
    expose,
    createUser: (name, policy) => createUser(aws, name, policy),
    async [Symbol.asyncDispose]() {
      lambda.destroy()
      await aws.stop()
    },
  }
}

/** A user with this policy, and a key of his. */
export async function createUser(aws: Aws, UserName: string, policy: object): Promise<Identity> {
  const call = (parameters: Readonly<Record<string, string>>) => query(aws, 'iam', parameters)
  await call({ Action: 'CreateUser', UserName })
  const PolicyDocument = json(policy)
  await call({ Action: 'PutUserPolicy', UserName, PolicyName: 'own', PolicyDocument })
  const xml = await call({ Action: 'CreateAccessKey', UserName })
  return {
    accessKeyId: element(xml, 'AccessKeyId'),
    secretAccessKey: element(xml, 'SecretAccessKey'),
  }
}

/** A role without a policy, for this principal. */
export async function createRole(aws: Aws, RoleName: string, Principal: object): Promise<void> {
  const Statement = [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }]
  const AssumeRolePolicyDocument = json({ Version: '2012-10-17', Statement })
  await query(aws, 'iam', { Action: 'CreateRole', RoleName, AssumeRolePolicyDocument })
}

const json = (value: object) => JSON.stringify(value)

export const policyOf = (
  Action: string | readonly string[],
  Resource: string | readonly string[],
) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource }],
})

const trust = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
  ],
}

/** A REST API and an HTTP API whose `POST /sign` IAM guards. */
function template(functionArn: string): object {
  const Uri = `arn:aws:apigateway:${REGION}:lambda:path/2015-03-31/functions/${functionArn}/invocations`
  const RestApiId = { Ref: 'Rest' }
  const ApiId = { Ref: 'Http' }
  return {
    Resources: {
      Rest: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'rest' } },
      Path: {
        Type: 'AWS::ApiGateway::Resource',
        Properties: {
          RestApiId,
          ParentId: { 'Fn::GetAtt': ['Rest', 'RootResourceId'] },
          PathPart: 'sign',
        },
      },
      Method: {
        Type: 'AWS::ApiGateway::Method',
        Properties: {
          RestApiId,
          ResourceId: { Ref: 'Path' },
          HttpMethod: 'POST',
          AuthorizationType: 'AWS_IAM',
          Integration: { Type: 'AWS_PROXY', IntegrationHttpMethod: 'POST', Uri },
        },
      },
      Deployment: {
        Type: 'AWS::ApiGateway::Deployment',
        DependsOn: 'Method',
        Properties: { RestApiId },
      },
      Stage: {
        Type: 'AWS::ApiGateway::Stage',
        Properties: { RestApiId, DeploymentId: { Ref: 'Deployment' }, StageName: 'live' },
      },
      Http: {
        Type: 'AWS::ApiGatewayV2::Api',
        Properties: { Name: 'http', ProtocolType: 'HTTP' },
      },
      Integration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          ApiId,
          IntegrationType: 'AWS_PROXY',
          IntegrationUri: functionArn,
          PayloadFormatVersion: '2.0',
        },
      },
      Route: {
        Type: 'AWS::ApiGatewayV2::Route',
        Properties: {
          ApiId,
          RouteKey: 'POST /sign',
          AuthorizationType: 'AWS_IAM',
          Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
        },
      },
      HttpStage: {
        Type: 'AWS::ApiGatewayV2::Stage',
        Properties: { ApiId, StageName: 'live', AutoDeploy: true },
      },
    },
    Outputs: { RestId: { Value: { Ref: 'Rest' } }, HttpId: { Value: { Ref: 'Http' } } },
  }
}

/** @returns The outputs by name. */
async function stack(
  aws: Aws,
  StackName: string,
  body: object,
): Promise<Readonly<Record<string, string>>> {
  const TemplateBody = json(body)
  await query(aws, 'cloudformation', { Action: 'CreateStack', StackName, TemplateBody })
  let xml = ''
  await until(async () => {
    xml = await query(aws, 'cloudformation', { Action: 'DescribeStacks', StackName })
    return element(xml, 'StackStatus') !== 'CREATE_IN_PROGRESS'
  })
  if (element(xml, 'StackStatus') !== 'CREATE_COMPLETE') throw new Error(xml)
  const outputs = xml.matchAll(
    /<OutputKey>(.*?)<\/OutputKey>\s*<OutputValue>(.*?)<\/OutputValue>/gs,
  )
  return Object.fromEntries([...outputs].map(([, key = '', value = '']) => [key, value]))
}

/** As a user would: one file, and the AWS SDK in it. */
async function bundle(source: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(source, import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'error',
    // What AWS documents for ES modules: packages in CommonJS call require.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  })
  const [file] = outputFiles
  if (file === undefined) throw new Error('esbuild made no file')
  return file.contents
}

/** A ZIP of one file that is stored as it is; see APPNOTE.TXT 4.3. */
function zipOf(name: string, content: Uint8Array): Uint8Array {
  const bytes = Buffer.from(name)
  const common = Buffer.alloc(26)
  common.writeUInt16LE(20, 0) // version needed
  common.writeUInt16LE(0x21, 8) // 1980-01-01
  common.writeUInt32LE(crc32(content), 10)
  common.writeUInt32LE(content.length, 14)
  common.writeUInt32LE(content.length, 18)
  common.writeUInt16LE(bytes.length, 22)
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, bytes])
  const rest = Buffer.alloc(14)
  rest.writeUInt32LE((0o100_644 << 16) >>> 0, 6)
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x03'), common, rest, bytes])
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(local.length + content.length, 16)
  return new Uint8Array(Buffer.concat([local, content, central, end]))
}
