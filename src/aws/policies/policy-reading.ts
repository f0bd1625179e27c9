/** Reading policies that others wrote: no value makes it throw. @module */

/** Fields by name, of unknown values. */
export type Fields = Readonly<Record<string, unknown>>

/** @returns The value as fields; `undefined` for a list, a text or anything else. */
export function fieldsOf(value: unknown): Fields | undefined {
  // An object that is no array has fields, and each of them is unknown.
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined
}

/** A field of its own: not what every object inherits. */
export const field = (fields: Fields | undefined, name: string): unknown =>
  fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined

/** One value or a list of them, as policies allow it. */
export const listOf = (value: unknown): readonly unknown[] => {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

/** A value in a sentence: texts at most 120 characters long, of others only the kind. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `"${value.slice(0, 120).replace(/[^\x20-\x7e]/g, '?')}"`
  if (Array.isArray(value)) return 'a list'
  return value === undefined || value === null ? 'nothing' : `a value of type ${typeof value}`
}

/** Faults of the document around its statements, and the statements themselves. */
export function readDocument(document: unknown): {
  readonly faults: readonly string[]
  readonly statements: readonly unknown[]
} {
  const fields = fieldsOf(document)
  if (fields === undefined) return { faults: ['It is not a policy document.'], statements: [] }
  const statements = listOf(field(fields, 'Statement'))
  const version = field(fields, 'Version')
  return {
    statements,
    faults: [
      ...unknownFields('It', fields, ['Version', 'Id', 'Statement']),
      ...(version === '2012-10-17' ? [] : [`Its version is ${shown(version)}, not 2012-10-17.`]),
      ...(statements.length === 0 ? ['It has no statement.'] : []),
    ],
  }
}

/** A sentence for each field that is none of the known: `NotAction` is such a field. */
export const unknownFields = (
  subject: string,
  fields: Fields,
  known: readonly string[],
): readonly string[] =>
  Object.keys(fields)
    .filter((name) => !known.includes(name))
    .map((name) => `${subject} has the field ${shown(name)}, which is not known here.`)

/**
 * More conditions narrow an Allow further, so they are no fault; a condition by another operator is
 * not this one: `StringLike` takes wildcards, `…IfExists` and `ForAllValues:` hold for nothing.
 *
 * @param bound - Keys and the values of which `StringEquals` may ask some of each, and no others.
 */
export function unboundFaults(
  subject: string,
  condition: unknown,
  bound: Readonly<Record<string, string | readonly string[]>>,
): readonly string[] {
  const asked = fieldsOf(field(fieldsOf(condition), 'StringEquals'))
  return Object.entries(bound)
    .filter(([key, value]) => !isWithin(field(asked, key), listOf(value)))
    .map(([key, value]) => `${subject} without the condition StringEquals ${key} ${value}.`)
}

/** @returns Whether it is the text, or a list with nothing else. */
export function isOnly(value: unknown, text: string): boolean {
  const list = listOf(value)
  return list.length === 1 && list[0] === text
}

const isWithin = (value: unknown, allowed: readonly unknown[]): boolean => {
  const list = listOf(value)
  return list.length > 0 && list.every((one) => allowed.includes(one))
}
