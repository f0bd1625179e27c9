/** How often nodes are sent to. @module */
import { jest } from '@jest/globals'
import { createNodeBudget } from '../../../src/flow/node-budget.ts'
import { rejectionOf } from './servers.ts'

const a = { url: 'http://a.example', timeoutMs: 1_000 }
const b = { url: 'http://b.example', timeoutMs: 1_000 }

/** When each of so many turns came, in milliseconds, by a clock that goes from timer to timer. */
async function turns(budget: ReturnType<typeof createNodeBudget>, count: number) {
  const started = performance.now()
  const all = Promise.all(
    Array.from({ length: count }, async () => {
      const { url } = await budget.next()
      return { url, at: performance.now() - started }
    }),
  )
  await jest.runAllTimersAsync()
  return all
}

describe('the pace of createNodeBudget', () => {
  beforeEach(() => jest.useFakeTimers())
  afterEach(() => jest.useRealTimers())

  it('never gives more turns than allowed in any second, and not many fewer', async () => {
    const times = (await turns(createNodeBudget({ nodes: [a], perSecond: 40 }), 100)).map(
      ({ at }) => at,
    )
    for (const [index, at] of times.entries())
      expect(at - (times[index - 40] ?? Number.NEGATIVE_INFINITY)).toBeGreaterThan(1_000)
    expect(times.at(-1)).toBeLessThan(3_500)
  })

  it('gives no more than its burst at once', async () => {
    const times = await turns(createNodeBudget({ nodes: [a], perSecond: 50, burst: 3 }), 6)
    expect(times.filter(({ at }) => at === 0)).toHaveLength(3)
  })

  it('uses several nodes evenly, and so more turns at once', async () => {
    const budget = createNodeBudget({ nodes: [a, b], perSecond: 50, burst: 5 })
    const urls = (await turns(budget, 10)).map(({ url }) => url)
    expect(urls.filter((url) => url === a.url)).toHaveLength(5)
    expect(urls.filter((url) => url === b.url)).toHaveLength(5)
  })

  it('gives the turns of a penalised node to the others', async () => {
    const budget = createNodeBudget({ nodes: [a, b], perSecond: 100 })
    budget.penalise(a, 60_000)
    const urls = (await turns(budget, 20)).map(({ url }) => url)
    expect(new Set(urls)).toEqual(new Set([b.url]))
  })

  it('waits for a penalised node when there is no other', async () => {
    const budget = createNodeBudget({ nodes: [a] })
    budget.penalise(a, 80)
    budget.penalise(a, 1) // a shorter one does not lift the longer
    const [first] = await turns(budget, 1)
    expect(first?.at).toBe(80)
  })
})

describe('createNodeBudget', () => {
  it('knows the node by its URL, and ignores one that it has not', async () => {
    const budget = createNodeBudget({ nodes: [a] })
    budget.penalise(b, 60_000)
    budget.penalise(a, Number.NaN)
    expect(await budget.next()).toBe(a)
  })

  it('serves in the order of the calls, and forgets who aborts', async () => {
    const budget = createNodeBudget({ nodes: [a], perSecond: 50, burst: 1 })
    await budget.next()
    const order: number[] = []
    const controller = new AbortController()
    const aborted = rejectionOf(budget.next(controller.signal))
    const waiting = [1, 2, 3].map((place) => budget.next().then(() => order.push(place)))
    expect(budget.depth()).toBe(4)
    controller.abort('enough')
    expect((await aborted).error).toBe('enough')
    expect(budget.depth()).toBe(3)
    await Promise.all(waiting)
    expect(order).toEqual([1, 2, 3])
    expect(budget.depth()).toBe(0)
  })

  it('takes no turn for a caller who aborted before', async () => {
    const budget = createNodeBudget({ nodes: [a] })
    const { error } = await rejectionOf(budget.next(AbortSignal.abort('enough')))
    expect(error).toBe('enough')
    expect(budget.depth()).toBe(0)
  })

  it('refuses a caller when too many wait', async () => {
    const budget = createNodeBudget({ nodes: [a], perSecond: 1_000, burst: 1, maxWaiting: 2 })
    budget.penalise(a, 20)
    const waiting = [budget.next(), budget.next()]
    await expect(budget.next()).rejects.toMatchObject({
      code: 'ACCESS_NODE_UNREACHABLE',
      disposition: 'retry',
      context: { reason: '2 sends wait already' },
    })
    await Promise.all(waiting)
  })

  it.each([
    ['no node', { nodes: [] }, 'nodes'],
    ['the same node twice', { nodes: [a, { ...a, url: `${a.url}/` }] }, 'nodes'],
    ['no turn', { perSecond: 0 }, 'perSecond'],
    ['half a turn', { perSecond: 0.5 }, 'perSecond'],
    ['a burst above the rate', { perSecond: 5, burst: 6 }, 'burst'],
    ['no place to wait', { maxWaiting: 0 }, 'maxWaiting'],
    ['what it does not know', { rate: 5 }, 'rate'],
  ])('refuses %s', (_, change, option) => {
    expect(() => createNodeBudget({ nodes: [a], ...change })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option }),
      }),
    )
  })
})
