/** One POST, and what its reply proves. @module */
import { postTransaction, prepareTransaction } from '../../../src/flow/post-transaction.ts'
import { ANSWERS_MS } from '../../support/limits.ts'
import { sampleTransaction } from '../crypto/transactions.ts'
import { rejectionOf, startAnswering, startServer, startSocketServer } from './servers.ts'

const at = (url: string) => ({ url, timeoutMs: ANSWERS_MS })
const prepared = prepareTransaction(sampleTransaction)
const { transactionId } = prepared

describe('prepareTransaction', () => {
  it('refuses what a node would misread', () => {
    const odd = { ...sampleTransaction, referenceBlockId: new Uint8Array(31) }
    expect(() => prepareTransaction(odd)).toThrow(
      expect.objectContaining({ code: 'MALFORMED_TRANSACTION' }),
    )
  })
})

describe('postTransaction', () => {
  const wrapped = 'Invalid Flow argument: invalid transaction: unknown reference block'
  const expired = 'Invalid Flow request: transaction is expired: ref_height=1 final_height=900'
  const executing = `Invalid Flow request: pending block with ID ${transactionId} is currently being executed`
  const again = `Invalid Flow request: transaction with ID ${transactionId} has already been submitted`
  const stored = 'Invalid Flow request: failed to store transaction: no space left on device'
  const other = again.replace(transactionId, 'ab'.repeat(32))
  it.each([
    [200, {}, 'taken', ''],
    [201, { id: 'x' }, 'taken', ''],
    [500, { message: again }, 'taken', ''],
    [400, { message: wrapped }, 'refused', wrapped],
    [500, { message: expired }, 'refused', expired],
    [500, { message: executing }, 'busy', executing],
    [429, { message: 'slow down' }, 'limited', 'slow down'],
    [429, '<html>', 'limited', 'HTTP 429'],
    [401, { message: wrapped }, 'denied', wrapped],
    [403, { message: 'no' }, 'denied', 'no'],
    [403, '<html>', 'denied', 'HTTP 403'],
    [404, {}, 'denied', 'HTTP 404'],
    [405, {}, 'denied', 'HTTP 405'],
    [
      413,
      { message: 'request size exceeds maximum allowed' },
      'denied',
      'request size exceeds maximum allowed',
    ],
    [451, '', 'denied', 'HTTP 451'],
    [400, { message: 'invalid signature' }, 'unknown', 'invalid signature'],
    [400, { message: 'Bad Request' }, 'unknown', 'Bad Request'],
    [400, '<html>', 'unknown', 'HTTP 400'],
    [400, { message: { wrapped } }, 'unknown', 'HTTP 400'],
    [400, { error: wrapped }, 'unknown', 'HTTP 400'],
    [400, `{"message":"${wrapped}`, 'unknown', 'HTTP 400'],
    [500, { message: wrapped }, 'unknown', wrapped],
    [500, { message: stored }, 'unknown', stored],
    [500, { message: other }, 'unknown', other],
    [500, { message: 'context deadline exceeded' }, 'unknown', 'context deadline exceeded'],
    [408, {}, 'unknown', 'HTTP 408'],
    [502, '<html>', 'unknown', 'HTTP 502'],
    [503, { message: expired }, 'unknown', expired],
    [504, {}, 'unknown', 'HTTP 504'],
    [200, '<html>', 'unknown', 'HTTP 200'],
  ])('reads %d with %j as %s', async (status, reply, verdict, reason) => {
    await using node = await startAnswering(reply, status)
    const result = await postTransaction(at(node.url), prepared)
    expect(result).toMatchObject({ verdict, reason, status, retryAfterMs: undefined })
    expect(result.error === undefined).toBe(verdict === 'taken')
    expect(result.refusal).toBe(verdict === 'refused' ? 'stale' : undefined)
    expect(node.requests).toEqual(['POST /v1/transactions'])
  })

  const million = 'x'.repeat(1_000_000)
  const parsing =
    'Invalid Flow argument: invalid transaction: failed to parse transaction Cadence script: '
  it.each([
    [400, `${parsing}${million}`, 'refused'],
    [400, `${million}${parsing}`, 'unknown'],
    [403, million, 'denied'],
    [429, million, 'limited'],
    [500, million, 'unknown'],
    [500, `${executing}${million}`, 'unknown'],
  ])(
    'tells a thousand characters of a long reply, read whole: %d',
    async (status, text, verdict) => {
      await using node = await startAnswering({ message: text }, status)
      const result = await postTransaction(at(node.url), prepared)
      expect(result).toMatchObject({ verdict, reason: text.slice(0, 1_000) })
      expect(JSON.stringify(result.error).length).toBeLessThan(2_000)
    },
  )

  it('cuts no character in two', async () => {
    const message = `${'x'.repeat(999)}\u{1f600}`
    await using node = await startAnswering({ message }, 500)
    const { reason } = await postTransaction(at(node.url), prepared)
    expect(reason).toBe('x'.repeat(999))
  })

  it.each([
    ['7', 7_000, 7_000],
    [new Date(Date.now() + 60_000).toUTCString(), 50_000, 60_000],
    [new Date(0).toUTCString(), 0, 0],
  ])('tells how long the node asks to wait: %s', async (header, least, most) => {
    await using node = await startServer((response) => {
      response.writeHead(429, { 'retry-after': header }).end('{}')
    })
    const { verdict, retryAfterMs } = await postTransaction(at(node.url), prepared)
    expect(verdict).toBe('limited')
    expect(retryAfterMs).toBeGreaterThanOrEqual(least)
    expect(retryAfterMs).toBeLessThanOrEqual(most)
  })

  it('tells nothing of a wait that cannot be read', async () => {
    await using node = await startServer((response) => {
      response.writeHead(429, { 'retry-after': 'soon' }).end('{}')
    })
    expect((await postTransaction(at(node.url), prepared)).retryAfterMs).toBeUndefined()
  })

  it('knows nothing when the reply is lost, and does not send again', async () => {
    await using node = await startServer((response) => response.socket?.resetAndDestroy())
    expect(await postTransaction(at(node.url), prepared)).toMatchObject({
      verdict: 'unknown',
      status: undefined,
      error: { code: 'ACCESS_NODE_UNREACHABLE' },
    })
    expect(node.requests).toHaveLength(1)
  })

  it('knows nothing when the caller aborts under way', async () => {
    await using node = await startSocketServer(() => undefined)
    const controller = new AbortController()
    const posting = postTransaction(at(node.url), prepared, { signal: controller.signal })
    while (node.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
    controller.abort('enough')
    expect(await posting).toMatchObject({ verdict: 'unknown', error: 'enough' })
  })

  it('sends nothing for a caller who aborted before', async () => {
    await using node = await startAnswering({})
    const { error } = await rejectionOf(
      postTransaction(at(node.url), prepared, { signal: AbortSignal.abort('enough') }),
    )
    expect(error).toBe('enough')
    expect(node.requests).toEqual([])
  })

  it('keeps its connection: 100 POSTs in a row use one or two', async () => {
    await using node = await startServer((response, count) => {
      response.statusCode = count % 3 === 0 ? 400 : 200
      response.end(JSON.stringify({ message: 'x'.repeat(count) }))
    })
    for (let index = 0; index < 100; index++) await postTransaction(at(node.url), prepared)
    expect(node.requests).toHaveLength(100)
    expect(node.connections()).toBeLessThanOrEqual(2)
  })
})
