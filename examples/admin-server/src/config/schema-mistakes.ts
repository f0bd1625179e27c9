/** Compares a value with the schema and tells every mistake in words of this server. @module */

import { Settings } from 'typebox/system'
import { Errors } from 'typebox/value'
import { childOf } from './partly.ts'
import { type Mistake, mistake, type Place, type ProblemId, pathOf } from './problems.ts'
import { fileSchema } from './schema.ts'

type Fault = ReturnType<typeof Errors>[number]
/** One mistake, and where the value is that has it. */
export type Placed = { readonly mistake: Mistake; readonly place: Place }

/** More than a file of 1 MiB has; the validator's own bound is 8. */
const MAX_ERRORS = 100_000

const ids: Readonly<Record<string, ProblemId>> = {
  type: 'WRONG_TYPE',
  enum: 'NOT_ONE_OF',
  anyOf: 'NO_KNOWN_FORM',
  minimum: 'OUT_OF_RANGE',
  maximum: 'OUT_OF_RANGE',
  minLength: 'OUT_OF_RANGE',
  maxLength: 'OUT_OF_RANGE',
  minItems: 'OUT_OF_RANGE',
  maxItems: 'OUT_OF_RANGE',
  minProperties: 'OUT_OF_RANGE',
}

/** @returns At most one mistake for each place, in the order of the schema. */
export function schemaMistakes(value: unknown): readonly Placed[] {
  const found = new Map<string, Placed>()
  for (const fault of withoutOtherForms(faultsOf(value)))
    for (const placed of toMistakes(fault, value)) {
      const key = JSON.stringify(placed.place)
      if (!found.has(key)) found.set(key, placed)
    }
  return [...found.values()]
}

function faultsOf(value: unknown): readonly Fault[] {
  const { maxErrors } = Settings.Get()
  Settings.Set({ maxErrors: MAX_ERRORS })
  try {
    return Errors(fileSchema, value)
  } finally {
    Settings.Set({ maxErrors }) // it is a setting of the whole process
  }
}

/**
 * Of a value with several forms, keeps what is wrong with the form that it has. When it has none,
 * that alone is said.
 */
function withoutOtherForms(faults: readonly Fault[]): readonly Fault[] {
  const dropped = new Set<Fault>()
  for (const union of faults.filter(({ keyword }) => keyword === 'anyOf')) {
    const branches = `${union.schemaPath}/anyOf/`
    const inside = faults.filter(
      ({ schemaPath, instancePath }) =>
        schemaPath.startsWith(branches) &&
        (instancePath === union.instancePath || instancePath.startsWith(`${union.instancePath}/`)),
    )
    const branchOf = ({ schemaPath }: Fault) => schemaPath.slice(branches.length).split('/')[0]
    const others = new Set(
      inside.filter((fault) => fault.instancePath === union.instancePath).map(branchOf),
    )
    const meant = inside.filter((fault) => !others.has(branchOf(fault)))
    for (const fault of inside) if (!meant.includes(fault)) dropped.add(fault)
    if (meant.length > 0) dropped.add(union)
  }
  return faults.filter((fault) => !dropped.has(fault))
}

function toMistakes(fault: Fault, value: unknown): readonly Placed[] {
  const place = placeOf(fault.instancePath, value)
  const below = (names: readonly (string | number)[], id: ProblemId) =>
    names.map((name) => at(id, [...place, name]))
  switch (fault.keyword) {
    case 'required':
      return below(fault.params.requiredProperties, 'MISSING')
    case 'additionalProperties':
      return below(fault.params.additionalProperties, 'UNKNOWN_FIELD')
    case 'uniqueItems':
      return below(fault.params.duplicateItems, 'DUPLICATE')
    default: {
      const id = ids[fault.keyword]
      return id === undefined ? [] : [at(id, place)]
    }
  }
}

function at(id: ProblemId, place: Place): Placed {
  const wanted = id === 'UNKNOWN_FIELD' ? undefined : descriptionOf(place)
  if (id === 'UNKNOWN_FIELD' && namesSecret(place))
    return { place, mistake: mistake('SECRET_IN_FILE', place) }
  const verb = id === 'MISSING' ? `Add ${pathOf(place)}:` : 'Write'
  const more = wanted === undefined || id === 'DUPLICATE' ? {} : { remedy: `${verb} ${wanted}.` }
  return { place, mistake: mistake(id, place, more) }
}

/** What somebody would call a secret, or where a password of the database would stand. */
const namesSecret = (place: Place) =>
  /secret|passw|private|token|credential/i.test(String(place.at(-1))) ||
  pathOf(place) === 'database.url'

/** The description of the schema there. */
function descriptionOf(place: Place): string | undefined {
  let schemas: readonly unknown[] = [fileSchema]
  for (const step of place)
    schemas = schemas
      .flatMap((schema) => [schema, ...asList(childOf(schema, 'anyOf'))])
      .flatMap((schema) =>
        typeof step === 'number'
          ? [childOf(schema, 'items')]
          : [
              childOf(childOf(schema, 'properties'), step),
              ...Object.values(childOf(schema, 'patternProperties') ?? {}),
            ],
      )
      .filter((schema) => schema !== undefined)
  const description = childOf(schemas[0], 'description')
  return typeof description === 'string' ? description : undefined
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A JSON Pointer, with the steps into lists as numbers. */
function placeOf(pointer: string, value: unknown): Place {
  const place: (string | number)[] = []
  let holder = value
  for (const escaped of pointer.split('/').slice(1)) {
    const name = escaped.replaceAll('~1', '/').replaceAll('~0', '~')
    const step = Array.isArray(holder) ? Number(name) : name
    place.push(step)
    holder = childOf(holder, step)
  }
  return place
}
