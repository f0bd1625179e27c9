/** Which node is followed, by a clock of the test. @module */
import { createNodeRoster, type NodeNews } from '../../../src/flow/node-roster.ts'

const at = (name: string) => ({ url: `http://${name}`, timeoutMs: 100 })
const [a, b, c] = [at('a'), at('b'), at('c')]

function roster(nodes: Parameters<typeof createNodeRoster>[0] = [a, b, c]) {
  const news: NodeNews[] = []
  let now = 0
  let switches = 0
  const told = {
    onNews: (one: NodeNews) => void news.push(one),
    onSwitch: () => void switches++,
  }
  const made = createNodeRoster(nodes, told, () => now)
  return {
    ...made,
    news,
    switches: () => switches,
    wait(ms: number) {
      now += ms
    },
    /** In the order of a, b, c. */
    heights: (...heights: readonly (number | 'unreachable' | 'unable')[]) =>
      made.compare(nodes.map((node, index) => ({ node, height: heights[index] ?? 0 }))),
    names: () => [made.followed(), ...made.others()].map(({ url }) => url.at(-1)).join(''),
  }
}

describe('a roster of nodes', () => {
  it('follows the first, and names the others in their order', () => {
    expect(roster().names()).toBe('abc')
  })

  it('leaves one that does not answer for the next, and asks it last', () => {
    const nodes = roster()
    expect(nodes.leave(a, 'unreachable')).toBe(true)
    expect(nodes.names()).toBe('bca')
    expect(nodes.leave(b, 'unreachable')).toBe(true)
    expect(nodes.names()).toBe('cab')
    expect(nodes.switches()).toBe(2)
    expect(nodes.news).toEqual([
      { kind: 'node-left', accessNode: a.url, reason: 'unreachable' },
      { kind: 'node-left', accessNode: b.url, reason: 'unreachable' },
    ])
  })

  it('asks a left one last though it is not the followed one', () => {
    const nodes = roster()
    expect(nodes.leave(b, 'unreachable')).toBe(false)
    expect(nodes.names()).toBe('acb')
    expect(nodes.switches()).toBe(0)
  })

  it('lets all have turns while none answers', () => {
    const nodes = roster()
    const turns = Array.from({ length: 6 }, () => {
      nodes.leave(nodes.followed(), 'unreachable')
      return nodes.names()[0]
    })
    expect(turns).toEqual(['b', 'c', 'a', 'b', 'c', 'a'])
    expect(nodes.news).toHaveLength(3)
    nodes.answered(nodes.followed())
    expect(nodes.news.at(-1)).toEqual({ kind: 'node-back', accessNode: a.url })
  })

  it('does not take back before its rest one whose answer comes late', () => {
    const nodes = roster()
    nodes.leave(a, 'unreachable')
    nodes.wait(160)
    nodes.answered(a)
    expect(nodes.names()).toBe('bca')
    nodes.wait(840)
    nodes.answered(a)
    expect(nodes.names()).toBe('bca')
    nodes.heights(1, 1, 1)
    expect(nodes.names()).toBe('abc')
  })

  it('names one without its path, which may hold a token', () => {
    const nodes = roster([at('a/token'), b])
    nodes.leave(at('a/token'), 'stale')
    nodes.wait(1_000)
    nodes.heights(1, 1)
    expect(nodes.news).toEqual([
      { kind: 'node-left', accessNode: 'http://a/…', reason: 'stale' },
      { kind: 'node-back', accessNode: 'http://a/…' },
    ])
  })

  it('never leaves the only one', () => {
    const nodes = roster([a])
    expect(nodes.leave(a, 'unreachable')).toBe(false)
    nodes.heights('unreachable')
    expect(nodes.news).toEqual([])
    expect(nodes.names()).toBe('a')
  })

  it('leaves one that is more than 20 blocks behind, when it is seen twice', () => {
    const nodes = roster()
    nodes.heights(100, 120, 120)
    nodes.heights(100, 120, 120)
    expect(nodes.names()).toBe('abc')
    nodes.heights(100, 121, 121)
    nodes.heights(101, 123, 123)
    expect(nodes.names()).toBe('bca')
    expect(nodes.news).toEqual([{ kind: 'node-left', accessNode: a.url, reason: 'stale' }])
  })

  it('does not leave one that was behind once', () => {
    const nodes = roster()
    nodes.heights(100, 200, 200)
    nodes.heights(200, 200, 200)
    nodes.heights(200, 300, 300)
    expect(nodes.news).toEqual([])
  })

  it('leaves one that does not answer, or not what it should, when all are asked', () => {
    const nodes = roster()
    nodes.heights('unable', 100, 'unreachable')
    expect(nodes.names()).toBe('bac')
    expect(nodes.news).toEqual([
      { kind: 'node-left', accessNode: a.url, reason: 'unable' },
      { kind: 'node-left', accessNode: c.url, reason: 'unreachable' },
    ])
  })

  it('calls one frozen that did not move in between', () => {
    const nodes = roster()
    nodes.heights(100, 200, 200)
    nodes.heights(100, 240, 240)
    expect(nodes.news).toEqual([{ kind: 'node-left', accessNode: a.url, reason: 'frozen' }])
  })

  it('follows the first again once it has caught up, after a rest that grows', () => {
    const nodes = roster()
    nodes.leave(a, 'unreachable')
    nodes.wait(999)
    nodes.heights(100, 100, 100)
    expect(nodes.names()).toBe('bca')
    nodes.wait(1)
    nodes.heights(100, 100, 100)
    expect(nodes.names()).toBe('abc')
    expect(nodes.news.at(-1)).toEqual({ kind: 'node-back', accessNode: a.url })
    nodes.leave(a, 'unreachable')
    nodes.wait(1_999)
    nodes.heights(100, 100, 100)
    expect(nodes.names()).toBe('bca')
    nodes.wait(1)
    nodes.heights(100, 100, 100)
    expect(nodes.names()).toBe('abc')
  })

  it('rests a minute at most, and begins anew after ten good minutes', () => {
    const nodes = roster()
    const fall = (restMs: number) => {
      nodes.leave(a, 'unreachable')
      nodes.wait(restMs)
      nodes.heights(1, 1, 1)
      return nodes.names()[0]
    }
    for (let times = 0; times < 10; times++) fall(60_000)
    expect(fall(59_999)).toBe('b')
    nodes.wait(1)
    nodes.heights(1, 1, 1)
    nodes.wait(600_001)
    expect(fall(1_000)).toBe('a')
  })

  it('does not take back one that is still behind', () => {
    const nodes = roster()
    nodes.leave(a, 'stale')
    nodes.wait(60_000)
    nodes.heights(100, 200, 200)
    expect(nodes.names()).toBe('bca')
  })

  it('takes back one that was unable only when it was tried', () => {
    const nodes = roster()
    nodes.leave(a, 'unable')
    expect(nodes.toTry()).toEqual([])
    nodes.wait(1_000)
    nodes.heights(100, 100, 100)
    expect(nodes.names()).toBe('bca')
    expect(nodes.toTry()).toEqual([a])
    nodes.tried(a, false)
    expect(nodes.toTry()).toEqual([])
    nodes.wait(60_000)
    nodes.tried(a, true)
    expect(nodes.names()).toBe('abc')
  })

  it('follows one that is unable rather than one that is behind or away', () => {
    const nodes = roster()
    nodes.leave(a, 'frozen')
    nodes.leave(b, 'unreachable')
    expect(nodes.leave(c, 'unable')).toBe(false)
    expect(nodes.names()).toBe('cab')
    nodes.wait(60_000)
    nodes.heights(200, 200, 200)
    expect(nodes.names()).toBe('abc')
  })
})
