/** Refuses what JSON.parse lets pass, and bounds what it costs. @module */

import { AdminError } from '../errors.ts'
import { isExact, MAX_NUMBER_LENGTH } from './json-number.ts'

/** Bounds of one body. 1,000 mints with ten traits each are 27,000 entries at depth 5. */
export const jsonBounds = { depth: 32, entries: 50_000, membersPerObject: 500 } as const

/** Object keys that reach a prototype in code that merges objects carelessly. */
const poison: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
/** What ends a number: white space and the characters that mean something. */
const tokenEnds: ReadonlySet<number> = new Set(
  [...' \t\n\r,]}:[{"'].map((one) => one.charCodeAt(0)),
)

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39
const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b
const CLOSE_OBJECT = 0x7d
const CLOSE_ARRAY = 0x5d

/**
 * Walks a text once, before it is parsed. Right about each text that is JSON; a text that is not
 * may pass, since JSON.parse refuses it next. Total: no text makes it loop or recurse. It looks at each
 * character a fixed number of times, since anybody may send what is scanned here.
 *
 * @param text - Free of lone surrogates, as a decoded UTF-8 text is.
 * @throws {AdminError} `MALFORMED_BODY` with a reason and the offset in characters:
 *   `TOO_DEEP`, `TOO_MANY_ENTRIES`, `DUPLICATE_KEY`, `FORBIDDEN_KEY`, `FORBIDDEN_CHARACTER`,
 *   `NUMBER_NOT_EXACT`, `NOT_JSON`.
 */
export function scanJson(text: string): void {
  /** One per open bracket: the keys so far of an object, `null` for an array. */
  const open: (Set<string> | null)[] = []
  let entries = 0
  let at = 0
  /** Whether the next string is a key: right after `{`, or after `,` in an object. */
  let keyNext = false
  const count = (): void => {
    entries += 1
    if (entries > jsonBounds.entries) refuse('TOO_MANY_ENTRIES', at)
  }
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const { end, escapes } = endOfString(text, at)
      const keys = keyNext ? open.at(-1) : undefined
      if (escapes || keys instanceof Set) {
        const value = decode(text, at, end, escapes)
        if (keys instanceof Set) {
          if (poison.has(value)) refuse('FORBIDDEN_KEY', at)
          if (keys.has(value)) refuse('DUPLICATE_KEY', at)
          keys.add(value)
          if (keys.size > jsonBounds.membersPerObject) refuse('TOO_MANY_ENTRIES', at)
        }
      }
      keyNext = false
      at = end
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      open.push(code === OPEN_OBJECT ? new Set() : null)
      if (open.length > jsonBounds.depth) refuse('TOO_DEEP', at)
      keyNext = code === OPEN_OBJECT
      count()
      at += 1
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      open.pop()
      keyNext = false
      at += 1
    } else if (code === COMMA) {
      keyNext = open.at(-1) instanceof Set
      count()
      at += 1
    } else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      let end = at + 1
      // One character more than a number may have: the rest is not looked at.
      const last = Math.min(text.length, at + MAX_NUMBER_LENGTH + 1)
      while (end < last && !tokenEnds.has(text.charCodeAt(end))) end += 1
      if (!isExact(text.slice(at, end))) refuse('NUMBER_NOT_EXACT', at)
      at = end
    } else at += 1
  }
}

/** After the closing quote. A quote after an odd number of backslashes does not close. */
function endOfString(
  text: string,
  start: number,
): { readonly end: number; readonly escapes: boolean } {
  let escapes = false
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return { end: at + 1, escapes }
    if (code !== BACKSLASH) continue
    escapes = true
    at += 1
  }
  return refuse('NOT_JSON', start)
}

/** Only escapes can bring in what UTF-8 cannot: half a surrogate pair, or NUL, which SQL refuses. */
function decode(text: string, start: number, end: number, escapes: boolean): string {
  const raw = text.slice(start + 1, end - 1)
  if (!escapes) return raw
  let value: unknown
  try {
    value = JSON.parse(`"${raw}"`)
  } catch {
    return refuse('NOT_JSON', start)
  }
  if (typeof value !== 'string') return refuse('NOT_JSON', start)
  if (value.includes('\0') || /\p{Surrogate}/u.test(value)) refuse('FORBIDDEN_CHARACTER', start)
  return value
}

function refuse(reason: string, offset: number): never {
  throw new AdminError('MALFORMED_BODY', { reason, offset })
}
