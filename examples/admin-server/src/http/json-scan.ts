/** Refuses what JSON.parse lets pass, and bounds what it costs. @module */

import { AdminError } from '../errors.ts'

/** Bounds of one body. 1,000 mints with ten traits each are 27,000 entries at depth 5. */
export const jsonBounds = { depth: 32, entries: 50_000, membersPerObject: 500 } as const

/** Object keys that reach a prototype in code that merges objects carelessly. */
const POISON = /^(?:__proto__|constructor|prototype)$/
const TOKEN_END = /[\s,\]}:[{"]/g
/** No exact number needs more, and the patterns below would take long over millions of zeros. */
const NUMBER_LENGTH = 32
const NUMBER = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/**
 * Walks a text once, before it is parsed. Right about each text that is JSON; a text that is not
 * may pass, since JSON.parse refuses it next. Total: no text makes it loop or recurse.
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
    const character = text[at]
    if (character === '"') {
      const end = endOfString(text, at)
      const value = decode(text, at, end)
      const keys = open.at(-1)
      if (keyNext && keys instanceof Set) {
        if (POISON.test(value)) refuse('FORBIDDEN_KEY', at)
        if (keys.has(value)) refuse('DUPLICATE_KEY', at)
        keys.add(value)
        if (keys.size > jsonBounds.membersPerObject) refuse('TOO_MANY_ENTRIES', at)
      }
      keyNext = false
      at = end
    } else if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : null)
      if (open.length > jsonBounds.depth) refuse('TOO_DEEP', at)
      keyNext = character === '{'
      count()
      at += 1
    } else if (character === '}' || character === ']') {
      open.pop()
      keyNext = false
      at += 1
    } else if (character === ',') {
      keyNext = open.at(-1) instanceof Set
      count()
      at += 1
    } else if (character === '-' || (character !== undefined && /[0-9]/.test(character))) {
      TOKEN_END.lastIndex = at
      const end = TOKEN_END.exec(text)?.index ?? text.length
      if (!isExact(text.slice(at, end))) refuse('NUMBER_NOT_EXACT', at)
      at = end
    } else at += 1
  }
}

/** After the closing quote. A quote after an odd number of backslashes does not close. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return at + 1
    if (code === 0x5c) at += 1
  }
  return refuse('NOT_JSON', start)
}

/** Only escapes can bring in what UTF-8 cannot: half a surrogate pair, or NUL, which SQL refuses. */
function decode(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1)
  if (!raw.includes('\\')) return raw
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

/**
 * Whether the number that is read is the one that was written, up to 2^53 - 1: another reader of
 * the same text, such as an approver's tool, must not see another amount.
 */
function isExact(token: string): boolean {
  if (token.length > NUMBER_LENGTH || !NUMBER.test(token)) return false
  const value = Number(token)
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return false
  if (Object.is(value, -0)) return false
  return canonical(token) === canonical(String(value))
}

/** Significant digits and exponent of a decimal number: `1.50e1` and `15` are both `15e0`. */
function canonical(token: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = NUMBER.exec(token) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  const scale = Number(exponent) - fraction.length + digits.length - significant.length
  return `${token.startsWith('-') ? '-' : ''}${significant}e${scale}`
}

function refuse(reason: string, offset: number): never {
  throw new AdminError('MALFORMED_BODY', { reason, offset })
}
