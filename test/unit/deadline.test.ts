import { getEventListeners } from 'node:events'
import { abortable, createClock, onceAborted, pause, withDeadline } from '../../src/deadline.ts'
import { doubling, retrying } from '../../src/retry.ts'
import { holdClock } from '../support/held-clock.ts'
import { inTime, rejectionOf } from './flow/servers.ts'

const never = () => new Promise<never>(() => undefined)
const late = new Error('too late')
const deadline = (timeoutMs: number, signal?: AbortSignal) => ({
  timeoutMs,
  signal,
  onTimeout: () => late,
})

describe('withDeadline', () => {
  it('passes on what the run resolves to and what it rejects with', async () => {
    expect(await withDeadline(deadline(1_000), async () => 7)).toBe(7)
    const failure = new Error('failed')
    await expect(withDeadline(deadline(1_000), () => Promise.reject(failure))).rejects.toBe(failure)
  })

  it('ends a run that ignores its signal', async () => {
    const { error, elapsedMs } = await rejectionOf(withDeadline(deadline(60), never))
    expect(error).toBe(late)
    expect(elapsedMs).toBeGreaterThanOrEqual(55)
    expect(elapsedMs).toBeLessThan(inTime(60))
  })

  it('aborts the signal of the run with the error of the deadline', async () => {
    let given: AbortSignal | undefined
    await rejectionOf(
      withDeadline(deadline(10), (signal) => {
        given = signal
        return never()
      }),
    )
    expect(given?.reason).toBe(late)
  })

  it('ends with the reason of the caller', async () => {
    const controller = new AbortController()
    const running = rejectionOf(withDeadline(deadline(10_000, controller.signal), never))
    controller.abort('enough')
    expect((await running).error).toBe('enough')
  })

  it('does not start when the caller has aborted', async () => {
    let started = 0
    const run = async () => {
      started += 1
    }
    const running = withDeadline(deadline(1_000, AbortSignal.abort('enough')), run)
    expect((await rejectionOf(running)).error).toBe('enough')
    expect(started).toBe(0)
  })

  it('leaves no listener on the signal of the caller', async () => {
    const { signal } = new AbortController()
    await withDeadline(deadline(1_000, signal), async () => 7)
    await rejectionOf(withDeadline(deadline(5, signal), never))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it.each([0, -1, Number.NEGATIVE_INFINITY])(
    'is over at once with %d ms left',
    async (timeoutMs) => {
      const { error } = await rejectionOf(withDeadline(deadline(timeoutMs), never))
      expect(error).toBe(late)
    },
  )

  it('has no unhandled rejection when the run fails after its deadline', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    await rejectionOf(
      withDeadline(
        deadline(5),
        (signal) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error()))),
      ),
    )
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})

describe('a clock', () => {
  it('stands still while something outside is waited for, and so does its deadline', async () => {
    using time = holdClock()
    const clock = createClock()
    const outside = new Promise<number>((resolve) => setTimeout(() => resolve(7), 60))
    const run = () => clock.outside(() => outside)
    expect(await time.passUntil(withDeadline({ ...deadline(20), clock }, run))).toBe(7)
    expect(clock.elapsedMs()).toBeLessThan(60)
  })

  it('runs on when that has failed', async () => {
    const clock = createClock()
    const run = async () => {
      await clock.outside(() => Promise.reject(new Error('failed'))).catch(() => undefined)
      return never()
    }
    expect((await rejectionOf(withDeadline({ ...deadline(20), clock }, run))).error).toBe(late)
    expect(clock.elapsedMs()).toBeGreaterThanOrEqual(19)
  })
})

describe('onceAborted', () => {
  it('puts one listener on a signal that a thousand wait for, and tells all of them', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const waiting = Array.from({ length: 1_000 }, () =>
      rejectionOf(withDeadline(deadline(60_000, signal), () => abortable(never(), signal))),
    )
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    controller.abort('enough')
    const reasons = (await Promise.all(waiting)).map(({ error }) => error)
    expect(reasons).toEqual(waiting.map(() => 'enough'))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('tells nobody who has stopped listening', () => {
    const controller = new AbortController()
    const told: string[] = []
    const stop = onceAborted(controller.signal, () => told.push('stopped'))
    onceAborted(controller.signal, () => told.push('listening'))
    stop()
    controller.abort()
    expect(told).toEqual(['listening'])
  })
})

describe('abortable', () => {
  it('leaves no rejection unhandled when the caller had given up before', async () => {
    const reason = new Error('before')
    const failing = new Promise<never>((_, reject) => setImmediate(() => reject(new Error('late'))))
    await expect(abortable(failing, AbortSignal.abort(reason))).rejects.toBe(reason)
    await new Promise((resolve) => setTimeout(resolve, 5)) // Jest fails a test that leaves one
  })

  it('ends one wait, and not the promise that others share', async () => {
    let finish: (value: number) => void = () => undefined
    const shared = new Promise<number>((resolve) => {
      finish = resolve
    })
    const controller = new AbortController()
    const [mine, other] = [rejectionOf(abortable(shared, controller.signal)), abortable(shared)]
    controller.abort('enough')
    expect((await mine).error).toBe('enough')
    finish(7)
    expect(await other).toBe(7)
  })

  it('leaves no listener behind', async () => {
    const { signal } = new AbortController()
    await abortable(Promise.resolve(1), signal)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('pause', () => {
  it('ends at once when the signal aborts', async () => {
    const controller = new AbortController()
    const pausing = rejectionOf(pause(60_000, controller.signal))
    controller.abort('enough')
    const { error, elapsedMs } = await pausing
    expect(error).toBe('enough')
    expect(elapsedMs).toBeLessThan(inTime(0))
  })
})

describe('retrying', () => {
  const always = { pauseMs: () => 1, finalError: (thrown: unknown) => thrown }

  it('tries until it succeeds, and counts', async () => {
    const attempts: number[] = []
    const result = await retrying({ ...always, totalTimeoutMs: 10_000 }, async (attempt) => {
      attempts.push(attempt)
      if (attempt < 4) throw new Error('not yet')
      return 'done'
    })
    expect(result).toBe('done')
    expect(attempts).toEqual([1, 2, 3, 4])
  })

  it('gives up at once when no pause is named', async () => {
    let attempts = 0
    const failure = new Error('final')
    const running = retrying(
      { ...always, pauseMs: () => undefined, totalTimeoutMs: 10_000 },
      () => {
        attempts += 1
        return Promise.reject(failure)
      },
    )
    await expect(running).rejects.toBe(failure)
    expect(attempts).toBe(1)
  })

  it('never begins a pause that would outlast the total time', async () => {
    const options = { ...always, pauseMs: () => 1_000_000, totalTimeoutMs: 100 }
    const { elapsedMs } = await rejectionOf(
      retrying(options, () => Promise.reject(new Error('again'))),
    )
    expect(elapsedMs).toBeLessThan(inTime(100))
  })

  it('tells each attempt what is left, never more than the total', async () => {
    using time = holdClock()
    const left: number[] = []
    const running = retrying({ ...always, totalTimeoutMs: 60 }, (_, leftMs) => {
      left.push(leftMs)
      return Promise.reject(new Error('again'))
    })
    await time.passUntil(rejectionOf(running))
    expect(left.length).toBeGreaterThan(1)
    expect(left).toEqual([...left].sort((a, b) => b - a))
    expect(left.every((ms) => ms <= 60)).toBe(true)
  })

  it('rejects with the reason of a caller who aborted during an attempt', async () => {
    const controller = new AbortController()
    const options = { ...always, totalTimeoutMs: 10_000, signal: controller.signal }
    const running = retrying(options, () => {
      controller.abort('enough')
      return Promise.reject(new Error('again'))
    })
    await expect(running).rejects.toBe('enough')
  })
})

describe('doubling', () => {
  it('doubles up to its bound', () => {
    expect([1, 2, 3, 4, 5, 100].map((attempt) => doubling(100, 1_000, attempt))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ])
  })
})
