/** The policies of a template, with functions of CloudFormation replaced as a deployment would. */
import type { Resource, Template } from '../../src/aws/index.ts'

export type Policy = { readonly Version: string; readonly Statement: readonly Json[] }
/** A trust policy and the permissions of a function are of a resource, too. */
export type PolicyKind = 'identity' | 'resource' | 'endpoint' | 'boundary' | 'control'
export type KindOfPolicy = { readonly kind: PolicyKind; readonly policy: Policy }
type Json = { readonly [name: string]: unknown }

/**
 * @returns Each policy of each resource, by `<resource>.<property>`; of a function, that of all its
 * permissions, by `<resource>.Permissions`.
 * @throws {Error} For a policy in a resource that nobody has looked at, or in a text.
 */
export function policiesOf(template: Template): ReadonlyMap<string, KindOfPolicy> {
  const found = new Map<string, KindOfPolicy>()
  for (const [id, resource] of Object.entries(template.Resources))
    for (const [path, document] of walk(resource.Properties, id))
      found.set(path, {
        kind: kindOf(resource.Type, path),
        policy: resolve(document, template) as Policy, // by its field
      })
  const permissions = Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::Lambda::Permission')
    .map(([id, { Properties }]) => resolve(statementOf(id, Properties), template) as Json)
  if (permissions.length > 0)
    found.set('Function.Permissions', {
      kind: 'resource',
      policy: { Version: '2012-10-17', Statement: permissions },
    })
  return found
}

function* walk(value: unknown, path: string): Generator<readonly [string, object]> {
  if (typeof value === 'string' && value.includes('"Statement"'))
    throw new Error(`${path} is a text that holds a policy`)
  if (typeof value !== 'object' || value === null) return
  if ('Statement' in value) yield [path, value]
  else for (const [name, field] of Object.entries(value)) yield* walk(field, `${path}.${name}`)
}

const KINDS: Readonly<Record<string, PolicyKind>> = {
  'AWS::ApiGateway::RestApi': 'resource',
  'AWS::EC2::VPCEndpoint': 'endpoint',
  'AWS::IAM::ManagedPolicy': 'identity',
  'AWS::IAM::Policy': 'identity',
  'AWS::IAM::Role': 'identity',
  'AWS::KMS::Key': 'resource',
  'AWS::KMS::ReplicaKey': 'resource',
  'AWS::S3::BucketPolicy': 'resource',
  'AWS::SNS::TopicPolicy': 'resource',
}

function kindOf(type: string, path: string): PolicyKind {
  const kind = path.endsWith('.AssumeRolePolicyDocument') ? 'resource' : KINDS[type]
  if (kind === undefined) throw new Error(`Nobody has looked at policies of ${type}`)
  return kind
}

/** As Lambda writes it when a permission is added. */
function statementOf(id: string, properties: Resource['Properties']): Json {
  const { FunctionName, Principal, Action, SourceArn, ...rest } = properties ?? {}
  const { FunctionUrlAuthType, InvokedViaFunctionUrl, ...others } = rest
  if (Object.keys(others).length > 0)
    throw new Error(`Nobody knows what Lambda makes of ${Object.keys(others)}`)
  const isRole = String(Principal).startsWith('arn:')
  const conditions = {
    ...(FunctionUrlAuthType === undefined
      ? {}
      : { StringEquals: { 'lambda:FunctionUrlAuthType': FunctionUrlAuthType } }),
    ...(InvokedViaFunctionUrl === undefined
      ? {}
      : { Bool: { 'lambda:InvokedViaFunctionUrl': String(InvokedViaFunctionUrl) } }),
    ...(SourceArn === undefined ? {} : { ArnLike: { 'aws:SourceArn': SourceArn } }),
  }
  return {
    Sid: id,
    Effect: 'Allow',
    Principal: isRole ? { AWS: Principal } : { Service: Principal },
    Action,
    Resource: FunctionName,
    ...(Object.keys(conditions).length === 0 ? {} : { Condition: conditions }),
  }
}

function resolve(value: unknown, template: Template): unknown {
  if (Array.isArray(value)) return value.map((one) => resolve(one, template))
  // API Gateway writes the rest of the ARN.
  if (typeof value === 'string')
    return value.replace(/^execute-api:\//, `arn:aws:execute-api:${HERE}:api/`)
  if (typeof value !== 'object' || value === null) return value
  const { Ref, 'Fn::GetAtt': got, 'Fn::Sub': text } = value as Json
  if (typeof Ref === 'string') return nameOf(Ref, template)
  if (Array.isArray(got)) return nameOf(`${got[0]}.${got[1]}`, template)
  if (typeof text === 'string')
    return text.replace(/\$\{([\w.:]+)\}/g, (_, name: string) => nameOf(name, template))
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, resolve(one, template)]),
  )
}

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-central-1',
  'AWS::AccountId': '111122223333',
}
const HERE = 'eu-central-1:111122223333'

/** ARNs as AWS would give them; anything else is a name. */
function nameOf(name: string, template: Template): string {
  const [id = '', attribute] = name.split('.')
  const { Type = '', Properties = {} } = template.Resources[id] ?? {}
  if (Type === 'AWS::Lambda::Alias')
    return `arn:aws:lambda:${HERE}:function:${functionName(template)}:${Properties['Name']}`
  if (attribute !== 'Arn' && Type !== 'AWS::SNS::Topic') return PSEUDO[name] ?? id.toLowerCase()
  const { partition = 'aws' } = template.Metadata.FclKms
  const arns: Readonly<Record<string, string>> = {
    'AWS::KMS::Key': `arn:${partition}:kms:${HERE}:key/${hex(id)}`,
    'AWS::S3::Bucket': `arn:aws:s3:::${id.toLowerCase()}`,
    'AWS::DynamoDB::Table': `arn:aws:dynamodb:${HERE}:table/${id}`,
    'AWS::SNS::Topic': `arn:aws:sns:${HERE}:${id}`,
  }
  return arns[Type] ?? `arn:aws:unknown:${HERE}:${id}`
}

const functionName = (template: Template) =>
  template.Resources['Function']?.Properties?.['FunctionName']

/** A key id that stands for the resource. */
export const hex = (id: string): string => {
  const digits = Buffer.from(id).toString('hex').padEnd(32, '0').slice(0, 32)
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => digits.slice(from, to))
    .join('-')
}
