import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readMarkdown } from '../../../support/markdown.ts'
import { root } from '../../../types/compile.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const source = read('docs/admin-server-abuse.md')
const items = source.split(/^## /m).slice(1)
const bare = (cell = '') => cell.replaceAll('`', '')
const rows = items.flatMap((text) =>
  readMarkdown(text)
    .rows.slice(1)
    .map(([abuse = '', guard, test, name = '']) => ({
      item: text.split('\n')[0] ?? '',
      abuse,
      guard: bare(guard),
      test: bare(test),
      name,
    })),
)
/** In quotes of whatever kind, as a test or a row of its table is named. */
const hasName = (text: string, name: string) =>
  ["'", '`', '"'].some((quote) => text.includes(`${quote}${name}${quote}`))

describe('the map of abuses', () => {
  it('has the twenty items in their order, each with a test', () => {
    const numbers = items.map((text) => Number(/^(\d+)\. /.exec(text)?.[1]))
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
    const mapped = new Set(rows.map(({ item }) => item))
    expect(
      items.map((text) => text.split('\n')[0]).filter((item = '') => !mapped.has(item)),
    ).toEqual([])
  })

  it.each(rows)('$item: $abuse', ({ guard, test, name }) => {
    expect(existsSync(join(root, guard))).toBe(true)
    expect(existsSync(join(root, test))).toBe(true)
    expect(hasName(read(test), name)).toBe(true)
  })

  it('would not take a name that no test has', () => {
    const [row] = rows
    expect(hasName(read(row?.test ?? ''), `${row?.name} too`)).toBe(false)
  })
})
