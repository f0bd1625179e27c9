/** The arguments of a batch transaction, told apart by item again. @module */

import type { JsonCadence } from 'fcl-kms/relay'
import { readArray, unreadable } from './cadence-values.ts'
import type { FunctionTemplate } from './template.ts'

/**
 * The inverse of what the relay does when it packs items into one transaction.
 *
 * @param values - The decoded arguments: each an array with one element for each item.
 * @returns The arguments of each item, in the order of the items; at least one item.
 * @throws {AdminError} `POLICY_REFUSED` for other shapes, no item, or arrays that differ in length.
 */
export function splitBatchArguments(
  values: readonly JsonCadence[],
): readonly (readonly JsonCadence[])[] {
  const [first = [], ...others] = values.map(readArray)
  if (first.length === 0) throw unreadable('the batch is empty')
  if (others.some(({ length }) => length !== first.length))
    throw unreadable('the arrays of the batch differ in length')
  // Each array has an element at each index: their lengths are equal.
  return first.map((value, index) => [
    value,
    ...others.flatMap((array) => array.slice(index, index + 1)),
  ])
}

/**
 * @param values - The decoded arguments of one transaction of this function.
 * @returns The arguments of each item that it holds.
 * @throws {AdminError} As `splitBatchArguments`.
 */
export const argumentsByItem = (
  { submission }: FunctionTemplate,
  values: readonly JsonCadence[],
): readonly (readonly JsonCadence[])[] =>
  submission.kind === 'batch' ? splitBatchArguments(values) : [values]
