/** Texts of strangers, shown so that nothing in them stays unseen. @module */

/** An emoji of several code points: they are seen together, as one picture. */
const PICTURE = String.raw`\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?`
const EMOJI = String.raw`${PICTURE}(?:\u200D${PICTURE})*|[0-9#*]\uFE0F?\u20E3`
/** What has no look, or none that is agreed on. U+2800 is a Braille cell without dots. */
const UNSEEN = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800`
/** Spaces that look like the one of ASCII; U+3000 is twice as wide. */
const SPACES = String.raw`\u00A0\u1680\u2000-\u200A\u202F\u205F`

const shownOtherwise = new RegExp(String.raw`(${EMOJI})|[\\${UNSEEN}${SPACES}]`, 'gu')
const unseen = new RegExp(`(${EMOJI})|([${UNSEEN}])`, 'gu')

const escapes: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

/**
 * @returns The whole text, with what cannot be seen as `\n`, `\t` or `\u{202E}`, and a backslash
 * twice: two texts that differ are shown differently.
 */
export const shown = (text: string): string =>
  text.replace(
    shownOtherwise,
    (found: string, emoji?: string) =>
      emoji ?? escapes.get(found) ?? `\\u{${hexOf(found).padStart(2, '0')}}`,
  )

/** @returns In double quotes, to stand within a sentence; those inside get a backslash. */
export const quoted = (text: string): string => `"${shown(text).replaceAll('"', '\\"')}"`

/** @returns The code points that cannot be seen, line breaks and tabs excepted, each once. */
export function unseenIn(text: string): readonly string[] {
  const found = [...text.matchAll(unseen)].flatMap(([, , one]) => (one === undefined ? [] : [one]))
  return [...new Set(found)].filter((one) => one !== '\n' && one !== '\t')
}

/** @returns For example `U+202E RIGHT-TO-LEFT OVERRIDE`. */
export function nameOf(codePoint: string): string {
  const hex = hexOf(codePoint).padStart(4, '0')
  const name = names[hex] ?? kinds.find(([pattern]) => pattern.test(codePoint))?.[1]
  return name === undefined ? `U+${hex}` : `U+${hex} ${name}`
}

const hexOf = (codePoint: string): string =>
  (codePoint.codePointAt(0) ?? 0).toString(16).toUpperCase()

/** Those that are used to deceive. @see Unicode Technical Report 36, section 3.  */
const names: Readonly<Record<string, string>> = {
  '00AD': 'SOFT HYPHEN',
  '034F': 'COMBINING GRAPHEME JOINER',
  '061C': 'ARABIC LETTER MARK',
  '115F': 'HANGUL CHOSEONG FILLER',
  '1160': 'HANGUL JUNGSEONG FILLER',
  '180E': 'MONGOLIAN VOWEL SEPARATOR',
  '200B': 'ZERO WIDTH SPACE',
  '200C': 'ZERO WIDTH NON-JOINER',
  '200D': 'ZERO WIDTH JOINER',
  '200E': 'LEFT-TO-RIGHT MARK',
  '200F': 'RIGHT-TO-LEFT MARK',
  '2028': 'LINE SEPARATOR',
  '2029': 'PARAGRAPH SEPARATOR',
  '202A': 'LEFT-TO-RIGHT EMBEDDING',
  '202B': 'RIGHT-TO-LEFT EMBEDDING',
  '202C': 'POP DIRECTIONAL FORMATTING',
  '202D': 'LEFT-TO-RIGHT OVERRIDE',
  '202E': 'RIGHT-TO-LEFT OVERRIDE',
  '2060': 'WORD JOINER',
  '2066': 'LEFT-TO-RIGHT ISOLATE',
  '2067': 'RIGHT-TO-LEFT ISOLATE',
  '2068': 'FIRST STRONG ISOLATE',
  '2069': 'POP DIRECTIONAL ISOLATE',
  '2800': 'BRAILLE PATTERN BLANK',
  '3164': 'HANGUL FILLER',
  FEFF: 'ZERO WIDTH NO-BREAK SPACE',
  FFA0: 'HALFWIDTH HANGUL FILLER',
}

const kinds: readonly (readonly [RegExp, string])[] = [
  [/^\p{Cc}$/u, '(a control character)'],
  [/^[\u{E0000}-\u{E007F}]$/u, '(an invisible tag)'],
  [/^\p{Variation_Selector}$/u, '(a variation selector)'],
  [/^\p{Co}$/u, '(for private use: every font shows it differently)'],
  [/^\p{Cs}$/u, '(half of a character)'],
  [/^\p{Default_Ignorable_Code_Point}$/u, '(invisible)'],
  [/^\p{Cf}$/u, '(formatting)'],
  [/^\p{Cn}$/u, '(not assigned)'],
]
