import { createStreaks } from '../../../src/relay/streaks.ts'

describe('createStreaks', () => {
  let nowMs = 0
  const start = () => createStreaks<'one' | 'two'>({ minMs: 100, maxMs: 150 }, () => nowMs)

  it('counts what fails together as one, and what fails after the pause as the next', () => {
    const streaks = start()
    expect([streaks.note('one'), streaks.note('one')]).toEqual([1, 1])
    nowMs += 99
    expect(streaks.note('one')).toBe(1)
    nowMs += 1
    expect(streaks.note('one')).toBe(2)
    nowMs += 149
    expect(streaks.note('one')).toBe(2)
    nowMs += 1
    expect(streaks.note('one')).toBe(3)
  })

  it('counts each kind by itself, and ends one or all', () => {
    const streaks = start()
    streaks.note('one')
    nowMs += 1_000
    expect([streaks.note('one'), streaks.note('two')]).toEqual([2, 1])
    streaks.end('one')
    nowMs += 1_000
    expect([streaks.note('one'), streaks.note('two')]).toEqual([1, 2])
    streaks.end()
    expect([streaks.note('one'), streaks.note('two')]).toEqual([1, 1])
  })
})
