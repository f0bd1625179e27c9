/** Following one of several nodes: the first that works, whatever is wrong with the others. @module */
import type { ServerResponse } from 'node:http'
import {
  type BlockFollowerOptions,
  createBlockFollower,
  type FollowerReport,
} from '../../../src/flow/block-follower.ts'
import type { WatchEvent } from '../../../src/flow/block-watch.ts'
import { until } from '../../support/until.ts'
import { type FakeChain, idOf, startFakeChain } from './chains.ts'

const mint = idOf('a mint')

/** Nodes of one chain: blocks of the same height have the same id at each. */
function follow(chains: readonly FakeChain[], options: Partial<BlockFollowerOptions> = {}) {
  const reports: FollowerReport[] = []
  const [first, ...others] = chains.map(({ url }) => ({ url, timeoutMs: 10_000 }))
  if (first === undefined) throw new Error('no node')
  const follower = createBlockFollower({
    nodes: [first, ...others],
    pollMs: 5,
    webSocket: false,
    onReport: (report) => reports.push(report),
    ...options,
  })
  const names = new Map(chains.map(({ url }, index) => [url, 'abc'[index]]))
  return {
    ...follower,
    names: () => [follower.node(), ...follower.others()].map(({ url }) => names.get(url)).join(''),
    news: () =>
      reports.flatMap((report) =>
        report.kind === 'node-left'
          ? `${names.get(report.accessNode)} ${report.reason}`
          : report.kind === 'node-back'
            ? `${names.get(report.accessNode)} back`
            : [],
      ),
    reports,
    told(id = mint, fromHeight = 0) {
      const events: WatchEvent[] = []
      return new Promise<readonly WatchEvent[]>((resolve) => {
        follower.watch({ transactionId: id, fromHeight }, (event) => {
          events.push(event)
          if (event.kind === 'sealed') resolve(events)
        })
      })
    },
    [Symbol.dispose]: () => follower.close(),
  }
}
const keepBusy = ({ watch }: Pick<ReturnType<typeof follow>, 'watch'>) =>
  watch({ transactionId: idOf('never'), fromHeight: 0 }, () => undefined)
const refuseResults = (chain: FakeChain) =>
  chain.intercept((path, response) => {
    if (!path.includes('transaction_results?')) return false
    response.statusCode = 404
    response.end('{"code":404,"message":"page not found"}')
    return true
  })
const breakDown = (chain: FakeChain) =>
  chain.intercept((_, response) => {
    response.destroy()
    return true
  })

describe('the first of two nodes', () => {
  it('is left when it stands still, told, and taken back when it has caught up', async () => {
    await using a = await startFakeChain()
    await using b = await startFakeChain()
    using follower = follow([a, b])
    b.grow(50, [mint])
    const [event] = await follower.told()
    expect(event?.outcome.height).toBe(50)
    expect(follower.news()).toEqual(['a frozen'])
    expect(follower.names()).toBe('ba')
    keepBusy(follower)
    a.grow(50, [mint])
    await until(() => follower.names() === 'ab')
    expect(follower.news()).toEqual(['a frozen', 'a back'])
    expect(follower.reports.every(({ kind }) => kind.startsWith('node-'))).toBe(true)
  })

  it('is left when it is far behind though it moves', async () => {
    await using a = await startFakeChain()
    await using b = await startFakeChain()
    using follower = follow([a, b])
    b.grow(5_000)
    const stop = keepBusy(follower)
    a.intercept((path) => {
      if (path.endsWith('height=final')) a.grow(1)
      return false
    })
    await until(() => follower.names() === 'ba')
    stop()
    expect(follower.news()).toEqual(['a stale'])
  })

  it('is left when it does not tell the results of blocks, and no single one is asked for', async () => {
    await using a = await startFakeChain()
    await using b = await startFakeChain()
    using follower = follow([a, b])
    refuseResults(a)
    for (const chain of [a, b]) chain.grow(3, [mint])
    const [event] = await follower.told()
    expect(event?.outcome.height).toBe(3)
    expect(follower.news()).toEqual(['a unable'])
    expect(follower.reports).not.toContainEqual(expect.objectContaining({ kind: 'singles' }))
    a.intercept(undefined)
    keepBusy(follower)
    await until(() => follower.names() === 'ab')
    expect(follower.news()).toEqual(['a unable', 'a back'])
  })

  it('is followed by single results when the other one cannot tell more', async () => {
    await using a = await startFakeChain()
    await using b = await startFakeChain()
    using follower = follow([a, b])
    for (const chain of [a, b]) {
      refuseResults(chain)
      chain.grow(3, [mint])
    }
    const [event] = await follower.told()
    expect(event?.outcome).toMatchObject({ height: 3, sealed: true })
    expect(follower.reports).toContainEqual({ kind: 'singles', height: 1 })
  })

  it('is followed by single results while the other one is away', async () => {
    await using a = await startFakeChain()
    await using b = await startFakeChain()
    using follower = follow([a, b])
    refuseResults(a)
    breakDown(b)
    a.grow(3, [mint])
    const [event] = await follower.told()
    expect(event?.outcome).toMatchObject({ height: 3, sealed: true })
    expect(follower.names()).toBe('ab')
  })

  it('is left for one that is back and tells the results of blocks', async () => {
    await using a = await startFakeChain()
    await using b = await startFakeChain()
    using follower = follow([a, b])
    refuseResults(a)
    breakDown(b)
    for (const chain of [a, b]) chain.grow(3)
    keepBusy(follower)
    await until(() => follower.reports.some(({ kind }) => kind === 'singles'))
    b.intercept(undefined)
    await until(() => b.requests.some((path) => path.includes('transaction_results?')))
    expect(follower.names()).toBe('ba')
  })

  it('is left when it answers with something else', async () => {
    await using a = await startFakeChain()
    await using b = await startFakeChain()
    using follower = follow([a, b])
    a.intercept((_, response) => {
      response.statusCode = 401
      response.end('{"message":"unauthorized"}')
      return true
    })
    b.grow(3, [mint])
    expect((await follower.wake()).height).toBe(3)
    expect(follower.names()).toBe('ba')
    expect(await follower.told()).toHaveLength(1)
    a.intercept(undefined)
    a.grow(3, [mint])
    keepBusy(follower)
    await until(() => follower.names() === 'ab')
    expect(follower.news()).toEqual(['a unable', 'a back'])
  })

  it('is left when it does not answer, and taken back when it does', async () => {
    await using a = await startFakeChain()
    await using b = await startFakeChain()
    using follower = follow([a, b])
    breakDown(a)
    b.grow(3, [mint])
    expect(await follower.told()).toHaveLength(1)
    expect(follower.names()).toBe('ba')
    a.intercept(undefined)
    a.grow(3, [mint])
    keepBusy(follower)
    await until(() => follower.names() === 'ab')
    expect(follower.news()).toEqual(['a unreachable', 'a back'])
  })
})

describe('an outcome', () => {
  it('names the node that told it, though another one is followed when it comes', async () => {
    await using a = await startFakeChain()
    await using b = await startFakeChain()
    using follower = follow([a, b])
    const held: ServerResponse[] = []
    a.intercept((path, response) => {
      const [, height] = /transaction_results\?block_height=(\d+)$/.exec(path) ?? []
      if (height === '2') held.push(response)
      if (height === '3') response.destroy()
      return height === '2' || height === '3'
    })
    for (const chain of [a, b]) {
      chain.grow(2, [mint])
      chain.grow(1)
    }
    const events = follower.told()
    await until(() => held.length > 0 && follower.names() === 'ba')
    a.intercept(undefined)
    const late = await fetch(`${a.url}/v1/transaction_results?block_height=2`)
    held[0]?.end(await late.text())
    const [event] = await events
    expect(event).toMatchObject({ kind: 'sealed', outcome: { height: 2 } })
    expect(event?.toldBy.url).toBe(a.url)
    expect(follower.news()).toEqual(['a unreachable'])
  })

  it('names the node that told it by its id alone', async () => {
    await using a = await startFakeChain()
    await using b = await startFakeChain()
    using follower = follow([a, b])
    refuseResults(a)
    breakDown(b)
    a.grow(3, [mint])
    const [event] = await follower.told()
    expect(event?.toldBy.url).toBe(a.url)
  })
})

it('refuses the same node twice, which would be its own second opinion', () => {
  const nodes = ['http://a.example', 'http://A.example:80'].map((url) => ({ url, timeoutMs: 100 }))
  const [first, second] = nodes
  if (first === undefined || second === undefined) throw new Error('no nodes')
  expect(() => createBlockFollower({ nodes: [first, second] })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION' }),
  )
})

describe('the others', () => {
  it('are asked in their order, and last those that do not work', async () => {
    await using a = await startFakeChain()
    await using b = await startFakeChain()
    await using c = await startFakeChain()
    using follower = follow([a, b, c])
    expect(follower.names()).toBe('abc')
    breakDown(b)
    keepBusy(follower)
    await until(() => follower.names() === 'acb')
    b.intercept(undefined)
    await until(() => follower.names() === 'abc')
    expect(follower.news()).toEqual(['b unreachable', 'b back'])
  })

  it('are looked at while nothing is watched too, when a block is asked for', async () => {
    await using a = await startFakeChain()
    await using b = await startFakeChain()
    using follower = follow([a, b])
    b.grow(100)
    await until(async () => (await follower.wake()).height === 100)
    expect(follower.news()).toEqual(['a frozen'])
  })
})

describe('a single node', () => {
  it('that tells no new block is told of again and again, and followed', async () => {
    await using chain = await startFakeChain(7)
    using follower = follow([chain], { silentMs: 20 })
    const events = follower.told(mint, 7)
    const silences = () => follower.reports.filter(({ kind }) => kind === 'silent')
    await until(() => silences().length >= 3)
    expect(silences()[0]).toMatchObject({
      error: { code: 'ACCESS_NODE_STALE', context: { accessNode: chain.url, height: 7 } },
    })
    chain.grow(1, [mint])
    expect(await events).toHaveLength(1)
  })

  it('tells how far it is sealed though it tells no results of blocks', async () => {
    await using chain = await startFakeChain()
    using follower = follow([chain])
    refuseResults(chain)
    keepBusy(follower)
    chain.grow(1)
    await until(() => follower.reports.some(({ kind }) => kind === 'singles'))
    chain.grow(900)
    await until(() => follower.stats().sealedHeight === 901)
  })
})

it('hears of no blocks by WebSocket from a node that must first say its chain', async () => {
  await using chain = await startFakeChain()
  let opened = 0
  class CountedSocket {
    constructor() {
      opened += 1
    }
    send() {}
    close() {}
    addEventListener() {}
  }
  const admit = async () => undefined
  const follower = createBlockFollower({
    nodes: [{ url: chain.url, timeoutMs: 10_000, admit }],
    pollMs: 5,
    webSocket: CountedSocket,
  })
  keepBusy(follower)
  await until(() => chain.requests.length > 30)
  expect(opened).toBe(0)
  follower.close()
})
