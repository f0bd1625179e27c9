/** Access nodes that hang, reset, redirect, answer something else or too much. @module */
import { gzipSync } from 'node:zlib'
import { type NodeConnection, requestNode } from '../../../src/flow/http.ts'
import { holdClock } from '../../support/held-clock.ts'
import { ANSWERS_MS } from '../../support/limits.ts'
import { rejectionOf, startAnswering, startServer, startSocketServer } from './servers.ts'

const connection = (url: string, timeoutMs = ANSWERS_MS): NodeConnection => ({ url, timeoutMs })
const get = { path: 'accounts/0102030405060708' }
const post = { path: 'transactions', body: { payer: '0102030405060708' } }

describe('requestNode', () => {
  it('asks for the path under /v1', async () => {
    await using node = await startAnswering({ ok: true })
    expect(await requestNode(connection(node.url), get)).toEqual({
      status: 200,
      json: { ok: true },
    })
    expect(node.requests).toEqual(['GET /v1/accounts/0102030405060708'])
  })

  it.each([400, 404, 500])('gives back a status of %d with a JSON body', async (status) => {
    await using node = await startAnswering({ code: status, message: 'no' }, status)
    const reply = await requestNode(connection(node.url), get)
    expect(reply).toEqual({ status, json: { code: status, message: 'no' } })
  })

  it('ends in time on a node that accepts and never answers', async () => {
    await using node = await startSocketServer(() => undefined)
    using clock = holdClock()
    const { error, elapsedMs } = await clock.passUntil(
      rejectionOf(requestNode(connection(node.url, 400), get)),
    )
    expect(error).toMatchObject({ code: 'ACCESS_NODE_UNREACHABLE', disposition: 'retry' })
    expect(elapsedMs).toBeLessThan(1.1 * 400)
  })

  it('ends in time on a node that begins a body and stops', async () => {
    await using node = await startServer((response) => response.write('{"address":'))
    using clock = holdClock()
    const { error, elapsedMs } = await clock.passUntil(
      rejectionOf(requestNode(connection(node.url, 400), get)),
    )
    expect(error).toMatchObject({ code: 'ACCESS_NODE_UNREACHABLE' })
    expect(elapsedMs).toBeLessThan(1.1 * 400)
  })

  it('ends in time on a node that sends a byte now and then', async () => {
    await using node = await startServer((response) => {
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    })
    using clock = holdClock()
    const { error, elapsedMs } = await clock.passUntil(
      rejectionOf(requestNode(connection(node.url, 400), get)),
    )
    expect(error).toMatchObject({ code: 'ACCESS_NODE_UNREACHABLE' })
    expect(elapsedMs).toBeLessThan(1.1 * 400)
  })

  it('tries a GET again on a node that resets, and tells the code of the socket', async () => {
    await using node = await startSocketServer((socket) => socket.resetAndDestroy())
    using clock = holdClock()
    const { error, elapsedMs } = await clock.passBetweenRequests(() =>
      rejectionOf(requestNode(connection(node.url, 400), get)),
    )
    expect(error).toMatchObject({
      code: 'ACCESS_NODE_UNREACHABLE',
      context: { reason: expect.stringMatching(/^(ECONNRESET|UND_ERR_SOCKET)$/) },
    })
    expect(node.connections()).toBeGreaterThan(1)
    expect(elapsedMs).toBeLessThan(1.1 * 400)
  })

  it('ends in time when nobody listens', async () => {
    const gone = await startAnswering({})
    await gone[Symbol.asyncDispose]()
    using clock = holdClock()
    const { error, elapsedMs } = await clock.passBetweenRequests(() =>
      rejectionOf(requestNode(connection(gone.url, 400), get)),
    )
    expect(error).toMatchObject({
      code: 'ACCESS_NODE_UNREACHABLE',
      context: { reason: 'ECONNREFUSED' },
    })
    expect(elapsedMs).toBeLessThan(1.1 * 400)
  })

  it.each([408, 429, 502, 503, 504])(
    'tries a GET again after %d, whatever its body',
    async (status) => {
      await using node = await startServer((response, count) => {
        response.statusCode = count < 3 ? status : 200
        response.end(count < 3 ? '<html>' : '{"ok":true}')
      })
      const reply = await requestNode(connection(node.url), get)
      expect(reply.json).toEqual({ ok: true })
      expect(node.requests).toHaveLength(3)
    },
  )

  it('tries a GET again after a reset', async () => {
    await using node = await startServer((response, count) => {
      if (count === 1) response.socket?.resetAndDestroy()
      else response.end('{"ok":true}')
    })
    expect((await requestNode(connection(node.url), get)).json).toEqual({ ok: true })
  })

  it.each([408, 429, 502, 503, 504])('never repeats a POST, not after %d', async (status) => {
    await using node = await startAnswering({}, status)
    const posting = requestNode(connection(node.url), post)
    await expect(posting).rejects.toMatchObject({ code: 'ACCESS_NODE_UNREACHABLE' })
    expect(node.requests).toEqual(['POST /v1/transactions'])
  })

  it('never repeats a POST, not after a reset', async () => {
    await using node = await startServer((response) => response.socket?.resetAndDestroy())
    const posting = requestNode(connection(node.url), post)
    await expect(posting).rejects.toMatchObject({ code: 'ACCESS_NODE_UNREACHABLE' })
    expect(node.requests).toHaveLength(1)
  })

  const notJson: readonly (readonly [string, string])[] = [
    ['HTML', '<html><title>Sign in</title></html>'],
    ['an empty body', ''],
    ['truncated JSON', '{"address":"01'],
    ['NaN', 'NaN'],
    ['two values', '{}{}'],
  ]
  it.each(notJson)('refuses %s with 200, once', async (_, body) => {
    await using node = await startAnswering(body)
    const { error } = await rejectionOf(requestNode(connection(node.url), get))
    expect(error).toMatchObject({ code: 'ACCESS_NODE_REPLY_INVALID', disposition: 'refuse' })
    expect(String(error)).not.toContain('Sign in')
    expect(node.requests).toHaveLength(1)
  })

  it('refuses a body of more than 16 MiB', async () => {
    let sent = 0
    await using node = await startServer((response) => {
      const chunk = Buffer.alloc(1024 * 1024, 0x20)
      const more = () => {
        while (sent < 200 && !response.destroyed) {
          sent += 1
          if (!response.write(chunk)) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    })
    const { error } = await rejectionOf(requestNode(connection(node.url), get))
    expect(error).toMatchObject({ code: 'ACCESS_NODE_REPLY_INVALID' })
    expect(sent).toBeLessThan(100)
  })

  it('refuses a gzip bomb', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    await using node = await startServer((response) => {
      response.setHeader('content-encoding', 'gzip')
      response.end(bomb)
    })
    const { error } = await rejectionOf(requestNode(connection(node.url), get))
    expect(error).toMatchObject({ code: 'ACCESS_NODE_REPLY_INVALID' })
  })

  it('ends in time on junk that claims to be gzip', async () => {
    await using node = await startServer((response) => {
      response.setHeader('content-encoding', 'gzip')
      response.end('junk')
    })
    using clock = holdClock()
    const { error, elapsedMs } = await clock.passUntil(
      rejectionOf(requestNode(connection(node.url, 400), get)),
    )
    expect(error).toMatchObject({ code: expect.stringMatching(/^ACCESS_NODE_/) })
    expect(elapsedMs).toBeLessThan(1.1 * 400)
  })

  it('does not parse depth into a crash', async () => {
    await using node = await startAnswering('['.repeat(100_000) + ']'.repeat(100_000))
    const outcome = await requestNode(connection(node.url), get).catch((thrown: unknown) => thrown)
    expect(outcome).toEqual(
      expect.objectContaining(
        outcome instanceof Error ? { code: 'ACCESS_NODE_REPLY_INVALID' } : { status: 200 },
      ),
    )
  })

  it.each([301, 302, 307, 308])('follows no redirect of %d', async (status) => {
    await using other = await startAnswering({ stolen: true })
    await using node = await startServer((response) => {
      response.writeHead(status, { location: `${other.url}/v1/elsewhere` }).end()
    })
    for (const request of [get, post]) {
      const { error } = await rejectionOf(requestNode(connection(node.url), request))
      expect(error).toMatchObject({
        code: 'ACCESS_NODE_REPLY_INVALID',
        context: { reason: expect.stringContaining(`HTTP ${status} redirects to ${other.url}, `) },
      })
    }
    expect(other.requests).toEqual([])
    expect(node.connections()).toBeLessThanOrEqual(2) // it is not asked again
  })

  it.each([
    ['/elsewhere?token=secret', 'another path'],
    ['http://[', 'nowhere'],
    ['https://user:secret@login.example/secret', 'https://login.example'],
  ])('shows of a redirect to %j no more than the host', async (location, place) => {
    await using node = await startServer((response) => response.writeHead(302, { location }).end())
    const { error } = await rejectionOf(requestNode(connection(node.url), get))
    expect(error).toMatchObject({
      context: { reason: expect.stringContaining(`redirects to ${place}, `) },
      message: expect.not.stringContaining('secret'),
    })
  })

  it('tells a port of gRPC, which answers with the preface of HTTP/2, as what it is', async () => {
    const settings = Buffer.from('000006040000000000000400004000', 'hex')
    await using node = await startSocketServer((socket) => socket.write(settings))
    const { error } = await rejectionOf(requestNode(connection(node.url), get))
    expect(error).toMatchObject({
      code: 'ACCESS_NODE_REPLY_INVALID',
      context: { reason: expect.stringMatching(/^HPE_\w+: .*gRPC$/) },
    })
  })

  it('rejects with the reason of a caller who aborts', async () => {
    await using node = await startSocketServer(() => undefined)
    const controller = new AbortController()
    using _clock = holdClock() // no time passes
    const asking = rejectionOf(
      requestNode(connection(node.url), { ...get, signal: controller.signal }),
    )
    controller.abort('enough')
    expect((await asking).error).toBe('enough')
  })

  it('asks nothing for a caller who has aborted', async () => {
    await using node = await startAnswering({})
    const signal = AbortSignal.abort('enough')
    const { error } = await rejectionOf(requestNode(connection(node.url), { ...get, signal }))
    expect(error).toBe('enough')
    expect(node.requests).toEqual([])
  })
})
