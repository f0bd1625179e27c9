import { createTurns } from '../../../src/relay/turns.ts'

const idsOf = (count: number) => Array.from({ length: count }, (_, index) => `job-${index}`)

describe('createTurns', () => {
  it('names those in a hurry first, each once, and then says how long to rest', () => {
    const turns = createTurns({ all: () => idsOf(5).values(), restMs: 60_000, most: 2 })
    for (const id of ['c', 'a', 'c', 'b']) turns.hurry(id)
    expect(turns.inMs()).toBe(0)
    expect(turns.next()).toEqual(['c', 'a'])
    expect(turns.inMs()).toBe(0)
    expect(turns.next()).toEqual(['b'])
    expect(turns.inMs()).toBeGreaterThan(0)
    expect(turns.next()).toEqual([])
  })

  it('names everybody in a round, at most so many at a time', () => {
    const turns = createTurns({ all: () => idsOf(25).values(), restMs: 0, most: 10 })
    const named = [turns.next(), turns.next(), turns.next()]
    expect(named.map(({ length }) => length)).toEqual([10, 10, 5])
    expect(named.flat()).toEqual(idsOf(25))
  })

  it('names everybody also while others are in a hurry all the time', () => {
    const turns = createTurns({ all: () => idsOf(100).values(), restMs: 0, most: 10 })
    const named = new Set<string>()
    for (let time = 0; time < 20; time += 1) {
      for (const id of idsOf(10)) turns.hurry(id)
      const ids = turns.next()
      expect(ids.length).toBeLessThanOrEqual(10)
      for (const id of ids) named.add(id)
    }
    expect(named).toEqual(new Set(idsOf(100)))
  })

  it('goes on with those who are left when some have gone', () => {
    const all = new Map(idsOf(10).map((id) => [id, true]))
    const turns = createTurns({ all: () => all.keys(), restMs: 0, most: 4 })
    expect(turns.next()).toEqual(idsOf(4))
    for (const id of idsOf(6)) all.delete(id)
    expect(turns.next()).toEqual(['job-6', 'job-7', 'job-8', 'job-9'])
  })
})
