/** The policies of a template, with functions of CloudFormation replaced as a deployment would. */
import type { Resource, Template } from '../../src/aws/index.ts'

const ACCOUNT = '111122223333'

export type Policy = { readonly Version: string; readonly Statement: readonly Json[] }
/** A trust policy and the permissions of a function are of a resource, too. */
export type PolicyKind = 'identity' | 'resource' | 'endpoint' | 'boundary' | 'control'
export type KindOfPolicy = { readonly kind: PolicyKind; readonly policy: Policy }
type Json = { readonly [name: string]: unknown }

/** Where the stack is deployed. */
export type Place = { readonly partition: string; readonly region: string }
type Deployed = Place & { readonly template: Template }

/**
 * @returns Each policy of each resource, by `<resource>.<property>`; of a function, that of all its
 * permissions, by `<resource>.Permissions`.
 * @throws {Error} For a policy in a resource that nobody has looked at, or in a text.
 */
export function policiesOf(template: Template, place: Place): ReadonlyMap<string, KindOfPolicy> {
  const deployed = { ...place, template }
  const found = new Map<string, KindOfPolicy>()
  for (const [id, resource] of Object.entries(template.Resources))
    for (const [path, document] of walk(resource.Properties, id))
      found.set(path, {
        kind: kindOf(resource.Type, path),
        policy: resolve(document, deployed) as Policy, // by its field
      })
  const permissions = Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::Lambda::Permission')
    .map(([id, { Properties }]) => resolve(statementOf(id, Properties), deployed) as Json)
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

function resolve(value: unknown, deployed: Deployed): unknown {
  if (Array.isArray(value)) return value.map((one) => resolve(one, deployed))
  // API Gateway writes the rest of the ARN.
  if (typeof value === 'string')
    return value.replace(/^execute-api:\//, `${arnOf('execute-api', deployed)}:api/`)
  if (typeof value !== 'object' || value === null) return value
  const { Ref, 'Fn::GetAtt': got, 'Fn::Sub': text } = value as Json
  if (typeof Ref === 'string') return nameOf(Ref, deployed)
  if (Array.isArray(got)) return nameOf(`${got[0]}.${got[1]}`, deployed)
  if (typeof text === 'string')
    return text.replace(/\$\{([\w.:]+)\}/g, (_, name: string) => nameOf(name, deployed))
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, resolve(one, deployed)]),
  )
}

const arnOf = (service: string, { partition, region }: Place) =>
  `arn:${partition}:${service}:${region}:${ACCOUNT}`

/** ARNs as AWS would give them; anything else is a name. */
function nameOf(name: string, deployed: Deployed): string {
  const [id = '', attribute] = name.split('.')
  const { Resources } = deployed.template
  const { Type = '', Properties = {} } = Resources[id] ?? {}
  const { FunctionName } = Resources['Function']?.Properties ?? {}
  const byRef: Readonly<Record<string, string>> = {
    'AWS::Lambda::Alias': `${arnOf('lambda', deployed)}:function:${FunctionName}:${Properties['Name']}`,
    'AWS::SNS::Topic': `${arnOf('sns', deployed)}:${id}`,
  }
  const byArn: Readonly<Record<string, string>> = {
    'AWS::KMS::Key': `${arnOf('kms', deployed)}:key/${hex(id)}`,
    'AWS::S3::Bucket': `arn:${deployed.partition}:s3:::${id.toLowerCase()}`,
    'AWS::DynamoDB::Table': `${arnOf('dynamodb', deployed)}:table/${id}`,
  }
  const pseudo: Readonly<Record<string, string>> = {
    'AWS::Partition': deployed.partition,
    'AWS::Region': deployed.region,
    'AWS::AccountId': ACCOUNT,
    'AWS::StackId': `${arnOf('cloudformation', deployed)}:stack/enclave/1`,
  }
  const found =
    attribute === 'Arn' ? byArn[Type] : (pseudo[name] ?? byRef[Type] ?? id.toLowerCase())
  if (found === undefined) throw new Error(`Nobody knows the ARN of ${name}`)
  return found
}

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
