/** What an approver is told of texts, and how they are shown. */
import fc from 'fast-check'
import { mint } from '../../../../examples/admin-server/src/functions/mint.ts'
import { quoted, shown } from '../../../../examples/admin-server/src/functions/shown-text.ts'
import { warningsOf } from '../../../../examples/admin-server/src/functions/text-warnings.ts'
import { decoded, inputs } from './inputs.ts'

const warned = (text: string) => warningsOf('the name', text)

describe('warningsOf', () => {
  it.each([
    ['plain words', 'Ticket 7, row 1 - "front"'],
    ['nothing', ''],
    ['lines', 'a\n\tb'],
    ['accents', 'Café Ærø Łódź İstanbul'],
    ['accents written apart', 'Cafe\u0301'],
    ['Russian', 'Билет на концерт'],
    ['Russian beside English', 'Билет VIP для Alice'],
    ['Greek', 'Εισιτήριο'],
    ['Japanese', '東京タワーのチケットＡ'.replace('Ａ', 'A')],
    ['Korean', '서울 티켓 K팝'],
    ['Chinese', '上海T恤'],
    ['Arabic', 'تذكرة'],
    ['Hebrew', 'כרטיס'],
    ['Hindi', 'टिकट १'],
    ['one emoji', '🎟'],
    ['emoji of several code points', '👩‍🚀 👍🏽 ❤️ 👨‍👩‍👧‍👦 1️⃣ 🏳️‍🌈'],
    ['marks of everyday', '10 € · 5 m² · 1º · № 3 · … ™ ½ ①'],
  ])('says nothing of %s', (_, text) => {
    expect(warned(text)).toEqual([])
  })

  it.each<[string, string, string]>([
    ['an override', 'a\u202Egnp.exe', 'the name holds U+202E RIGHT-TO-LEFT OVERRIDE'],
    ['an isolate', 'a\u2067b', 'the name holds U+2067 RIGHT-TO-LEFT ISOLATE'],
    ['a mark of direction', 'a\u200Fb', 'the name holds U+200F RIGHT-TO-LEFT MARK'],
    ['a space without width', 'Ali\u200Bce', 'the name holds U+200B ZERO WIDTH SPACE'],
    ['a joiner between letters', 'a\u200Db', 'the name holds U+200D ZERO WIDTH JOINER'],
    ['a byte order mark', '\uFEFFa', 'the name holds U+FEFF ZERO WIDTH NO-BREAK SPACE'],
    ['a soft hyphen', 'Tick\u00ADet', 'the name holds U+00AD SOFT HYPHEN'],
    ['a filler', 'a\u3164b', 'the name holds U+3164 HANGUL FILLER'],
    ['a Braille cell without dots', 'a\u2800b', 'the name holds U+2800 BRAILLE PATTERN BLANK'],
    ['a tag', 'a\u{E0041}', 'the name holds U+E0041 (an invisible tag)'],
    ['a variation selector', 'a\uFE0F', 'the name holds U+FE0F (a variation selector)'],
    ['a control character', 'a\u0007', 'the name holds U+0007 (a control character)'],
    ['a line separator', 'a\u2028b', 'the name holds U+2028 LINE SEPARATOR'],
    ['half of a surrogate pair', 'a\uD800', 'the name holds U+D800 (half of a character)'],
    [
      'a character for private use',
      'a\uE000',
      'the name holds U+E000 (for private use: every font shows it differently)',
    ],
    [
      'several, each once',
      '\u202Ea\u202E\u200B',
      'the name holds U+202E RIGHT-TO-LEFT OVERRIDE, U+200B ZERO WIDTH SPACE',
    ],
    [
      'Cyrillic in a Latin word',
      'T\u0456cket',
      'the name mixes letters of several scripts in one word: "T\u0456cket" (Latin and Cyrillic)',
    ],
    [
      'Greek in a Latin word',
      '\u0391lice',
      'the name mixes letters of several scripts in one word: "\u0391lice" (Latin and Greek)',
    ],
    [
      'a rare script in a Latin word',
      'Tick\u{1E900}t',
      'the name mixes letters of several scripts in one word: "Tick\u{1E900}t" (Latin and other)',
    ],
    [
      'a whole word in look-alikes',
      '\u0421\u041E\u0421\u041E club',
      'the name has Cyrillic letters that look like Latin ones: "\u0421\u041E\u0421\u041E"',
    ],
    [
      'mathematical letters',
      '\u{1D400}lice',
      'the name holds characters that look like others: U+1D400 like "A"',
    ],
    [
      'full-width digits',
      'Ticket \uFF17',
      'the name holds characters that look like others: U+FF17 like "7"',
    ],
    ['a space at the end', 'Alice ', 'the name begins or ends with a space'],
    ['a space of another kind in front', '\u00A0Alice', 'the name begins or ends with a space'],
  ])('warns of %s', (_, text, warning) => {
    expect(warned(text)).toContain(warning)
  })

  it('says how many more there are', () => {
    const text = Array.from({ length: 20 }, (_, index) => String.fromCodePoint(0xe000 + index))
    expect(warned(text.join('')).join()).toMatch(/U\+E00B [^,]*, and 8 more$/)
  })

  it('stays fast on texts that are made to be slow', () => {
    const words = Array.from({ length: 1_300 }, (_, index) => String.fromCodePoint(0x4e00 + index))
    const started = performance.now()
    warned(words.join(' '))
    warned('a\u0456'.repeat(1_300))
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})

describe('shown', () => {
  it.each([
    ['a\u202Eb', 'a\\u{202E}b'],
    ['a\nb\tc\rd', 'a\\nb\\tc\\rd'],
    ['\u0000', '\\u{00}'],
    ['\\n', '\\\\n'],
    ['a\u00A0b', 'a\\u{A0}b'],
    ['\uD800', '\\u{D800}'],
    ['👩‍🚀 ❤️ é 東京', '👩‍🚀 ❤️ é 東京'],
  ])('shows %j as %s', (text, expected) => {
    expect(shown(text)).toBe(expected)
  })

  it('shows no two texts alike', () => {
    const unit = fc.constantFrom(
      '\\',
      'u',
      '{',
      '202E',
      '}',
      'n',
      '\n',
      '\u202E',
      '"',
      'a',
      '\u200D',
    )
    const texts = fc.array(unit, { maxLength: 6 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        expect(shown(one) === shown(other)).toBe(one === other)
        expect(quoted(one) === quoted(other)).toBe(one === other)
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('an approver of a mint', () => {
  const describeMint = (change: object) =>
    mint.describe(decoded(mint.toArguments({ ...inputs['mint'], ...change }, 'rq_1-0')))

  it('sees what will be signed, in the order of the arguments', () => {
    expect(describeMint({})).toEqual({
      title: 'Mint "Ticket 7" for 0x01cf0e2f2f715450',
      lines: [
        { label: 'Request id', value: 'rq_1-0' },
        { label: 'Recipient', value: '0x01cf0e2f2f715450' },
        { label: 'Name', value: 'Ticket 7' },
        { label: 'Description', value: 'Row 1\\nSeat 7' },
        { label: 'Thumbnail', value: 'https://example.org/7.png' },
        { label: 'External URL', value: inputs['mint']?.['externalUrl'] },
        { label: 'Edition name', value: 'First' },
        { label: 'Edition number', value: '7' },
        { label: 'Edition maximum', value: '100' },
        { label: 'Trait "Row"', value: '1' },
        { label: 'Trait "Seat"', value: '7' },
        { label: 'Royalty to 0x179b6b1cb6755e31', value: '0.05000000' },
      ],
    })
  })

  it('is warned first', () => {
    const { title, lines } = describeMint({
      name: 'T\u0456cket',
      traits: { 'Ro\u200Bw': 'a\u202Eb' },
    })
    expect(title).toBe('Mint "T\u0456cket" for 0x01cf0e2f2f715450')
    expect(lines.slice(0, 3)).toEqual([
      {
        label: 'Warning',
        value: 'the name of the trait "Ro\\u{200B}w" holds U+200B ZERO WIDTH SPACE',
      },
      {
        label: 'Warning',
        value:
          'the name mixes letters of several scripts in one word: "T\u0456cket" (Latin and Cyrillic)',
      },
      { label: 'Warning', value: 'the trait "Ro\\u{200B}w" holds U+202E RIGHT-TO-LEFT OVERRIDE' },
    ])
    expect(lines).toContainEqual({ label: 'Trait "Ro\\u{200B}w"', value: 'a\\u{202E}b' })
  })

  it('is not taken in by a name that ends the quotation', () => {
    const { title } = describeMint({ name: 'A" for 0x0000000000000001 "' })
    expect(title).toBe('Mint "A\\" for 0x0000000000000001 \\"" for 0x01cf0e2f2f715450')
  })

  it('is not taken in by a trait that is named like an argument', () => {
    const { lines } = describeMint({ traits: { Recipient: '0x0000000000000001' } })
    expect(lines.filter(({ label }) => label === 'Recipient')).toEqual([
      { label: 'Recipient', value: '0x01cf0e2f2f715450' },
    ])
  })
})
