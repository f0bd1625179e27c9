/** The stack `remote-signer`: a Lambda that signs what its document allows, with one key. @module */

import { assertKnownKeys, invalid } from '../../options.ts'
import {
  assertBoolean,
  assertEnvironment,
  assertRetention,
  assertRoles,
  assertText,
  assertWhole,
  nameOfRole,
  placeOfKey,
} from '../checks.ts'
import { parseRoleArn } from '../policies/policy-document.ts'
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
  type Value,
} from '../template.ts'
import { assertDoor, type Door, doorOf } from './doors.ts'

/** Options of `remoteSignerStack`: plain JSON. */
export type RemoteSignerOptions = {
  readonly environment: string
  /** 1 to 60 letters, digits, `-` and `_`. Default `fcl-kms-<environment>`. */
  readonly name?: string
  /** The key that it signs with. The stack is of its account, partition and Region. */
  readonly keyArn: string
  /** The role of the stack `signing-keys`, which may sign. Without it the stack makes one. */
  readonly roleArn?: string
  /** The archive of `packRemoteSigner` in a bucket of this Region. */
  readonly code: { readonly bucket: string; readonly key: string; readonly version?: string }
  /** What it may sign, as JSON of at most 3,000 characters. Without it, the archive holds it. */
  readonly document?: { readonly [name: string]: Value }
  /** Roles that may call it, and nobody else by this stack. */
  readonly callerRoleArns: readonly string[]
  /** How it is called. Default by Invoke. */
  readonly door?: Door
  /** Whether a table remembers what was signed under each sequence number. Default false. */
  readonly ledger?: boolean
  /** Default 365. */
  readonly logRetentionDays?: number
  /** Megabytes. Default 512. */
  readonly memoryMb?: number
  /** Seconds. Default 29, which is as long as API Gateway waits. */
  readonly timeoutSeconds?: number
}

const known = [
  'environment',
  'name',
  'keyArn',
  'roleArn',
  'code',
  'document',
  'callerRoleArns',
  'door',
  'ledger',
  'logRetentionDays',
  'memoryMb',
  'timeoutSeconds',
]

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

type Ready = ReturnType<typeof readyOf>

function readyOf(options: RemoteSignerOptions) {
  assertKnownKeys(options, known)
  const { environment, keyArn, roleArn, code, document, callerRoleArns } = options
  const { door = { kind: 'invoke' }, ledger = false, logRetentionDays = 365 } = options
  const { memoryMb = 512, timeoutSeconds = 29 } = options
  assertEnvironment(environment)
  const { name = `fcl-kms-${environment}` } = options
  assertText('name', name, /^[A-Za-z0-9_-]{1,60}$/, '1 to 60 letters, digits, - and _')
  const place = placeOfKey('keyArn', keyArn)
  if (roleArn !== undefined) {
    const role = parseRoleArn('roleArn', roleArn)
    if (role.accountId !== place.accountId || role.partition !== place.partition)
      throw invalid('roleArn', 'it is of another account or partition than the key')
  }
  assertKnownKeys(code, ['bucket', 'key', 'version'])
  assertText('code.bucket', code.bucket, /^[a-z0-9.-]{3,63}$/, 'the name of a bucket')
  assertText('code.key', code.key, /^[\w!.*'()/-]{1,1024}$/, 'the name of an object')
  if (code.version !== undefined)
    assertText('code.version', code.version, /^[\w.-]{1,1024}$/, 'the version of an object')
  if (document !== undefined && JSON.stringify(document).length > 3_000)
    throw invalid('document', 'it has over 3000 characters: pack it into the archive')
  assertRoles('callerRoleArns', callerRoleArns, place.partition)
  assertDoor(door)
  assertBoolean('ledger', ledger)
  assertRetention(logRetentionDays)
  assertWhole('memoryMb', memoryMb, 128, 10_240)
  assertWhole('timeoutSeconds', timeoutSeconds, 1, 900)
  return {
    ...{ environment, name, keyArn, roleArn, code, document, callerRoleArns, door, ledger },
    ...{ logRetentionDays, memoryMb, timeoutSeconds, place },
  }
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
function roleResources(ready: Ready): Readonly<Record<string, Resource>> {
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
      description: `Signs with one key: ${environment}`,
      policies: { 'sign-for-flow': sign, work },
    }),
  }
}

function functionOf(ready: Ready): Resource {
  const { environment, name, keyArn, roleArn, code, document, ledger } = ready
  return {
    Type: 'AWS::Lambda::Function',
    DependsOn: ['LogGroup', ...(roleArn === undefined ? [] : ['RolePolicy'])],
    Properties: {
      FunctionName: name,
      Description: `Signs Flow transactions by a policy: ${environment}`,
      Runtime: 'nodejs22.x',
      Architectures: ['arm64'],
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
  { name, roleArn }: Ready,
  outputs: Readonly<Record<string, Output>>,
): Readonly<Record<string, Output>> => ({
  FunctionName: { Description: 'The function', Value: name },
  FunctionAliasArn: { Description: 'What callers invoke', Value: ref('Alias') },
  RoleArn: { Description: 'The role that signs', Value: roleArn ?? attribute('Role', 'Arn') },
  CallerPolicyArn: { Description: 'The policy of its callers', Value: ref('CallerPolicy') },
  LogGroupName: { Description: 'Its log', Value: `/aws/lambda/${name}` },
  ...outputs,
})
