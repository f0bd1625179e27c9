/** The rate itself, measured by when tasks start; who waits, who leaves and who is turned away. @module */

import { createSigningGovernor, type GovernorReport } from '../../../src/index.ts'
import { createLocalTurns, type ReserveTurns } from '../../../src/signers/governor/local-turns.ts'
import { type HeldClock, holdClock } from '../../support/held-clock.ts'

const name = 'aws-kms us-east-1 111122223333'

/** Nothing here leaves the process, so all its time is that of the governor. */
let clock: HeldClock
beforeEach(() => {
  clock = holdClock()
})
afterEach(() => clock[Symbol.dispose]())
const timed = <T>(waiting: Promise<T>) => clock.passUntil(waiting)

/** Runs so many tasks at once and tells when each started, in milliseconds from now, sorted. */
async function startsOf(
  count: number,
  governors: readonly ReturnType<typeof createSigningGovernor>[],
  ended: (all: Promise<unknown>) => Promise<unknown> = timed,
): Promise<readonly number[]> {
  const began = performance.now()
  const starts: number[] = []
  const task = async () => void starts.push(performance.now() - began)
  const runs = Array.from({ length: count }, (_, index) =>
    governors[index % governors.length]?.run(name, task),
  )
  await ended(Promise.all(runs))
  return starts.sort((a, b) => a - b)
}

/** The most tasks within any second; 50 ms less, as one that is busy may start a task after its turn. */
const mostInASecond = (starts: readonly number[]) =>
  Math.max(...starts.map((from) => starts.filter((at) => at >= from && at < from + 950).length))

describe('the rate', () => {
  it('is kept alone and by two with one count, over any second, and seldom asked for', async () => {
    const shared = createLocalTurns()
    let asked = 0
    const reserve: ReserveTurns = async (request) => {
      asked += 1
      return shared(request)
    }
    const pair = [0, 1].map(() => createSigningGovernor({ ratePerSecond: 200, reserve }))
    const alone = (ratePerSecond: number) => [createSigningGovernor({ ratePerSecond })]
    const rows = [
      [50, alone(50)],
      [300, alone(300)],
      [200, pair],
    ] as const
    const check = async ([rate, governors]: (typeof rows)[number]) => {
      const starts = await startsOf(1.5 * rate + 1, governors)
      const tookMs = (starts.at(-1) ?? 0) - (starts[0] ?? 0)
      expect(tookMs).toBeGreaterThan(1_500 * 0.98)
      expect(tookMs).toBeLessThan(1_500 * 1.1)
      // Each watches its own seconds only: what two have reserved may come late at the same time.
      expect(mostInASecond(starts)).toBeLessThanOrEqual(rate * (governors.length === 1 ? 1 : 1.15))
    }
    await timed(Promise.all(rows.map(check)))
    expect(asked).toBeLessThan(301 / 4)
  })

  it('is kept over any second also when the process was busy for a while', async () => {
    clock[Symbol.dispose]() // only the machine's own clock goes on while the process is busy
    const governor = createSigningGovernor({ ratePerSecond: 100 })
    const starting = startsOf(131, [governor], (all) => all)
    const first = performance.now()
    while (performance.now() < first + 200) await new Promise(setImmediate)
    while (performance.now() < first + 500); // nothing else runs
    expect(mostInASecond(await starting)).toBeLessThanOrEqual(100)
  })

  it('is kept in this process when the shared count cannot be asked, and that is told', async () => {
    const reports: GovernorReport[] = []
    const reserve = async () => Promise.reject(new Error('no database'))
    const onReport = (report: GovernorReport) => reports.push(report)
    const governor = createSigningGovernor({ ratePerSecond: 100, reserve, onReport })
    const starts = await startsOf(21, [governor])
    expect(starts.at(-1)).toBeGreaterThan(190)
    expect(reports[0]).toMatchObject({ name, event: 'reserve-failed' })
  })

  it('is kept for each name alone', async () => {
    const governor = createSigningGovernor({ ratePerSecond: 1 })
    const began = performance.now()
    await timed(Promise.all(['a', 'b', 'c'].map((each) => governor.run(each, async () => each))))
    expect(performance.now() - began).toBeLessThan(100)
    expect([...governor.stats().keys()]).toEqual(['a', 'b', 'c'])
  })

  it('is not made up for after a pause', async () => {
    const governor = createSigningGovernor({ ratePerSecond: 50 })
    await startsOf(2, [governor])
    await clock.pass(200)
    const starts = await startsOf(11, [governor])
    expect(starts.at(-1)).toBeGreaterThan(190)
  })
})

describe('a caller', () => {
  it('gets what its task gives, and in its turn', async () => {
    const governor = createSigningGovernor({ ratePerSecond: 200 })
    const order: number[] = []
    const run = (index: number) =>
      governor.run(name, async () => {
        order.push(index)
        return index
      })
    expect(await timed(Promise.all([0, 1, 2, 3, 4].map(run)))).toEqual([0, 1, 2, 3, 4])
    expect(order).toEqual([0, 1, 2, 3, 4])
  })

  it('who leaves the line gives its turn to the next', async () => {
    const governor = createSigningGovernor({ ratePerSecond: 10 })
    const began = performance.now()
    const reason = new Error('not any more')
    let ran = 0
    const task = async () => {
      ran += 1
    }
    const first = governor.run(name, task)
    const controllers = Array.from({ length: 50 }, () => new AbortController())
    const leaving = controllers.map(({ signal }) => governor.run(name, task, signal))
    const last = governor.run(name, task)
    await first
    for (const controller of controllers) controller.abort(reason)
    const outcomes = await Promise.allSettled(leaving)
    expect(outcomes).toEqual(Array(50).fill({ status: 'rejected', reason }))
    await timed(last)
    expect(performance.now() - began).toBeLessThan(400)
    expect(ran).toBe(2)
    expect(governor.stats().get(name)).toMatchObject({ queued: 0, running: 0 })
  })

  it('whose signal has aborted before is not run', async () => {
    const governor = createSigningGovernor()
    const reason = new Error('not at all')
    const task = () => Promise.reject(new Error('it ran'))
    await expect(governor.run(name, task, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  it('who comes when the line is full is turned away, and only then', async () => {
    const governor = createSigningGovernor({ ratePerSecond: 20, maxQueued: 2 })
    const task = async () => 'ran'
    const runs = [0, 1].map(() => governor.run(name, task))
    await expect(governor.run(name, task)).rejects.toMatchObject({
      code: 'SIGNING_QUEUE_FULL',
      disposition: 'retry',
      context: { name, queued: 2 },
    })
    expect(await timed(Promise.all(runs))).toEqual(['ran', 'ran'])
    expect(await timed(governor.run(name, task))).toBe('ran')
  })

  it('who needs another turn goes before those who wait', async () => {
    const governor = createSigningGovernor({ ratePerSecond: 100 })
    const order: string[] = []
    const retrying = governor.run(name, async (pace) => {
      await pace.nextTurn()
      order.push('again')
    })
    const others = Array.from({ length: 10 }, () =>
      governor.run(name, async () => void order.push('other')),
    )
    await timed(Promise.all([retrying, ...others]))
    expect(order.indexOf('again')).toBeLessThan(3)
  })

  it('sees how the quota stands', async () => {
    const governor = createSigningGovernor({ ratePerSecond: 10 })
    let finish: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      finish = resolve
    })
    const runs = [0, 1, 2].map(() => governor.run(name, () => held))
    await clock.pass(50)
    const stats = governor.stats().get(name)
    expect(stats).toMatchObject({ queued: 2, running: 1, ratePerSecond: 10, throttled: 0 })
    expect(stats?.waitMs).toBeGreaterThan(150)
    finish()
    await timed(Promise.all(runs))
    expect(governor.stats().get(name)).toMatchObject({ queued: 0, running: 0 })
  })
})

/** The timers that are armed from now on and neither fired nor cleared, until the test ends. */
function watchTimers(): ReadonlySet<unknown> {
  const live = new Set<unknown>()
  const { setTimeout: arm, clearTimeout: clear } = globalThis
  restore = () => Object.assign(globalThis, { setTimeout: arm, clearTimeout: clear })
  const watched = (run: () => void, ms: number) => {
    const timer = arm(() => {
      live.delete(timer)
      run()
    }, ms)
    live.add(timer)
    return timer
  }
  const clearWatched = (timer: NodeJS.Timeout | undefined) => {
    live.delete(timer)
    clear(timer)
  }
  Object.assign(globalThis, { setTimeout: watched, clearTimeout: clearWatched })
  return live
}
let restore: () => void = () => undefined
afterEach(() => restore())

describe('createSigningGovernor', () => {
  it.each([
    ['ratePerSecond', 0],
    ['ratePerSecond', 10_001],
    ['ratePerSecond', 2.5],
    ['maxQueued', 0],
    ['maxQueued', Number.NaN],
    ['reserve', 'a store'],
    ['onReport', true],
    ['rate', 300],
  ])('refuses %s = %s', (option, value) => {
    const refusal = expect.objectContaining({ code: 'INVALID_OPTION' })
    expect(() => createSigningGovernor({ [option]: value })).toThrow(refusal)
  })

  it('leaves no timer behind when nobody waits', async () => {
    const live = watchTimers()
    const governor = createSigningGovernor({ ratePerSecond: 5 })
    const controller = new AbortController()
    await governor.run(name, async () => undefined)
    const leaving = governor.run(name, async () => undefined, controller.signal)
    await new Promise(setImmediate)
    expect(live.size).toBe(1)
    controller.abort(new Error('gone'))
    await expect(leaving).rejects.toThrow('gone')
    expect(live.size).toBe(0)
  })
})
