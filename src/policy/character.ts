/** What Cadence takes for one character: a grapheme cluster by Unicode 15.0. @module */

import { graphemeRanges } from './grapheme-ranges.ts'

/** The classes of Unicode's rules on grapheme clusters. */
type Class =
  | keyof typeof graphemeRanges
  | 'cr'
  | 'lf'
  | 'joiner'
  | 'flag'
  | 'leading'
  | 'vowel'
  | 'trailing'
  | 'syllable'
  | 'closedSyllable'
  | 'other'

type Range = { readonly first: number; readonly last: number; readonly name: Class }

/** Few enough to be written down. Syllables of Hangul are told by arithmetic. */
const few: readonly Range[] = [
  { first: 0x0a, last: 0x0a, name: 'lf' },
  { first: 0x0d, last: 0x0d, name: 'cr' },
  { first: 0x1100, last: 0x115f, name: 'leading' },
  { first: 0x1160, last: 0x11a7, name: 'vowel' },
  { first: 0x11a8, last: 0x11ff, name: 'trailing' },
  { first: 0x200d, last: 0x200d, name: 'joiner' },
  { first: 0xa960, last: 0xa97c, name: 'leading' },
  { first: 0xd7b0, last: 0xd7c6, name: 'vowel' },
  { first: 0xd7cb, last: 0xd7fb, name: 'trailing' },
  { first: 0x1f1e6, last: 0x1f1ff, name: 'flag' },
]

const ranges: readonly Range[] = [
  ...few,
  ...Object.entries(graphemeRanges).flatMap(([name, text]) => readRanges(name as Class, text)),
].sort((a, b) => a.first - b.first)

/**
 * @param text - Well-formed UTF-16.
 * @returns Whether it is exactly one grapheme cluster.
 * @see Cadence `sema/character.go`; https://www.unicode.org/reports/tr29/tr29-41.html#Grapheme_Cluster_Boundary_Rules
 */
export function isOneGrapheme(text: string): boolean {
  const classes = Array.from(text, (character) => classOf(character.codePointAt(0) ?? 0))
  return classes.length > 0 && classes.every((_, index) => index === 0 || joins(classes, index))
}

/** Whether no boundary is before this place. The numbers are those of the rules. */
function joins(classes: readonly Class[], index: number): boolean {
  const [before, here] = [classes[index - 1], classes[index]]
  if (before === 'cr' && here === 'lf') return true // 3
  if (isBreak(before) || isBreak(here)) return false // 4, 5
  if (before === 'leading' && /^(leading|vowel|syllable|closedSyllable)$/.test(here ?? ''))
    return true // 6
  if ((before === 'syllable' || before === 'vowel') && (here === 'vowel' || here === 'trailing'))
    return true // 7
  if ((before === 'closedSyllable' || before === 'trailing') && here === 'trailing') return true // 8
  if (here === 'extend' || here === 'joiner' || here === 'spacingMark') return true // 9, 9a
  if (before === 'prepend') return true // 9b
  if (before === 'joiner' && here === 'pictographic') return isAfterPictographic(classes, index - 2) // 11
  return before === 'flag' && here === 'flag' && isOddFlag(classes, index - 1) // 12, 13
}

const isBreak = (name: Class | undefined) => name === 'cr' || name === 'lf' || name === 'control'

function isAfterPictographic(classes: readonly Class[], from: number): boolean {
  let at = from
  while (classes[at] === 'extend') at -= 1
  return classes[at] === 'pictographic'
}

/** Whether an odd number of flags' letters ends here: the next one makes a pair. */
function isOddFlag(classes: readonly Class[], from: number): boolean {
  let at = from
  while (classes[at] === 'flag') at -= 1
  return (from - at) % 2 === 1
}

function classOf(codePoint: number): Class {
  if (codePoint >= 0xac00 && codePoint <= 0xd7a3)
    return (codePoint - 0xac00) % 28 === 0 ? 'syllable' : 'closedSyllable'
  let [low, high] = [0, ranges.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const range = ranges[middle]
    if (range === undefined) break
    if (codePoint < range.first) high = middle - 1
    else if (codePoint > range.last) low = middle + 1
    else return range.name
  }
  return 'other'
}

function readRanges(name: Class, text: string): readonly Range[] {
  let last = 0
  return text.split(' ').map((range) => {
    const [gap = '', more = '0'] = range.split('.')
    const first = last + Number.parseInt(gap, 36)
    last = first + Number.parseInt(more, 36)
    return { first, last, name }
  })
}
