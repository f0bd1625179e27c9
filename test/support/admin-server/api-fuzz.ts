/** Calls made from the description of the API: right ones, and ones with a single violation. @module */

import { type Arbitrary, constant, constantFrom, oneof, record, tuple } from 'fast-check'
import { type Hints, type JsonSchema, optionally, validFor } from './api-schemas.ts'
import { invalidFor } from './api-violations.ts'

/** What is read of an OpenAPI document that was made by this server. */
export type ApiDocument = {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>
  readonly components: object
}

export type ApiOperation = {
  readonly operationId: string
  readonly parameters?: readonly {
    readonly in: 'path' | 'query' | 'header'
    readonly name: string
    readonly required?: boolean
    readonly schema: JsonSchema
  }[]
  readonly requestBody?: {
    readonly required?: boolean
    readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>
  }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>> }>
  >
}

/** One operation and where it is. */
export type PlacedOperation = {
  readonly method: string
  readonly path: string
  readonly operation: ApiOperation
}

export const operationsOf = (document: ApiDocument): readonly PlacedOperation[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  )

/** One call. */
export type FuzzCall = PlacedOperation & {
  /** Where it breaks the description; undefined where it keeps to it. */
  readonly violation: string | undefined
  /** Path with its parameters, and query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** Any of the operations, as often right as wrong. */
export const anyCall = (
  operations: readonly PlacedOperation[],
  hints: Hints,
): Arbitrary<FuzzCall> =>
  oneof(
    ...operations.map((placed) =>
      oneof(callOf(placed, hints, undefined), violationsOf(placed, hints)),
    ),
  )

function violationsOf(placed: PlacedOperation, hints: Hints): Arbitrary<FuzzCall> {
  const { parameters = [], requestBody } = placed.operation
  const places = [
    ...parameters.map(({ in: place, name }) => `${place} ${name}`),
    ...(parameters.some(({ in: place }) => place === 'query') ? ['unknown parameter'] : []),
    ...(requestBody === undefined ? [] : ['body', 'body']), // most can go wrong there
  ]
  const right = callOf(placed, hints, undefined)
  return places.length === 0 ? right : oneof(...places.map((place) => callOf(placed, hints, place)))
}

function callOf(
  placed: PlacedOperation,
  hints: Hints,
  violation: string | undefined,
): Arbitrary<FuzzCall> {
  const { parameters = [], requestBody } = placed.operation
  const parameterOf = ({
    in: place,
    name,
    required = false,
    schema,
  }: (typeof parameters)[number]) => {
    if (violation !== `${place} ${name}`) return optionally(validFor(schema, hints), required)
    if (place === 'header') return constantFrom(undefined, '', 'k'.repeat(256), 'a b', 'é')
    if (place === 'path')
      return constantFrom('rq_XYZ', `rq_${'0'.repeat(31)}`, `rq_${'G'.repeat(32)}`, '7')
    return invalidFor(schema, true) ?? validFor(schema, hints)
  }
  const values = tuple(...parameters.map(parameterOf))
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema
  const right = schema === undefined ? constant(undefined) : validFor(schema, hints)
  const body = violation === 'body' && schema !== undefined ? invalidFor(schema) : right
  return record({ values, body: body ?? right }).map(({ values: given, body: sent }) => {
    const of = (place: string) =>
      parameters.flatMap(({ in: where, name }, index): [string, string][] =>
        where === place && given[index] !== undefined ? [[name, String(given[index])]] : [],
      )
    const query = [...of('query'), ...(violation === 'unknown parameter' ? [['admin', '1']] : [])]
      .map((pair) => pair.map((text = '') => encodeURIComponent(text)).join('='))
      .join('&')
    const path = of('path').reduce(
      (whole, [name, value]) => whole.replace(`{${name}}`, value),
      placed.path,
    )
    return {
      ...placed,
      violation,
      target: `${path}${query === '' ? '' : `?${query}`}`,
      headers: Object.fromEntries(of('header')),
      body: sent,
    }
  })
}
