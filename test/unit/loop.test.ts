import { setImmediate as turnOfTheEventLoop } from 'node:timers/promises'
import { createLoop } from '../../src/loop.ts'

/** Lets everything happen that needs no timer. */
const settle = () => turnOfTheEventLoop()
const never = (thrown: unknown): number => {
  throw thrown
}

describe('createLoop', () => {
  it('takes no turn before it is started, and none after it was stopped', async () => {
    let turns = 0
    const counted = async () => {
      turns += 1
      return undefined
    }
    const loop = createLoop({ turn: counted, onFailure: never })
    loop.wake()
    await settle()
    expect([turns, loop.runsMs()]).toEqual([0, 0])
    loop.start()
    await settle()
    loop.stop()
    loop.wake()
    await loop.ended()
    expect([turns, loop.runsMs()]).toEqual([1, 0])
  })

  it('rests until it is woken where a turn names no time', async () => {
    let turns = 0
    const counted = async () => {
      turns += 1
      return undefined
    }
    const loop = createLoop({ turn: counted, onFailure: never })
    loop.start()
    await settle()
    loop.wake()
    await settle()
    expect(turns).toBe(2)
    loop.stop()
    await loop.ended()
  })

  it('takes another turn at once when it was woken during one', async () => {
    let turns = 0
    const loop = createLoop({
      async turn() {
        turns += 1
        if (turns === 1) loop.wake()
        return undefined
      },
      onFailure: never,
    })
    loop.start()
    await settle()
    expect(turns).toBe(2)
    loop.stop()
    await loop.ended()
  })

  it('keeps the pause after a failure when it is woken, counts failures in a row, and stops in it', async () => {
    const told: number[] = []
    const loop = createLoop({
      turn: () => Promise.reject(new RangeError('no')),
      onFailure(_, failures) {
        told.push(failures)
        return failures < 3 ? 0 : 3_600_000
      },
    })
    loop.start()
    await settle()
    loop.wake()
    await settle()
    expect(told).toEqual([1, 2, 3])
    loop.stop()
    await loop.ended()
  })

  it('ends when it is not needed any more, and can be started anew', async () => {
    let needed = true
    let ends = 0
    const loop = createLoop({
      turn: async () => 3_600_000,
      onFailure: never,
      isNeeded: () => needed,
      onEnd() {
        ends += 1
      },
    })
    loop.start()
    await settle()
    needed = false
    loop.wake()
    await loop.ended()
    expect(ends).toBe(1)
    needed = true
    loop.start()
    await settle()
    expect(loop.runsMs()).toBeGreaterThan(0)
    loop.stop()
    await loop.ended()
  })

  it.each([
    [true, 0],
    [false, 1],
  ])(
    'with isBackground %s holds %i timers of the process while it rests',
    async (isBackground, count) => {
      const timers = () =>
        process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length
      const before = timers()
      const loop = createLoop({ turn: async () => 60_000, onFailure: never, isBackground })
      loop.start()
      await settle()
      expect(timers() - before).toBe(count)
      loop.stop()
      await loop.ended()
      expect(timers()).toBe(before)
    },
  )
})
