/** Each fault of the proxy, as a client sees it and as the target does. @module */
import { type Decide, type Fault, startFaultProxy } from '../support/fault-proxy.ts'
import { startServer } from '../unit/flow/servers.ts'

const whole = JSON.stringify({ answer: 'x'.repeat(1_000) })

async function open(decide?: Decide) {
  const target = await startServer((response) => response.end(whole))
  const proxy = await startFaultProxy({ target: target.url })
  proxy.setFault(decide)
  return {
    target,
    proxy,
    /** What comes, or which code it fails with. */
    async post(signal?: AbortSignal) {
      const options = { method: 'POST', body: 'asked', ...(signal === undefined ? {} : { signal }) }
      try {
        const response = await fetch(`${proxy.url}/v1/things?limit=1`, options)
        return { status: response.status, text: await response.text() }
      } catch {
        return 'no answer'
      }
    },
    async [Symbol.asyncDispose]() {
      await proxy.stop()
      await target[Symbol.asyncDispose]()
    },
  }
}

describe('the fault proxy', () => {
  const rows: readonly (readonly [Fault | undefined, unknown, number])[] = [
    [undefined, { status: 200, text: whole }, 1],
    [{ kind: 'latency', ms: 5 }, { status: 200, text: whole }, 1],
    [{ kind: 'reset-before' }, 'no answer', 0],
    [{ kind: 'half-close' }, 'no answer', 0],
    [{ kind: 'lose-reply' }, 'no answer', 1],
    [{ kind: 'truncate', bytes: 100 }, 'no answer', 1],
    [{ kind: 'status', status: 503, body: 'later' }, { status: 503, text: 'later' }, 0],
    [{ kind: 'body', body: '<html>' }, { status: 200, text: '<html>' }, 0],
    [{ kind: 'rewrite', fn: (text) => text.slice(0, 9) }, { status: 200, text: '{"answer"' }, 1],
  ]
  it.each(rows)('does %j', async (fault, answer, forwarded) => {
    await using used = await open(() => fault)
    expect(await used.post()).toEqual(answer)
    expect(used.target.requests).toHaveLength(forwarded)
    expect([...used.proxy.requests]).toEqual([['POST /v1/things', 1]])
  })

  it('never answers from a black hole, and sees the client leave', async () => {
    await using used = await open(() => ({ kind: 'blackhole' }))
    expect(await used.post(AbortSignal.timeout(50))).toBe('no answer')
    await used.proxy.idle()
    expect(used.target.requests).toEqual([])
  })

  it('decides on method, path, body and number, and anew when it is told another fault', async () => {
    const seen: unknown[] = []
    const note: Decide = ({ method, path, body, index }) => {
      seen.push([method, path, String(body), index])
      return undefined
    }
    await using used = await open(note)
    await used.post()
    await used.post()
    used.proxy.setFault(note)
    await used.post()
    expect(seen).toEqual([0, 1, 0].map((at) => ['POST', '/v1/things?limit=1', 'asked', at]))
  })

  it('has no answer when its target is gone', async () => {
    await using used = await open()
    await used.target[Symbol.asyncDispose]()
    expect(await used.post()).toBe('no answer')
  })
})
