/** The stack `remote-signer`: a Lambda that signs what its document allows, with one key. @module */

import { nameOfRole } from '../checks.ts'
import { signingPolicy } from '../policies/signing-policy.ts'
import { serviceRole } from '../roles.ts'
import {
  attribute,
  digestOf,
  documentOf,
  kept,
  type Output,
  type Resource,
  ref,
  type Template,
  tagsOf,
  templateOf,
} from '../template.ts'
import { doorOf } from './doors.ts'
import { type ReadySigner, type RemoteSignerOptions, readyOf } from './remote-signer-options.ts'

/** The alias of the function that callers use. */
const LIVE = 'live'

/**
 * A Lambda with a version for each change and the alias `live`, a role that signs with this key only,
 * its log, a policy for its callers, and how they reach it.
 *
 * @example
 * remoteSignerStack({
 *   environment: 'production',
 *   keyArn: 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
 *   roleArn: 'arn:aws:iam::111122223333:role/flow-signer',
 *   code: { bucket: 'code-of-ours', key: 'fcl-kms/remote-signer.zip' },
 *   callerRoleArns: ['arn:aws:iam::111122223333:role/flow-backend'],
 *   door: { kind: 'rest-api', requestsPerSecond: 100, burst: 50 },
 * })
 * @returns Frozen plain data: CloudFormation by `JSON.stringify`.
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`.
 */
export function remoteSignerStack(options: RemoteSignerOptions): Template {
  const ready = readyOf(options)
  const { environment, name, place, door, ledger, callerRoleArns } = ready
  const functionArn = `arn:${place.partition}:lambda:${place.region}:${place.accountId}:function:${name}`
  const version = `Version${digestOf(ready)}`
  const way = doorOf(door, { functionArn, alias: LIVE, name, callerRoleArns })
  const ours = callerRoleArns.filter((arn) => arn.split(':')[4] === place.accountId)
  return templateOf({
    stack: 'remote-signer',
    description: `Signs Flow transactions by a policy: ${environment}`,
    mark: { ...place, environment },
    parameters: codeParameters(ready.code),
    resources: {
      ...roleResources(ready),
      LogGroup: {
        Type: 'AWS::Logs::LogGroup',
        ...kept,
        Properties: {
          LogGroupName: `/aws/lambda/${name}`,
          RetentionInDays: ready.logRetentionDays,
          Tags: tagsOf({ Environment: environment }),
        },
      },
      ...(ledger ? { LedgerTable: ledgerTable(environment) } : {}),
      Function: functionOf(ready),
      [version]: {
        Type: 'AWS::Lambda::Version',
        // The alias can go back to it.
        ...kept,
        Properties: { FunctionName: ref('Function') },
      },
      Alias: {
        Type: 'AWS::Lambda::Alias',
        Properties: {
          FunctionName: ref('Function'),
          FunctionVersion: attribute(version, 'Version'),
          Name: LIVE,
        },
      },
      ...way.resources,
      CallerPolicy: {
        Type: 'AWS::IAM::ManagedPolicy',
        Properties: {
          Description: `Calls the remote signer ${name}`,
          PolicyDocument: documentOf(way.callerStatements),
          ...(ours.length === 0 ? {} : { Roles: ours.map(nameOfRole) }),
        },
      },
    },
    outputs: outputsOf(ready, way.outputs),
  })
}

const codeParameters = (code: RemoteSignerOptions['code']) => ({
  CodeBucket: { Type: 'String', Description: 'Bucket of the archive', Default: code.bucket },
  CodeKey: { Type: 'String', Description: 'Name of the archive', Default: code.key },
  ...(code.version === undefined
    ? {}
    : {
        CodeVersion: {
          Type: 'String',
          Description: 'Version of the archive',
          Default: code.version,
        },
      }),
})

/** Log and ledger by names that are known before they exist. */
function roleResources(ready: ReadySigner): Readonly<Record<string, Resource>> {
  const { environment, name, keyArn, roleArn, ledger, place } = ready
  const log = `arn:${place.partition}:logs:${place.region}:${place.accountId}:log-group:/aws/lambda/${name}:*`
  const work = documentOf([
    {
      Sid: 'WriteTheLog',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: log,
    },
    ...(ledger
      ? [
          {
            Sid: 'KeepTheLedger',
            Effect: 'Allow',
            Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
            Resource: attribute('LedgerTable', 'Arn'),
          },
        ]
      : []),
  ])
  if (roleArn !== undefined)
    return {
      RolePolicy: {
        Type: 'AWS::IAM::Policy',
        Properties: {
          Roles: [nameOfRole(roleArn)],
          PolicyName: `work-of-${name}`,
          PolicyDocument: work,
        },
      },
    }
  const sign = { ...signingPolicy({ keyArns: [keyArn] }) }
  return {
    Role: serviceRole({
      ...{ name: `${name}-signer`.slice(0, 64), service: 'lambda', environment },
      partition: place.partition,
      description: `Signs with one key: ${environment}`,
      policies: { 'sign-for-flow': sign, work },
    }),
  }
}

function functionOf(ready: ReadySigner): Resource {
  const { environment, name, keyArn, roleArn, code, document, ledger, place } = ready
  return {
    Type: 'AWS::Lambda::Function',
    DependsOn: ['LogGroup', ...(roleArn === undefined ? [] : ['RolePolicy'])],
    Properties: {
      FunctionName: name,
      Description: `Signs Flow transactions by a policy: ${environment}`,
      Runtime: 'nodejs22.x',
      Architectures: [place.partition === 'aws' ? 'arm64' : 'x86_64'], // arm64 is not everywhere
      Handler: 'index.handler',
      Role: roleArn ?? attribute('Role', 'Arn'),
      Code: {
        S3Bucket: ref('CodeBucket'),
        S3Key: ref('CodeKey'),
        ...(code.version === undefined ? {} : { S3ObjectVersion: ref('CodeVersion') }),
      },
      MemorySize: ready.memoryMb,
      Timeout: ready.timeoutSeconds,
      Environment: {
        Variables: {
          KMS_KEY_ID: keyArn,
          ...(ledger ? { LEDGER_TABLE: ref('LedgerTable') } : {}),
          ...(document === undefined ? {} : { SIGNER_DOCUMENT: JSON.stringify(document) }),
        },
      },
      Tags: tagsOf({ Environment: environment }),
    },
  }
}

const ledgerTable = (environment: string): Resource => ({
  Type: 'AWS::DynamoDB::Table',
  ...kept,
  Properties: {
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
    DeletionProtectionEnabled: true,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    TimeToLiveSpecification: { AttributeName: 'forgetAt', Enabled: true },
    Tags: tagsOf({ Environment: environment }),
  },
})

const outputsOf = (
  { name, roleArn }: ReadySigner,
  outputs: Readonly<Record<string, Output>>,
): Readonly<Record<string, Output>> => ({
  FunctionName: { Description: 'The function', Value: name },
  FunctionAliasArn: { Description: 'What callers invoke', Value: ref('Alias') },
  RoleArn: { Description: 'The role that signs', Value: roleArn ?? attribute('Role', 'Arn') },
  CallerPolicyArn: { Description: 'The policy of its callers', Value: ref('CallerPolicy') },
  LogGroupName: { Description: 'Its log', Value: `/aws/lambda/${name}` },
  ...outputs,
})
