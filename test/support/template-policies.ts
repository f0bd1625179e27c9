/** The policies of a template, with functions of CloudFormation replaced as a deployment would. */
import type { Template } from '../../src/aws/index.ts'

export type Policy = { readonly Version: string; readonly Statement: readonly Json[] }
type Json = { readonly [name: string]: unknown }

/** @returns Each policy document of each resource, by `<resource>.<property>`. */
export function policiesOf(template: Template): ReadonlyMap<string, Policy> {
  const found = new Map<string, Policy>()
  for (const [id, { Properties }] of Object.entries(template.Resources))
    walk(Properties, id, template, found)
  return found
}

function walk(value: unknown, path: string, template: Template, found: Map<string, Policy>): void {
  if (typeof value !== 'object' || value === null) return
  if ('Statement' in value)
    found.set(path, resolve(value, template) as Policy) // by its field
  else
    for (const [name, field] of Object.entries(value))
      walk(field, `${path}.${name}`, template, found)
}

function resolve(value: unknown, template: Template): unknown {
  if (Array.isArray(value)) return value.map((one) => resolve(one, template))
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
  const type = template.Resources[id]?.Type
  if (attribute !== 'Arn' && type !== 'AWS::SNS::Topic') return PSEUDO[name] ?? id.toLowerCase()
  const arns: Readonly<Record<string, string>> = {
    'AWS::KMS::Key': `arn:aws:kms:${HERE}:key/${hex(id)}`,
    'AWS::S3::Bucket': `arn:aws:s3:::${id.toLowerCase()}`,
    'AWS::DynamoDB::Table': `arn:aws:dynamodb:${HERE}:table/${id}`,
    'AWS::SNS::Topic': `arn:aws:sns:${HERE}:${id}`,
  }
  return arns[type ?? ''] ?? `arn:aws:unknown:${HERE}:${id}`
}

/** A key id that stands for the resource. */
export const hex = (id: string): string => {
  const digits = Buffer.from(id).toString('hex').padEnd(32, '0')
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
