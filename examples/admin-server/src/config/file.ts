/** Reads the configuration file: one JSON value, with every name once. @module */

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { type Mistake, mistake, type Place, pathOf } from './problems.ts'

const MAX_BYTES = 1_048_576
/** Brackets inside brackets; deeper ones would exhaust the stack of those who walk it. */
const MAX_DEPTH = 32
/** Names that the validator leaves out when it copies a value: it would not miss them. */
const LOST: readonly string[] = ['__proto__', 'constructor', 'prototype']
const FILE = '(file)'
const OTHERS_MAY_WRITE = 0o002

/** What was read; `value` is undefined when it could not be. */
export type ReadFile = { readonly value?: unknown; readonly mistakes: readonly Mistake[] }

/** @param path - As the operating system knows it. Never throws. */
export function readConfigFile(path: string): ReadFile {
  const opened = readBounded(path, MAX_BYTES)
  if (opened === 'unreadable') return { mistakes: [mistake('FILE_UNREADABLE', FILE)] }
  if (opened === 'too-large') return { mistakes: [mistake('FILE_TOO_LARGE', FILE)] }
  const rights = opened.writableByAll ? [mistake('FILE_WRITABLE_BY_ALL', FILE)] : []
  const parsed = parseConfigText(opened.text)
  return { ...parsed, mistakes: [...rights, ...parsed.mistakes] }
}

/** One regular file as text. Its rights are those of what was read, not of what the path names later. */
export function readBounded(
  path: string,
  maxBytes: number,
): { readonly text: string; readonly writableByAll: boolean } | 'unreadable' | 'too-large' {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const facts = fstatSync(file)
    if (!facts.isFile()) return 'unreadable'
    if (facts.size > maxBytes) return 'too-large'
    const writableByAll = (facts.mode & OTHERS_MAY_WRITE) !== 0
    return { text: readFileSync(file, 'utf8'), writableByAll }
  } catch {
    return 'unreadable'
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** @param text - JSON. Nothing of it is shown but the line and the column of a mistake. */
export function parseConfigText(text: string): ReadFile {
  try {
    const value: unknown = JSON.parse(text)
    const { depth, mistakes } = scan(text)
    return depth > MAX_DEPTH ? { mistakes: [mistake('FILE_TOO_DEEP', FILE)] } : { value, mistakes }
  } catch (thrown) {
    // The message quotes the text, in which a secret may stand: only the position is taken from it.
    const position = thrown instanceof Error ? / at position (\d+)/.exec(thrown.message)?.[1] : ''
    if (!position) return { mistakes: [mistake('FILE_NOT_JSON', FILE)] }
    const lines = text.slice(0, Number(position)).split('\n')
    const problem = `The file is not JSON from line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}.`
    return { mistakes: [mistake('FILE_NOT_JSON', FILE, { problem })] }
  }
}

/**
 * `JSON.parse` takes the last of two values of one name, so that whoever reads the first is misled.
 *
 * @param text - Valid JSON.
 */
function scan(text: string): { readonly depth: number; readonly mistakes: readonly Mistake[] } {
  const mistakes: Mistake[] = []
  let depth = 0
  const open: { readonly names: Set<string> | undefined; step: string | number }[] = []
  let previous = ''
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    const inner = open.at(-1)
    if (token === '{') open.push({ names: new Set(), step: '' })
    else if (token === '[') open.push({ names: undefined, step: 0 })
    else if (token === '}' || token === ']') open.pop()
    else if (token === ',' && typeof inner?.step === 'number') inner.step++
    else if (token === ':' && inner?.names !== undefined) {
      const name: string = JSON.parse(previous) // the text before a colon is a name
      inner.step = name
      const place: Place = open.map(({ step }) => step)
      if (inner.names.has(name)) mistakes.push(mistake('FIELD_TWICE', pathOf(place)))
      else if (LOST.includes(name)) mistakes.push(mistake('UNKNOWN_FIELD', pathOf(place)))
      inner.names.add(name)
    }
    depth = Math.max(depth, open.length)
    previous = token
  }
  return { depth, mistakes }
}
