/** What is left of a configuration once the values with mistakes are taken out of it. @module */

import type { Place } from './problems.ts'

/** `T` with anything missing: a check says what it can of the rest. */
export type Partly<T> = T extends readonly (infer Item)[]
  ? readonly (Partly<Item> | undefined)[]
  : T extends object
    ? { readonly [Name in keyof T]?: Partly<T[Name]> | undefined }
    : T

/** Whether it has fields. */
export const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Puts undefined in the place of values, in a value that belongs to the caller. What was given stays told. */
export function prune(value: unknown, places: readonly Place[]): void {
  for (const place of places) {
    const last = place.at(-1)
    let holder: unknown = value
    for (const step of place.slice(0, -1)) holder = childOf(holder, step)
    if (last === undefined) continue
    if (Array.isArray(holder)) holder[Number(last)] = undefined
    else if (isFields(holder) && Object.hasOwn(holder, last)) holder[last] = undefined
  }
}

/** Calls for every text and every name of a field, depth first. */
export function visitTexts(
  value: unknown,
  visit: (text: string, place: Place) => void,
  place: Place = [],
): void {
  if (typeof value === 'string') visit(value, place)
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) visitTexts(item, visit, [...place, index])
  else if (isFields(value))
    for (const [name, item] of Object.entries(value)) {
      visit(name, [...place, name])
      visitTexts(item, visit, [...place, name])
    }
}

/** @returns What stands there; undefined where nothing does. */
export function childOf(holder: unknown, step: string | number): unknown {
  if (Array.isArray(holder)) return holder[Number(step)]
  return isFields(holder) && Object.hasOwn(holder, step) ? holder[step] : undefined
}
