/** How many records of sealed keys are under which KMS key. @module */

import type { SealedKeys } from '../../../signers/sealed-key/sealed-keys.ts'

/** What a list of records says. */
export type RecordCount = {
  /** By the ARN of the KMS key that they are under. */
  readonly under: Readonly<Record<string, number>>
  /** Ids of records that are none: nobody knows what they are under. */
  readonly invalid: readonly string[]
}

/** @throws {SignerError} The codes of stores. */
export async function countRecords(
  keys: SealedKeys,
  signal: AbortSignal | undefined,
): Promise<RecordCount> {
  const under = new Map<string, number>()
  const invalid: string[] = []
  for await (const one of keys.list(signal === undefined ? {} : { signal })) {
    if ('invalid' in one) invalid.push(one.id)
    else under.set(one.keyArn, (under.get(one.keyArn) ?? 0) + 1)
  }
  const sorted = [...under].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.freeze({
    under: Object.freeze(Object.fromEntries(sorted)),
    invalid: Object.freeze(invalid),
  })
}

/** @returns Why a KMS key is still needed by records, with what to do. */
export function recordThatNeeds(keyArn: string, count: RecordCount): string | undefined {
  const left = count.under[keyArn] ?? 0
  if (left > 0)
    return `${left} records are under it: wrap them anew, and give each process that makes wallets the new key as keyId`
  if (count.invalid.length === 0) return undefined
  return `${count.invalid.length} records cannot be read, and may be under it: bring them back or forget them: ${shownIds(count.invalid)}`
}

/** A few of them. */
export const shownIds = (ids: readonly string[]): string =>
  ids.length <= 10 ? ids.join(', ') : `${ids.slice(0, 10).join(', ')} and ${ids.length - 10} more`
