/** Questions that come together share a statement, and only those that came before it began. @module */

import { coalesce } from '../../../../examples/admin-server/src/database/coalesce.ts'

describe('coalesce', () => {
  it('asks once for those of one turn, and answers each with its own', async () => {
    const runs: (readonly number[])[] = []
    const ask = coalesce<number, number>(async (items) => {
      runs.push(items)
      return items.map((item) => item * 2)
    }, 10)
    expect(await Promise.all([1, 2, 3].map(ask))).toEqual([2, 4, 6])
    expect(runs).toEqual([[1, 2, 3]])
  })

  it('never answers from a run that had begun before the question', async () => {
    let value = 'old'
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const begun: (() => void)[] = []
    const firstBegan = new Promise<void>((resolve) => begun.push(resolve))
    const ask = coalesce<string, string>(async (items) => {
      const seen = value
      for (const tell of begun.splice(0)) tell()
      await held
      return items.map(() => seen)
    }, 10)
    const first = ask('a')
    await firstBegan
    value = 'new'
    const second = ask('a')
    release()
    expect(await first).toBe('old')
    expect(await second).toBe('new')
  })

  it('takes no more at once than it may', async () => {
    const sizes: number[] = []
    const ask = coalesce<number, number>(async (items) => {
      sizes.push(items.length)
      return items
    }, 4)
    await Promise.all(Array.from({ length: 10 }, (_, item) => ask(item)))
    expect(sizes).toEqual([4, 4, 2])
  })

  it('rejects those of a run that fails, and goes on with the next', async () => {
    let failing = true
    const ask = coalesce<number, number>(async (items) => {
      if (failing) throw new Error('down')
      return items
    }, 10)
    await expect(Promise.all([ask(1), ask(2)])).rejects.toThrow('down')
    failing = false
    expect(await ask(3)).toBe(3)
  })

  it('rejects an item that got no answer, and passes on one that is undefined', async () => {
    const short = coalesce<number, number>(async () => [], 10)
    await expect(short(1)).rejects.toThrow(RangeError)
    const empty = coalesce<number, undefined>(async (items) => items.map(() => undefined), 10)
    expect(await empty(1)).toBeUndefined()
  })
})
