/** What an approver is told of a text that may look like another one. @module */

import { nameOf, quoted, unseenIn } from './shown-text.ts'

/** Those that most letters are of. */
const known = [
  ...['Latin', 'Cyrillic', 'Greek', 'Armenian', 'Georgian', 'Hebrew', 'Arabic', 'Cherokee'],
  ...['Devanagari', 'Bengali', 'Tamil', 'Telugu', 'Thai', 'Lao', 'Khmer', 'Ethiopic', 'Coptic'],
  ...['Han', 'Hiragana', 'Katakana', 'Bopomofo', 'Hangul', 'Lisu', 'Deseret', 'Gothic'],
]
const all = ['Common', 'Inherited', ...known].map((name) => `\\p{Script=${name}}`).join('')
const scripts = [
  ...known.map((name) => ({ name, pattern: new RegExp(`\\p{Script=${name}}`, 'u') })),
  { name: 'other', pattern: new RegExp(`[^${all}]`, 'u') },
]

/** Japanese, Korean and Chinese are written so. @see UTS 39, 5.2, "highly restrictive". */
const writtenTogether = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Hangul'],
  ['Latin', 'Han', 'Bopomofo'],
]

/** Letters that can hardly be told from Latin ones. @see UTS 39, confusables.txt. */
const likeLatin: Readonly<Record<string, RegExp>> = {
  Cyrillic: /^[АВЕЅІЈКМНОРСТУХҮԌԚԜѴаеѕіјорсухүһԁԛԝѵӏ]+$/u,
  Greek: /^[ΑΒΕΖΗΙΚΜΝΟΡΤΥΧανιορυχκ]+$/u,
  Armenian: /^[օսոցհԼՍՕ]+$/u,
  Cherokee: /^[ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏢᏒᏚᎢᏙᏔᏃ]+$/u,
}

const LISTED = 12

/**
 * Right-to-left and bilingual texts are common, and so are emoji: a warning that comes with every
 * third text is not read. So scripts are compared word by word.
 *
 * @param what - What the text is: `the name`.
 * @returns A sentence for each thing to look at twice; none for a plain text.
 */
export function warningsOf(what: string, text: string): readonly string[] {
  const warnings: string[] = []
  const unseen = unseenIn(text)
  if (unseen.length > 0) warnings.push(`${what} holds ${listOf(unseen.map(nameOf))}`)
  const words = [...new Set(text.match(/[\p{L}\p{M}\p{N}]+/gu))]
    .filter((word) => !/^\w+$/.test(word))
    .map((word) => ({ word, of: scriptsOf(word) }))
  const mixed = words.filter(
    ({ of }) => of.length > 1 && !writtenTogether.some((set) => of.every((s) => set.includes(s))),
  )
  if (mixed.length > 0) {
    const named = mixed.map(({ word, of }) => `${quoted(word)} (${of.join(' and ')})`)
    warnings.push(`${what} mixes letters of several scripts in one word: ${listOf(named)}`)
  }
  for (const [script, pattern] of Object.entries(likeLatin)) {
    const written = words.filter(({ of }) => of.join() === script).map(({ word }) => word)
    const alike = written.every((word) => pattern.test(word.replace(/[\p{M}\p{N}]/gu, '')))
    if (written.length > 0 && alike)
      warnings.push(
        `${what} has ${script} letters that look like Latin ones: ${listOf(written.map(quoted))}`,
      )
  }
  const styled = [...new Set(text)].filter(isStyledAscii)
  if (styled.length > 0) {
    const named = styled.map((one) => `${nameOf(one)} like ${quoted(one.normalize('NFKC'))}`)
    warnings.push(`${what} holds characters that look like others: ${listOf(named)}`)
  }
  if (text !== text.trim()) warnings.push(`${what} begins or ends with a space`)
  return warnings
}

/** Mathematical, full-width and like letters and digits; not `º`, `²` or `①`. */
const isStyledAscii = (one: string): boolean =>
  one > '\u007F' && /^[\p{Lu}\p{Ll}\p{Nd}]$/u.test(one) && /^\w$/.test(one.normalize('NFKC'))

const scriptsOf = (word: string): readonly string[] =>
  scripts.filter(({ pattern }) => pattern.test(word)).map(({ name }) => name)

const listOf = (parts: readonly string[]): string => {
  const each = [...new Set(parts)]
  const more = each.length > LISTED ? `, and ${each.length - LISTED} more` : ''
  return `${each.slice(0, LISTED).join(', ')}${more}`
}
