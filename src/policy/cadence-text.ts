/** Cadence without what the compiler does not read as code. @module */

let last = { source: '', masked: '' }

/** @returns A text of the same length: comments and the insides of texts are spaces in it. */
export function maskTexts(source: string): string {
  // A request is looked at twice, and those of a batch have one template.
  if (last.source !== source) last = { source, masked: mask(source) }
  return last.masked
}

function mask(source: string): string {
  const parts: string[] = []
  /** Of each interpolation `\\(…)` that is open: how many parentheses are open in it. */
  const nested: number[] = []
  let inText = false
  for (let at = 0; at < source.length; ) {
    const token = inText ? textAt(source, at) : codeAt(source, at)
    at += token.length
    const isCode = !inText && nested.length === 0 && !/^\/[/*]/.test(token)
    const stays = isCode || token === '\n' || (token === '"' && nested.length === 0)
    parts.push(stays ? token : ' '.repeat(token.length))
    const open = nested.at(-1)
    if (inText) {
      if (token === '\\(') nested.push(0)
      if (/^(\\\(|"|\n)$/.test(token)) inText = false // a text ends with its line at the latest
    } else if (token === '"') inText = true
    else if (open !== undefined && token === '(') nested[nested.length - 1] = open + 1
    else if (open !== undefined && token === ')') {
      if (open > 0) nested[nested.length - 1] = open - 1
      else {
        nested.pop()
        inText = true
      }
    }
  }
  return parts.join('')
}

const inTextPattern = /\\[\s\S]|[^"\\\n]+|[\s\S]/y
const inCodePattern = /\/\/[^\n]*|\/\*|["()/]|[^"()/]+/y

/** An escape, what needs none, or the end. */
function textAt(source: string, at: number): string {
  inTextPattern.lastIndex = at
  return inTextPattern.exec(source)?.[0] ?? ''
}

/** A comment, a mark that is looked at, or all up to the next of these. */
function codeAt(source: string, at: number): string {
  inCodePattern.lastIndex = at
  const [token = ''] = inCodePattern.exec(source) ?? []
  return token === '/*' ? source.slice(at, endOfComment(source, at)) : token
}

/** Comments of this kind hold others. */
function endOfComment(source: string, at: number): number {
  const marks = /\/\*|\*\//g
  marks.lastIndex = at
  for (let depth = 0; ; ) {
    const mark = marks.exec(source)
    if (mark === null) return source.length
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
}
