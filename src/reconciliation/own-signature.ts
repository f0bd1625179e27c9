/** What we wrote down of our own signatures: lines of JSON, of three shapes. @module */

import { isObject } from '../signers/aws/thrown-facts.ts'
import { keyIdentity } from './key-arn.ts'
import type { UnreadableRecord } from './trail-event.ts'

/** One signature that we asked for. */
export type OwnSignature = {
  /** Milliseconds since 1970, when it was written down. */
  readonly at: number
  /** Of KMS. Absent when no answer came. */
  readonly requestId?: string
  /** Absent when it is not known. */
  readonly keyArn?: string
  /** Requests for it that were sent and never answered: KMS may have signed for each. */
  readonly unanswered: number
  /** Where it stands, for people. */
  readonly place: string
}

/** What a line turned out to be. */
export type OwnReading =
  | { readonly kind: 'own'; readonly signature: OwnSignature }
  | { readonly kind: 'other' }
  | ({ readonly kind: 'unreadable' } & UnreadableRecord)

/** Characters of one line at most. */
const MAX_LINE = 1_048_576

/**
 * Reads what `onSign` gave, what `onRequest` of a signing service gave, and the audit trail of the admin
 * server, each as one line of JSON. The first two need the time beside them, as `at` or `time`: in
 * milliseconds since 1970, or as ISO 8601.
 *
 * @param lines - With or without their line feeds, for example `readline.createInterface(…)`.
 */
export async function* readOwnSignatures(
  lines: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<OwnReading, void, undefined> {
  let number = 0
  for await (const text of lines) {
    number += 1
    const line = text.trim()
    if (line !== '') yield readOwnLine(line, `line ${number}`)
  }
}

/** @param place - Where the line stands. Never throws. */
export function readOwnLine(line: string, place: string): OwnReading {
  let record: unknown
  try {
    record = line.length > MAX_LINE ? undefined : JSON.parse(line)
  } catch {
    record = undefined // told below
  }
  if (!isObject(record) || Array.isArray(record))
    return { kind: 'unreadable', place, reason: 'it is not one object of JSON' }
  const told = factsOf({ ...record })
  if (told === undefined) return { kind: 'other' }
  const { requestId, key, at } = told
  const unanswered = countOf(told.unanswered)
  if (requestId === undefined && unanswered === 0) return { kind: 'other' }
  const time = timeOf(at)
  if (time === undefined) return { kind: 'unreadable', place, reason: 'a signature without a time' }
  const keyArn = typeof key === 'string' && keyIdentity(key) !== undefined ? key : undefined
  return {
    kind: 'own',
    signature: {
      at: time,
      ...(requestId === undefined ? {} : { requestId }),
      ...(keyArn === undefined ? {} : { keyArn }),
      unanswered,
      place,
    },
  }
}

type Told = {
  readonly requestId: string | undefined
  readonly key: unknown
  readonly unanswered: unknown
  readonly at: unknown
}

function factsOf(record: Readonly<Record<string, unknown>>): Told | undefined {
  const at = record['at'] ?? record['time']
  const { facts } = record
  if (isObject(facts)) {
    const told: Readonly<Record<string, unknown>> = { ...facts }
    const { kmsRequestId, kmsKeyId: key, kmsUnanswered: unanswered, askedAt } = told
    // One that was never sent is written down later than it was asked for.
    return record['kind'] === 'signature'
      ? { requestId: textOf(kmsRequestId), key, unanswered, at: askedAt ?? at }
      : undefined
  }
  const { backendKeyId: key, backendUnanswered, unanswered } = record
  if ('outcome' in record)
    return { requestId: textOf(record['backendRequestId']), key, unanswered: backendUnanswered, at }
  return 'signerId' in record
    ? { requestId: textOf(record['requestId']), key, unanswered, at }
    : undefined
}

function timeOf(value: unknown): number | undefined {
  const at = typeof value === 'string' ? Date.parse(value) : value
  return typeof at === 'number' && Number.isFinite(at) && at > 0 ? at : undefined
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

const countOf = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0
