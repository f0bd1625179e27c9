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
  try {
    const reason = faultOf(text)
    return reason === undefined ? { value: JSON.parse(text) } : { reason }
  } catch (error) {
    if (error instanceof SyntaxError) return { reason: 'it is not JSON' }
    throw error
  }
}

/** Looks at brackets and strings alone, on any text; throws where a key is no JSON string. */
function faultOf(text: string): string | undefined {
  const open: Set<string>[] = [] // of an array it stays empty
  for (let place = 0; place < text.length; place += 1) {
    const character = text.charAt(place)
    if (character === '{' || character === '[') open.push(new Set())
    else if (character === '}' || character === ']') open.pop()
    if (open.length > MAX_DEPTH) return `it has more than ${MAX_DEPTH} levels`
    if (character !== '"') continue
    const end = endOfString(text, place)
    // In JSON a colon follows a string when the string is a key, and only then.
    if (text.charAt(endOfSpace(text, end)) === ':') {
      const key = String(JSON.parse(text.slice(place, end)))
      const keys = open.at(-1)
      if (keys?.has(key)) return 'it has a key twice'
      keys?.add(key)
    }
    place = end - 1
  }
  return undefined
}

/** @returns The place after the quotation mark that ends the string. */
function endOfString(text: string, start: number): number {
  let place = start + 1
  while (place < text.length && text.charAt(place) !== '"')
    place += text.charAt(place) === '\\' ? 2 : 1
  return place + 1
}

function endOfSpace(text: string, start: number): number {
  let place = start
  while (place < text.length && ' \t\r\n'.includes(text.charAt(place))) place += 1
  return place
}
