/** Following a chain whose node lags, goes back, fails and lies. @module */
import {
  type BlockFollower,
  type BlockFollowerOptions,
  createBlockFollower,
  type FollowerReport,
} from '../../../src/flow/block-follower.ts'
import type { Backwards } from '../../../src/flow/block-head.ts'
import type { WatchEvent } from '../../../src/flow/block-watch.ts'
import { ANSWERS_MS } from '../../support/limits.ts'
import { type FakeChain, idOf, startFakeChain } from './chains.ts'
import { inTime, rejectionOf, startAnswering, startSocketServer } from './servers.ts'

const mint = idOf('a mint')
const pollMs = 5

/** With all that it reports, closed at the end. */
function follow(chain: { url: string }, options: Partial<BlockFollowerOptions> = {}) {
  const reports: FollowerReport[] = []
  const node = { url: chain.url, timeoutMs: ANSWERS_MS }
  const onReport = (report: FollowerReport) => void reports.push(report)
  const asking = { nodes: [node], pollMs, onReport, webSocket: false } as const
  const follower = createBlockFollower({ ...asking, ...options })
  return { ...follower, reports, [Symbol.dispose]: () => follower.close() }
}

const told = (follower: BlockFollower, kind: WatchEvent['kind'], id = mint, fromHeight = 0) => {
  const events: WatchEvent[] = []
  return new Promise<readonly WatchEvent[]>((resolve) => {
    follower.watch({ transactionId: id, fromHeight }, (event) => {
      events.push(event)
      if (event.kind === kind) resolve(events)
    })
  })
}
const reaching = (follower: BlockFollower, height: number) =>
  new Promise<void>((resolve) => {
    const stop = follower.onBlock(({ finalizedHeight }) => {
      if (finalizedHeight >= height) resolve(stop())
    })
  })
const backwards = (follower: BlockFollower) =>
  new Promise<Backwards>((resolve) => void follower.onBackwards(resolve))
/** Watches something that never comes. */
const keepBusy = (follower: BlockFollower, fromHeight = 0) =>
  follower.watch({ transactionId: idOf('never'), fromHeight }, () => undefined)
const resultsAsked = (chain: FakeChain) =>
  chain.requests
    .flatMap((request) => /block_height=(\d+)/.exec(request)?.slice(1) ?? [])
    .map(Number)

describe('watch', () => {
  it('tells sealed alone when the block is sealed by then', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    chain.grow(3, [mint])
    const events = await told(follower, 'sealed')
    expect(events).toEqual([
      {
        kind: 'sealed',
        outcome: {
          transactionId: mint,
          blockId: idOf('block 3 of 0'),
          height: 3,
          sealed: true,
          errorCodes: [],
          reason: '',
          computationUsed: 7,
          events: [],
        },
        toldBy: expect.objectContaining({ url: chain.url }),
      },
    ])
    expect(follower.stats()).toMatchObject({ watched: 0, finalizedHeight: 3, sealedHeight: 3 })
  })

  it('tells executed, and sealed when the block is sealed', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    chain.sealedTo(1)
    chain.grow(3, [mint])
    const executed = told(follower, 'executed')
    const sealed = told(follower, 'sealed')
    expect((await executed).map(({ outcome }) => outcome.sealed)).toEqual([false])
    chain.sealedTo(3)
    expect((await sealed).map(({ kind }) => kind)).toEqual(['executed', 'sealed'])
  })

  it('waits for a block that is not executed yet, and passes over none', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    chain.executedTo(1)
    chain.grow(2, [mint])
    chain.grow(5)
    const events = told(follower, 'sealed')
    await chain.asked(/block_height=2$/, 4)
    expect(Math.max(...resultsAsked(chain))).toBeLessThanOrEqual(3)
    chain.executedTo(Number.POSITIVE_INFINITY)
    expect((await events).map(({ outcome }) => outcome.height)).toEqual([2])
  })

  it('catches up 600 blocks in order, with at most 8 requests at once', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    let open = 0
    let most = 0
    chain.intercept((_, response) => {
      open += 1
      most = Math.max(most, open)
      response.on('close', () => {
        open -= 1
      })
      return false
    })
    chain.grow(300, [idOf('another')])
    chain.grow(300, [mint])
    const order: number[] = []
    const another = told(follower, 'sealed', idOf('another')).then(() => order.push(300))
    await told(follower, 'sealed').then(() => order.push(600))
    await another
    expect(order).toEqual([300, 600])
    expect(new Set(resultsAsked(chain)).size).toBe(600)
    expect(resultsAsked(chain)).toHaveLength(600)
    expect(most).toBeLessThanOrEqual(8)
    expect(follower.stats()).toMatchObject({ blocksRead: 600, retries: 0 })
  })

  it('reads one block for all that it holds', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    const ids = Array.from({ length: 100 }, (_, index) => idOf(`mint ${index}`))
    const sealed = ids.map((id) => told(follower, 'sealed', id))
    chain.grow(1, ids)
    await Promise.all(sealed)
    expect(resultsAsked(chain)).toEqual([1])
  })

  it('answers a late watch from what it remembers, by one look at that block', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    keepBusy(follower)
    chain.grow(9, [mint])
    chain.grow(9)
    await told(follower, 'sealed', idOf('system 18'))
    const before = resultsAsked(chain).length
    await told(follower, 'sealed')
    expect(resultsAsked(chain).slice(before)).toEqual([9])
  })

  it('reads again only from where nothing is known', async () => {
    await using chain = await startFakeChain(100)
    using follower = follow(chain)
    chain.grow(20)
    await told(follower, 'sealed', idOf('system 115'), 110)
    const before = resultsAsked(chain).length
    await told(follower, 'sealed', idOf('system 103'), 100)
    expect(Math.max(...resultsAsked(chain).slice(before))).toBeLessThan(111)
  })

  it('tells every listener of one transaction, and none that stopped', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    const calls: string[] = []
    const watch = (name: string) =>
      follower.watch({ transactionId: mint, fromHeight: 0 }, () => calls.push(name))
    watch('first')
    const stop = watch('second')
    stop()
    stop()
    const last = told(follower, 'sealed')
    chain.grow(1, [mint])
    await last
    expect(calls).toEqual(['first'])
  })

  it('goes on when a listener throws, and reports it', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    const thrown = new Error('mine')
    follower.watch({ transactionId: mint, fromHeight: 0 }, () => {
      throw thrown
    })
    const other = told(follower, 'sealed')
    chain.grow(1, [mint])
    await other
    expect(follower.reports).toContainEqual({ kind: 'listener-failed', error: thrown })
  })

  it('survives a report that throws', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain, {
      onReport() {
        throw new Error('mine')
      },
    })
    chain.intercept((_, response) => {
      response.statusCode = 503
      response.end()
      return true
    })
    const events = told(follower, 'sealed')
    await chain.asked(/final/, 3)
    chain.intercept(undefined)
    chain.grow(1, [mint])
    expect(await events).toHaveLength(1)
  })

  it.each([
    ['an id of 63 digits', { transactionId: 'a'.repeat(63) }, 'transactionId'],
    ['an id in upper case', { transactionId: 'A'.repeat(64) }, 'transactionId'],
    ['a negative height', { fromHeight: -1 }, 'fromHeight'],
    ['a height that is no number', { fromHeight: Number.NaN }, 'fromHeight'],
  ])('refuses %s', (_, change, option) => {
    using follower = follow({ url: 'http://127.0.0.1:9' })
    const watch = () => follower.watch({ transactionId: mint, fromHeight: 0, ...change }, () => {})
    expect(watch).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option }),
      }),
    )
  })
})

describe('a node that does not serve what is needed', () => {
  it('is asked for each transaction when it never tells the results of a sealed block', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    chain.intercept((path, response) => {
      if (!path.includes('transaction_results?')) return false
      response.statusCode = 405
      response.end()
      return true
    })
    chain.grow(1, [mint])
    const [event] = await told(follower, 'sealed')
    expect(event?.outcome).toMatchObject({ transactionId: mint, height: 1, sealed: true })
    expect(follower.reports).toContainEqual({ kind: 'singles', height: 1 })
    expect(chain.requests).toContain(`GET /v1/transaction_results/${mint}`)
  })

  it('is not asked so while the block may still be executed', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    chain.executedTo(0)
    chain.sealedTo(0)
    chain.grow(1, [mint])
    const events = told(follower, 'sealed')
    await chain.asked(/block_height=1$/, 20)
    chain.executedTo(1)
    chain.sealedTo(1)
    await events
    expect(follower.reports).toEqual([])
  })

  it.each([
    ['an id of 63 digits', { _links: { _self: `/v1/transaction_results/${'a'.repeat(63)}` } }],
    ['no link', { _links: {} }],
    ['a block id that is none', { block_id: '' }],
    ['events that are no list, of a watched one', { events: {} }],
  ])('is asked again after a reply with %s', async (_, change) => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    let lies = 2
    chain.intercept((path, response) => {
      if (!path.includes('block_height=1') || lies-- <= 0) return false
      const good = {
        block_id: idOf('block 1 of 0'),
        status: 'Sealed',
        status_code: 0,
        error_message: '',
        computation_used: '7',
        events: [],
        _links: { _self: `/v1/transaction_results/${mint}` },
      }
      response.end(JSON.stringify([{ ...good, ...change }]))
      return true
    })
    chain.grow(1, [mint])
    expect(await told(follower, 'sealed')).toHaveLength(1)
    expect(follower.reports).toMatchObject([
      { kind: 'retry', failures: 1, error: { code: 'ACCESS_NODE_REPLY_INVALID' } },
      { kind: 'retry', failures: 2, error: { code: 'ACCESS_NODE_REPLY_INVALID' } },
    ])
  })

  it('is asked for blocks when they do not come by WebSocket', async () => {
    await using chain = await startFakeChain()
    class Broken {
      constructor() {
        throw new Error('no such thing')
      }
      send() {}
      close() {}
      addEventListener() {}
    }
    using follower = follow(chain, { webSocket: Broken })
    const events = told(follower, 'sealed')
    while (follower.reports.length === 0) await new Promise(setImmediate)
    chain.grow(1, [mint])
    expect(await events).toHaveLength(1)
    expect(follower.reports).toEqual([
      { kind: 'socket-lost', reason: 'the connection failed', failures: 1 },
    ])
  })

  it('is asked again with growing pauses when it fails', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    const times: number[] = []
    chain.intercept((_, response) => {
      times.push(performance.now())
      response.statusCode = 503
      response.end()
      return true
    })
    const events = told(follower, 'sealed')
    await chain.asked(/final/, 5)
    chain.intercept(undefined)
    chain.grow(1, [mint])
    await events
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    for (const [index, pause] of pauses.entries())
      expect(pause).toBeGreaterThanOrEqual(pollMs * 2 ** index - 2)
    expect(follower.stats().retries).toBe(5)
  })
})

describe('onBackwards', () => {
  it('tells of a height that was read before and has another id now', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    keepBusy(follower)
    chain.grow(10)
    await told(follower, 'sealed', idOf('system 10'))
    const change = backwards(follower)
    chain.rollBack(6)
    chain.grow(2)
    expect(await change).toEqual({ height: 8, previousHeight: 10, commonHeight: 6 })
  })

  it('tells of it when the new chain is one block longer', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    keepBusy(follower)
    chain.grow(10)
    await told(follower, 'sealed', idOf('system 10'))
    const change = backwards(follower)
    chain.rollBack(9)
    chain.grow(2)
    expect(await change).toEqual({ height: 11, previousHeight: 10, commonHeight: 9 })
  })

  it('tells of it when the new chain is much longer, and finds what it holds', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    chain.sealedTo(0)
    const events = told(follower, 'sealed')
    chain.grow(10)
    await told(follower, 'executed', idOf('system 10'))
    const change = backwards(follower)
    chain.rollBack(5)
    chain.grow(1, [mint])
    chain.grow(100)
    expect(await change).toEqual({ height: 106, previousHeight: 10, commonHeight: 5 })
    chain.sealedTo(106)
    expect((await events).at(-1)?.outcome).toMatchObject({
      height: 6,
      blockId: idOf('block 6 of 1'),
    })
  })

  it('tells of a chain that began anew, whose blocks are lower and newer', async () => {
    await using chain = await startFakeChain(50)
    using follower = follow(chain)
    keepBusy(follower, 50)
    await reaching(follower, 50)
    chain.grow(4)
    await reaching(follower, 54)
    const change = backwards(follower)
    await using other = await startFakeChain(10)
    chain.intercept((path, response) => {
      fetch(`${other.url}${path}`).then(
        async (reply) => response.writeHead(reply.status).end(await reply.text()),
        () => response.destroy(),
      )
      return true
    })
    expect(await change).toMatchObject({ height: 10, previousHeight: 54, commonHeight: undefined })
  })

  it('ignores a node that lags behind the others', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    let changes = 0
    follower.onBackwards(() => {
      changes += 1
    })
    keepBusy(follower)
    chain.grow(10)
    await reaching(follower, 10)
    for (const height of [9, 7, 10, 3, 2, 1]) chain.lagOnce(height)
    await chain.asked(/final/, 8)
    expect(changes).toBe(0)
    expect(follower.stats()).toMatchObject({ finalizedHeight: 10, retries: 0 })
  })

  it('knows a lagging node by its older block, and refers to the newest one meanwhile', async () => {
    await using chain = await startFakeChain(100)
    using follower = follow(chain, { pollMs: 1_000 })
    let changes = 0
    follower.onBackwards(() => {
      changes += 1
    })
    await follower.wake()
    chain.grow(20)
    keepBusy(follower, 120)
    await reaching(follower, 120)
    chain.lagOnce(110)
    await chain.asked(/final/, 1)
    expect((await follower.wake()).height).toBe(120)
    expect(changes).toBe(0)
  })
})

describe('wake', () => {
  it('shares one request among callers, and tells the block', async () => {
    await using chain = await startFakeChain(7)
    using follower = follow(chain, { pollMs: 1_000 })
    const blocks = await Promise.all(Array.from({ length: 20 }, () => follower.wake()))
    expect(blocks[19]).toEqual({
      id: new Uint8Array(Buffer.from(idOf('block 7 of 0'), 'hex')),
      height: 7,
      timestamp: expect.any(Date),
    })
    await follower.wake()
    expect(chain.requests).toEqual(['GET /v1/blocks?height=final'])
  })

  it('asks again when what it knows is older than one poll', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    await follower.wake()
    const known = performance.now()
    chain.grow(1)
    while (performance.now() - known <= pollMs + 1) await new Promise(setImmediate)
    expect((await follower.wake()).height).toBe(1)
  })

  it('waits for a node that comes back', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    let failures = 2
    chain.intercept((_, response) => {
      if (failures-- <= 0) return false
      response.destroy()
      return true
    })
    expect((await follower.wake()).height).toBe(0)
    expect(follower.stats()).toMatchObject({ retries: 2 })
  })

  it('ends with the reason of a caller who aborts, not of the others', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    const controller = new AbortController()
    const other = follower.wake()
    const waiting = rejectionOf(follower.wake(controller.signal))
    controller.abort('enough')
    expect((await waiting).error).toBe('enough')
    expect((await other).height).toBe(0)
  })

  it.each([
    ['a list', {}],
    ['a block', []],
    ['an id', [{ header: { id: 'x', parent_id: mint, height: '1', timestamp: '2026-07-01' } }]],
    ['a parent', [{ header: { id: mint, height: '1', timestamp: '2026-07-01' } }]],
    ['a time', [{ header: { id: mint, parent_id: mint, height: '1', timestamp: 'now' } }]],
    ['JSON', '<html>'],
  ])('refuses a reply without %s', async (_, body) => {
    await using node = await startAnswering(body)
    using follower = follow(node)
    await expect(follower.wake()).rejects.toMatchObject({ code: 'ACCESS_NODE_REPLY_INVALID' })
  })
})

describe('close', () => {
  it('ends waiting calls at once, and refuses new ones', async () => {
    await using node = await startSocketServer(() => undefined)
    using follower = follow(node)
    const waiting = rejectionOf(follower.wake())
    keepBusy(follower)
    follower.close()
    follower.close()
    const { error, elapsedMs } = await waiting
    expect(error).toMatchObject({ code: 'INVALID_OPTION', context: { option: 'blockFollower' } })
    expect(elapsedMs).toBeLessThan(inTime(0))
    await expect(follower.wake()).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    expect(() => keepBusy(follower)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  it('leaves no timer, also when the last watch ends', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain, { pollMs: 100_000 })
    const timers = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const stop = keepBusy(follower)
    await reaching(follower, 0)
    chain.grow(1)
    while (timers() <= before) await new Promise(setImmediate)
    stop()
    while (timers() > before) await new Promise(setImmediate)
    expect(follower.stats().watched).toBe(0)
  })

  it('asks for nothing while nothing is watched', async () => {
    await using chain = await startFakeChain()
    using follower = follow(chain)
    const stop = keepBusy(follower)
    await reaching(follower, 0)
    stop()
    const { requests } = follower.stats()
    const until = performance.now() + 10 * pollMs
    while (performance.now() < until) await new Promise(setImmediate)
    expect(follower.stats().requests).toBeLessThanOrEqual(requests + 2) // those under way
  })
})
