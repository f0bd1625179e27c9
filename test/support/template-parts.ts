/** Parts of the templates of the variants. @module */
import type { Resource, Template } from '../../src/aws/index.ts'
import { templateOf, variants } from './stack-variants.ts'

export const templates: readonly (readonly [variant: string, template: Template])[] = variants.map(
  ([name, stack, options]) => [name, templateOf(stack, options)] as const,
)

/** @returns Logical ids and resources. */
export const ofType = (
  template: Template,
  type: RegExp,
): readonly (readonly [string, Resource])[] =>
  Object.entries(template.Resources).filter(([, { Type }]) => type.test(Type))

/** @returns `<variant>/<logical id>`, the resource and its template. */
export const every = (type: RegExp): readonly (readonly [string, Resource, Template])[] =>
  templates.flatMap(([name, template]) =>
    ofType(template, type).map(([id, resource]) => [`${name}/${id}`, resource, template] as const),
  )

/** @param change - Over the options of the variant. */
export function build(name: string, change: object = {}): Template {
  const [, stack, options] = variants.find(([each]) => each === name) ?? []
  if (stack === undefined) throw new Error(`there is no variant ${name}`)
  return templateOf(stack, { ...options, ...change })
}

/** @throws {Error} For a resource that is not there, so that no test is about nothing. */
export function properties(template: Template, id: string): NonNullable<Resource['Properties']> {
  const { Properties } = template.Resources[id] ?? {}
  if (Properties === undefined) throw new Error(`there is no ${id}`)
  return Properties
}
