/** JSON that everybody reads alike: no key twice, no deep nesting. @module */

/** Types have 16 levels at most, and a level of a dictionary takes three of JSON. */
const MAX_DEPTH = 64

/**
 * `JSON.parse` lets the last of two equal keys win, and another reader may take the first.
 *
 * @param text - Of any length; the caller bounds it.
 * @returns The value and no reason, or the reason why there is none.
 */
export function parseStrictJson(
  text: string,
): { readonly value: unknown; readonly reason?: never } | { readonly reason: string } {
  const keys = countKeys(text)
  if (typeof keys === 'string') return { reason: keys }
  try {
    const value: unknown = JSON.parse(text)
    // Of two equal keys one is left.
    return keysIn(value) === keys ? { value } : { reason: 'it has a key twice' }
  } catch (error) {
    if (error instanceof SyntaxError) return { reason: 'it is not JSON' }
    throw error
  }
}

/** Looks at brackets and strings alone, on any text. @returns How many keys it has, or a fault. */
function countKeys(text: string): number | string {
  let keys = 0
  let depth = 0
  for (let place = 0; place < text.length; place += 1) {
    const code = text.charCodeAt(place)
    if (code === OBJECT || code === ARRAY) depth += 1
    else if (code === OBJECT_END || code === ARRAY_END) depth -= 1
    if (depth > MAX_DEPTH) return `it has more than ${MAX_DEPTH} levels`
    if (code !== QUOTE) continue
    place = lastOfString(text, place)
    // In JSON a colon follows a string when the string is a key, and only then.
    if (text.charCodeAt(endOfSpace(text, place + 1)) === COLON) keys += 1
  }
  return keys
}

const [OBJECT, OBJECT_END, ARRAY, ARRAY_END, QUOTE, COLON, BACKSLASH] = [
  0x7b, 0x7d, 0x5b, 0x5d, 0x22, 0x3a, 0x5c,
]

/** @returns The place of the quotation mark that ends the string. */
function lastOfString(text: string, start: number): number {
  for (let place = start + 1; ; place += 1) {
    place = text.indexOf('"', place)
    if (place < 0) return text.length
    let backslashes = 0
    while (text.charCodeAt(place - 1 - backslashes) === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return place
  }
}

function endOfSpace(text: string, start: number): number {
  let place = start
  while (place < text.length && ' \t\r\n'.includes(text.charAt(place))) place += 1
  return place
}

/** @returns Keys of all objects in it, which is at most `MAX_DEPTH` deep. */
function keysIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let keys = 0
  if (Array.isArray(value)) for (const item of value) keys += keysIn(item)
  // Of what JSON.parse made, all keys are its own; asking each whether it is takes five times as long.
  else for (const key in value) keys += 1 + keysIn((value as Record<string, unknown>)[key])
  return keys
}
