/** One character as the chain counts, whichever Unicode the ICU of Node.js knows. @module */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isOneGrapheme } from '../../../src/policy/character.ts'

const file = readFileSync(new URL('../../vectors/grapheme-breaks-15.0.json', import.meta.url))
const cases = JSON.parse(String(file)) as readonly string[] // a list of texts, see its README
const textOf = (codePoints: string) =>
  String.fromCodePoint(...codePoints.split(' ').map((digits) => Number.parseInt(digits, 16)))

describe('isOneGrapheme', () => {
  it('is tried on the file that its README names', () => {
    expect(createHash('sha256').update(file).digest('hex')).toBe(
      '2afbf03c0637bbe011c31b9ba9a63936d9f7e319f52581e58b4b9cf5c068ed71',
    )
    expect(cases).toHaveLength(602)
  })

  it.each(cases)('finds the boundaries of %s', (row) => {
    const clusters = row.split(' \u00f7 ')
    expect(clusters.map((cluster) => isOneGrapheme(textOf(cluster)))).toEqual(
      clusters.map(() => true),
    )
    if (clusters.length > 1) expect(isOneGrapheme(textOf(clusters.join(' ')))).toBe(false)
  })

  it.each([
    ['a conjunct of Devanagari, which later versions join', '0915 094D 0937', false],
    ['the same with a joiner', '0915 094D 200D 0937', false],
    ['a conjunct of Bengali', '09A4 09CD 09B0', false],
    ['a consonant with its virama', '0915 094D', true],
    ['a family', '1F469 200D 1F469 200D 1F467 200D 1F466', true],
    ['two flags', '1F1E9 1F1EA 1F1EB 1F1F7', false],
    ['a joiner between letters', '0061 200D 0062', false],
    ['a syllable of Hangul in three letters', '1112 1161 11AB', true],
    ['a mark that came after 15.0', '0061 113E1', false],
    ['any code point alone', '10FFFF', true],
  ])('of %s (%s) is %s', (_, codePoints, expected) => {
    expect(isOneGrapheme(textOf(codePoints))).toBe(expected)
  })

  it('of nothing is false', () => {
    expect(isOneGrapheme('')).toBe(false)
  })
})
