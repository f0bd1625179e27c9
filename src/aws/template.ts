/** CloudFormation templates as plain data, and the few functions of them that are used here. @module */

/** A value of a template: JSON, in which functions of CloudFormation are objects of one field. */
export type Value =
  | string
  | number
  | boolean
  | readonly Value[]
  | { readonly [name: string]: Value }

/** One resource. Keys and data carry `Retain` twice, so that no deletion and no update loses them. */
export type Resource = {
  readonly Type: string
  readonly Properties?: { readonly [name: string]: Value }
  readonly DependsOn?: readonly string[]
  readonly DeletionPolicy?: 'Retain'
  readonly UpdateReplacePolicy?: 'Retain'
}

/** A parameter; none of ours is a secret. */
export type Parameter = {
  readonly Type: string
  readonly Description: string
  readonly Default?: string
  readonly AllowedPattern?: string
}

/** An output of a stack. */
export type Output = { readonly Description: string; readonly Value: Value }

/** A template as CloudFormation takes it, by `JSON.stringify`. */
export type Template = {
  readonly AWSTemplateFormatVersion: '2010-09-09'
  readonly Description: string
  readonly Metadata: { readonly FclKms: { readonly [name: string]: Value } }
  readonly Parameters?: Readonly<Record<string, Parameter>>
  readonly Resources: Readonly<Record<string, Resource>>
  readonly Outputs: Readonly<Record<string, Output>>
}

/** The value of a parameter, or the name of a resource. */
export const ref = (name: string): Value => ({ Ref: name })

/** An attribute of a resource. */
export const attribute = (name: string, of: string): Value => ({ 'Fn::GetAtt': [name, of] })

/** A text in which `${Name}` and `${Name.Attribute}` are replaced. */
export const sub = (text: string): Value => ({ 'Fn::Sub': text })

/** For keys and data. */
export const kept = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' } as const

/** An IAM document whose resources may be functions of CloudFormation. */
export const documentOf = (statements: readonly { readonly [name: string]: Value }[]): Value => ({
  Version: '2012-10-17',
  Statement: statements,
})

/** Tags as CloudFormation takes them. */
export const tagsOf = (tags: Readonly<Record<string, string>>): Value =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))

/** @returns A template that nobody can change, marked with the stack that it is of. */
export function templateOf(options: {
  readonly stack: string
  readonly description: string
  readonly mark: { readonly [name: string]: Value }
  readonly parameters?: Readonly<Record<string, Parameter>>
  readonly resources: Readonly<Record<string, Resource>>
  readonly outputs: Readonly<Record<string, Output>>
}): Template {
  const { stack, description, mark, parameters, resources, outputs } = options
  return deepFreeze({
    AWSTemplateFormatVersion: '2010-09-09',
    Description: description,
    Metadata: { FclKms: { stack, ...mark } },
    ...(parameters === undefined ? {} : { Parameters: parameters }),
    Resources: resources,
    Outputs: outputs,
  })
}

/** Eight digits that change with the value: for resources that are made anew and never changed. */
export function digestOf(value: unknown): string {
  let hash = 0x811c9dc5
  for (const character of JSON.stringify(value))
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze)
  return Object.freeze(value)
}
