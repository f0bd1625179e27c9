import { getEventListeners } from 'node:events'
import { createWaitingLine } from '../../../src/proposal-keys/waiting-line.ts'

class Busy extends Error {
  readonly facts: { readonly waiting: number; readonly waitedMs: number }
  constructor(facts: Busy['facts']) {
    super('busy')
    this.facts = facts
  }
}

const createLine = (change: { maxWaiting?: number; timeoutMs?: number } = {}) =>
  createWaitingLine<string>({
    maxWaiting: 10,
    timeoutMs: 60_000,
    busy: (facts) => new Busy(facts),
    ...change,
  })

describe('createWaitingLine', () => {
  it('serves in the order in which they came', async () => {
    const line = createLine()
    const waiting = [line.wait(), line.wait()]
    expect(line.length()).toBe(2)
    expect([line.serve('a'), line.serve('b'), line.serve('c')]).toEqual([true, true, false])
    expect(await Promise.all(waiting)).toEqual(['a', 'b'])
    expect([line.length(), line.waitedMs()]).toEqual([0, 0])
  })

  it('has one listener on a signal that many share, and none when they are gone', async () => {
    const line = createLine({ maxWaiting: 100 })
    const { signal } = new AbortController()
    const waiting = Array.from({ length: 20 }, () => line.wait(signal))
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    for (const _ of waiting) line.serve('a')
    await Promise.all(waiting)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('turns away one too many', async () => {
    const line = createLine({ maxWaiting: 1 })
    const first = line.wait()
    await expect(line.wait()).rejects.toMatchObject({ facts: { waiting: 1, waitedMs: 0 } })
    line.serve('a')
    expect(await first).toBe('a')
  })

  it('turns away one who waited too long, and serves the next', async () => {
    const line = createLine({ timeoutMs: 20 })
    await expect(line.wait()).rejects.toMatchObject({ facts: { waitedMs: 20 } })
    const next = line.wait()
    expect(line.serve('a')).toBe(true)
    expect(await next).toBe('a')
  })

  it('serves nobody who has aborted', async () => {
    const line = createLine()
    const abort = new AbortController()
    const gone = line.wait(abort.signal)
    const next = line.wait()
    abort.abort(new Error('enough'))
    line.serve('a')
    await expect(gone).rejects.toThrow('enough')
    expect(await next).toBe('a')
  })

  it('lets nobody join with a signal that is aborted', async () => {
    const line = createLine()
    await expect(line.wait(AbortSignal.abort(new Error('late')))).rejects.toThrow('late')
    expect(line.length()).toBe(0)
  })

  it('turns all away', async () => {
    const line = createLine()
    const waiting = Promise.allSettled([line.wait(), line.wait()])
    expect(line.waitedMs()).toBeGreaterThanOrEqual(0)
    line.clear(new Error('closed'))
    expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(line.length()).toBe(0)
  })
})
