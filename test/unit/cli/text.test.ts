import { facts, json, printable, table } from '../../../src/cli/text.ts'

describe('table', () => {
  it('aligns columns and leaves nothing at line ends', () => {
    expect(table([['a', 'bb', ''], ['ccc', '', 'd'], []])).toEqual(['a    bb', 'ccc      d', ''])
  })

  it('makes nothing of nothing', () => {
    expect(table([])).toEqual([])
  })
})

describe('facts', () => {
  it('leaves out what has no value', () => {
    expect(
      facts([
        ['key', 'a'],
        ['alias', undefined],
        ['state', 'b'],
      ]),
    ).toEqual(['key    a', 'state  b'])
  })
})

describe('json', () => {
  it('writes bigint as text, however large', () => {
    expect(JSON.parse(json({ balance: 2n ** 64n, list: [1n] }))).toEqual({
      balance: '18446744073709551616',
      list: ['1'],
    })
  })
})

describe('what a terminal could obey', () => {
  const hostile = [
    ['an escape', '\u001b[2J', '\\u{1b}[2J', '\\u001b[2J'],
    ['the introducer of one byte', '\u009b31m', '\\u{9b}31m', '\\u009b31m'],
    ['a return and a new line', 'a\r\nb', 'a\\u{d}\\u{a}b', 'a\\r\\nb'],
    ['delete', 'a\u007f', 'a\\u{7f}', 'a\\u007f'],
    ['an override of the direction', 'a\u202eb', 'a\\u{202e}b', 'a\\u202eb'],
    ['nothing that is seen', 'a\u200bb\ufeff', 'a\\u{200b}b\\u{feff}', 'a\\u200bb\\ufeff'],
    ['a separator of lines', 'a\u2028b', 'a\\u{2028}b', 'a\\u2028b'],
    ['a tag', '\u{e0041}', '\\u{e0041}', '\\udb40\\udc41'],
    ['half of a pair', '\ud800', '\\u{d800}', '\\ud800'],
  ] as const

  it.each(hostile)('is shown as its number: %s', (_, text, line, escaped) => {
    expect(printable(text)).toBe(line)
    expect(json(text)).toBe(`"${escaped}"`)
    expect(JSON.parse(json({ text }))).toEqual({ text })
  })

  it('is nothing that people write', () => {
    const text = 'Grüße, 語, 👍🏽, → \\n'
    expect(printable(text)).toBe(text)
  })
})
