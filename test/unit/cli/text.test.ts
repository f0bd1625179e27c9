import { facts, json, table } from '../../../src/cli/text.ts'

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
