/** The text of a record that is hashed: written from an entry, and read again. @module */

import { AdminError } from '../errors.ts'
import type { AuditEntry, AuditKind } from './audit.ts'
import { canonicalJson } from './canonical.ts'
import { MAX_BODY_BYTES } from './tables.ts'

/** What a body says: a record without its hashes. */
export type AuditBody = AuditEntry & { readonly sequence: number; readonly at: number }

/** An entry that was checked, its text written but for what only the locked head tells. */
export type PreparedEntry = {
  readonly kind: AuditKind
  readonly actor: string
  /** Each once. */
  readonly requestIds: readonly string[]
  /** @param clock - What the clock says, where that is before `at`; it becomes a fact. */
  readonly bodyAt: (sequence: number, at: number, clock?: number) => string
}

/** Columns that are indexed: no NUL, which PostgreSQL refuses, and nothing that bloats an index. */
const namePattern = /^[\x20-\x7e]{1,200}$/
/** Three safe integers, the name of one, and the commas and braces around them. */
const NUMBERS_BYTES = 96

/**
 * Does what can be done before the chain is locked.
 *
 * @throws {AdminError} `INTERNAL` for what is not JSON, too long, or not a name. It means a mistake in
 *   the server: whoever records a caller's text bounds it first.
 */
export function prepareEntry(entry: AuditEntry): PreparedEntry {
  const { kind, actor } = entry
  const requestIds = [...new Set(entry.requestIds)]
  for (const name of [kind, actor, ...requestIds])
    if (!namePattern.test(name))
      throw new AdminError('INTERNAL', { part: 'audit', reason: 'not a name' })
  // In the order of canonical text: actor, at, facts, kind, requestIds, sequence.
  const start = `{"actor":${canonicalJson(actor)},"at":`
  const facts = canonicalJson(entry.facts)
  const ids = canonicalJson(requestIds)
  const middle = `,"kind":${canonicalJson(kind)},"requestIds":${ids},"sequence":`
  const byteLength = Buffer.byteLength(start + facts + middle) + NUMBERS_BYTES
  if (byteLength > MAX_BODY_BYTES)
    throw new AdminError('INTERNAL', { part: 'audit', reason: 'too long', byteLength })
  const bodyAt = (sequence: number, at: number, clock?: number) => {
    const told = clock === undefined ? facts : canonicalJson({ ...entry.facts, clock })
    return `${start}${at},"facts":${told}${middle}${sequence}}`
  }
  return { kind, actor, requestIds, bodyAt }
}

/** @returns What the text says; `undefined` unless it is the canonical text of a body. Never throws. */
export function readBody(text: string): AuditBody | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isBody(value) && canonicalJson(value) === text ? value : undefined
  } catch {
    return undefined // not JSON, or not what canonical text holds
  }
}

const members = 'actor,at,facts,kind,requestIds,sequence'

/** A kind that a later version made is a kind: a chain outlives the version that reads it. */
export function isBody(value: unknown): value is AuditBody {
  if (!isObject(value) || Object.keys(value).sort().join() !== members) return false
  const { actor, at, facts, kind, requestIds, sequence } = value
  return (
    typeof actor === 'string' &&
    typeof kind === 'string' &&
    Number.isSafeInteger(at) &&
    Number.isSafeInteger(sequence) &&
    isObject(facts) &&
    Array.isArray(requestIds) &&
    requestIds.every((id) => typeof id === 'string')
  )
}

/** An object that is no array. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
