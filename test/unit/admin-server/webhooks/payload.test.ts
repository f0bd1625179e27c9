import { webhookBody } from '../../../../examples/admin-server/src/webhooks/payload.ts'

const over = {
  requestId: 'rq_1',
  function: 'mint',
  state: 'partly-failed',
  items: { count: 3, done: 2, failed: 1 },
  transactionIds: ['ab', 'cd'],
  occurredAt: new Date(1_700_000_000_000),
} as const

describe('webhookBody', () => {
  it('says which request is over, and how', () => {
    expect(JSON.parse(webhookBody(over))).toEqual({
      type: 'request.partly-failed',
      requestId: 'rq_1',
      function: 'mint',
      state: 'partly-failed',
      items: { count: 3, done: 2, failed: 1 },
      transactionIds: ['ab', 'cd'],
      occurredAt: '2023-11-14T22:13:20.000Z',
    })
  })

  it('names each transaction once, and 100 at most', () => {
    const ids = Array.from({ length: 150 }, (_, index) => index.toString(16).padStart(64, '0'))
    const body = webhookBody({ ...over, transactionIds: ids.flatMap((id) => [id, id]) })
    expect(JSON.parse(body)).toMatchObject({ transactionIds: ids.slice(0, 100) })
    expect(Buffer.byteLength(body)).toBeLessThan(16_384)
  })

  it('passes on nothing else that an object carries', () => {
    const more = { requester: 'canary', idempotencyKey: 'canary', webhookUrl: 'canary' }
    const items = { ...over.items, arguments: 'canary' }
    expect(webhookBody({ ...over, ...more, items })).not.toContain('canary')
  })
})
