import type { ServerResponse } from 'node:http'
import {
  defaultRetryPlan,
  retryPauseMs,
} from '../../../../examples/admin-server/src/webhooks/attempt.ts'
import {
  type ClaimedDelivery,
  claimDelivery,
  settleDelivery,
} from '../../../../examples/admin-server/src/webhooks/delivery-rows.ts'
import { enqueueWebhook, webhookId } from '../../../../examples/admin-server/src/webhooks/outbox.ts'
import { verifyWebhook } from '../../../../examples/admin-server/src/webhooks/signature.ts'
import { until } from '../../../support/until.ts'
import { dripping, startReceiver } from './receiver.ts'
import { openWorld, secret, stoppedClock, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await openWorld({ folder: 'memory://' })
})
afterAll(() => world.database.close())
beforeEach(() => world.clear())

const delivered = async () => (await world.rows()).every(({ delivered_at }) => delivered_at)
const attempted = (attempts: number) => async () =>
  (await world.rows()).every((row) => row.attempts === attempts && row.lease_until === null)

describe('enqueueWebhook', () => {
  it('writes one row for a request and state, and another for another state', async () => {
    for (const state of ['failed', 'failed', 'done'])
      await world.enqueue('rq_1', 'https://hooks.example.com/', state)
    expect(await world.rows()).toMatchObject([
      { id: webhookId('rq_1', 'failed'), attempts: 0 },
      { id: webhookId('rq_1', 'done'), attempts: 0 },
    ])
  })

  it('writes nothing when the transaction of the state does not commit', async () => {
    await world.enqueue('rq_1', 'https://hooks.example.com/')
    const failing = world.database.transaction(async (session) => {
      const event = { requestId: 'rq_1', url: 'https://hooks.example.com/', body: '{}' }
      await enqueueWebhook(session, { ...event, state: 'failed' })
      throw new Error('not committed')
    })
    await expect(failing).rejects.toThrow('not committed')
    expect(await world.rows()).toMatchObject([{ id: webhookId('rq_1', 'done') }])
  })

  it('gives an id that does not depend on when or where', () => {
    expect(webhookId('rq_1', 'done')).toMatch(/^wh_[0-9a-f]{32}$/)
    expect(webhookId('rq_1', 'done')).toBe(webhookId('rq_1', 'done'))
    expect(webhookId('rq_1', 'done')).not.toBe(webhookId('rq_1', 'failed'))
  })
})

describe('startWebhookDelivery', () => {
  it('delivers once, signed, and says so in the row and in the audit trail', async () => {
    await using receiver = await startReceiver()
    await world.enqueue('rq_1', `${receiver.origin}/hook?token=t`)
    await using _ = world.start({ allow: [receiver.origin] })
    await until(delivered)
    expect(receiver.received).toHaveLength(1)
    const [received] = receiver.received
    expect(received).toMatchObject({ method: 'POST', url: '/hook?token=t', body: '{"id":"rq_1"}' })
    expect(received?.headers['webhook-id']).toBe(webhookId('rq_1', 'done'))
    expect(verifyWebhook(secret, received?.headers ?? {}, received?.body ?? '')).toBe(true)
    expect(await world.rows()).toMatchObject([
      {
        attempts: 1,
        lease_until: null,
        given_up_at: null,
        last_status: 204,
        last_error_code: null,
      },
    ])
    expect(await world.audited()).toEqual([
      {
        kind: 'webhook',
        actor: 'server',
        requestIds: ['rq_1'],
        facts: {
          deliveryId: webhookId('rq_1', 'done'),
          state: 'done',
          origin: receiver.origin,
          attempts: 1,
          status: 204,
          errorCode: null,
          result: 'delivered',
        },
      },
    ])
  })

  it('tries again after a failure, later, under the same id with a new time', async () => {
    const clock = stoppedClock()
    await using receiver = await startReceiver((response, index) =>
      index === 0 ? response.destroy() : response.writeHead(index === 1 ? 500 : 200).end(),
    )
    await world.enqueue('rq_1', `${receiver.origin}/x`)
    await using _ = world.start({ allow: [receiver.origin], now: clock.now, random: () => 0 })
    await until(attempted(1))
    const due = new Date(clock.now() + 1_000)
    expect(await world.rows()).toMatchObject([
      { next_attempt_at: due, last_error_code: 'CONNECTION_FAILED', last_status: null },
    ])
    clock.advance(1_000)
    await until(attempted(2))
    expect(await world.rows()).toMatchObject([
      { next_attempt_at: new Date(clock.now() + 3_000), last_error_code: 'HTTP_STATUS' },
    ])
    clock.advance(3_000)
    await until(delivered)
    const headers = receiver.received.map((one) => one.headers)
    expect(new Set(headers.map((one) => one['webhook-id'])).size).toBe(1)
    const times = headers.map((one) => Number(one['webhook-timestamp']))
    const [first = 0] = times
    expect(times).toEqual([first, first + 1, first + 4])
    for (const { headers, body } of receiver.received)
      expect(verifyWebhook(secret, headers, body, { now: clock.now })).toBe(true)
    expect(await world.audited()).toMatchObject([{ facts: { attempts: 3, result: 'delivered' } }])
  })

  it('does not try before the pause is over', async () => {
    const clock = stoppedClock()
    await using receiver = await startReceiver((response) => response.writeHead(500).end())
    await world.enqueue('rq_1', `${receiver.origin}/x`)
    await using _ = world.start({ allow: [receiver.origin], now: clock.now, random: () => 0 })
    await until(attempted(1))
    clock.advance(999)
    await world.enqueue('rq_2', `${receiver.origin}/y`) // is due: it shows that the loop looked
    await until(() => receiver.received.length === 2)
    expect(receiver.received.map(({ url }) => url)).toEqual(['/x', '/y'])
  })

  it('tries again after a receiver took too long', async () => {
    const clock = stoppedClock()
    await using receiver = await startReceiver((response, index) => {
      if (index > 0) response.writeHead(204).end()
    })
    await world.enqueue('rq_1', `${receiver.origin}/x`)
    const post = { totalTimeoutMs: 100 }
    await using _ = world.start({ allow: [receiver.origin], now: clock.now, post })
    await until(attempted(1))
    expect(await world.rows()).toMatchObject([{ last_error_code: 'TIMED_OUT' }])
    await until(async () => {
      clock.advance(1_000) // on a busy machine the next may take too long as well
      return delivered()
    })
    expect(receiver.received.length).toBeGreaterThanOrEqual(2)
  })

  it('gives up after the last attempt, for good', async () => {
    const clock = stoppedClock()
    await using receiver = await startReceiver((response) => response.writeHead(503).end())
    await world.enqueue('rq_1', `${receiver.origin}/x`)
    await using _ = world.start({ allow: [receiver.origin], now: clock.now })
    for (let attempts = 1; attempts <= 12; attempts++) {
      await until(attempted(attempts))
      clock.advance(3_600_000)
    }
    await world.enqueue('rq_2', `${receiver.origin}/y`) // shows that the loop looked
    await until(() => receiver.received.some(({ url }) => url === '/y'))
    expect(receiver.received.filter(({ url }) => url === '/x')).toHaveLength(12)
    const [row] = await world.rows()
    expect(row).toMatchObject({ attempts: 12, delivered_at: null, last_status: 503 })
    expect(row?.given_up_at).not.toBeNull()
    expect(await world.audited()).toMatchObject([
      { kind: 'webhook', requestIds: ['rq_1'], facts: { attempts: 12, result: 'given-up' } },
    ])
  })

  it('gives up without sending when a process died in the last attempt', async () => {
    await using receiver = await startReceiver()
    await world.enqueue('rq_1', `${receiver.origin}/x`)
    await world.database.query(
      `UPDATE webhook_deliveries SET attempts = 12, lease_until = clock_timestamp()`,
    )
    await using _ = world.start({ allow: [receiver.origin] })
    await until(async () => (await world.audited()).length === 1)
    expect(await world.audited()).toMatchObject([
      { facts: { errorCode: 'ABANDONED', result: 'given-up' } },
    ])
    expect(receiver.received).toEqual([])
  })

  it('sends nothing to an origin that was taken off the list, until it is back', async () => {
    const clock = stoppedClock()
    await using receiver = await startReceiver()
    await world.enqueue('rq_1', `${receiver.origin}/x`)
    {
      await using _ = world.start({ allow: ['https://hooks.example.com'], now: clock.now })
      await until(attempted(1))
      expect(await world.rows()).toMatchObject([{ last_error_code: 'ORIGIN_NOT_ALLOWED' }])
    }
    expect(receiver.received).toEqual([])
    clock.advance(1_000)
    await using _ = world.start({ allow: [receiver.origin], now: clock.now })
    await until(delivered)
  })

  it('sends nothing to an allowed name that leads inside', async () => {
    await world.enqueue('rq_1', 'https://hooks.example.com/x')
    const post = { resolve: async () => ['169.254.169.254'] }
    await using _ = world.start({ allow: ['https://hooks.example.com'], post })
    await until(async () => (await world.rows())[0]?.lease_until === null)
    await until(async () => (await world.rows())[0]?.last_error_code !== null)
    expect(await world.rows()).toMatchObject([{ last_error_code: 'ADDRESS_NOT_PUBLIC' }])
  })

  it('delivers each row once when two share the table', async () => {
    await using receiver = await startReceiver()
    const ids = Array.from({ length: 40 }, (_, index) => `rq_${index}`)
    for (const id of ids) await world.enqueue(id, `${receiver.origin}/${id}`)
    await using _one = world.start({ allow: [receiver.origin] })
    await using _two = world.start({ allow: [receiver.origin] })
    await until(delivered)
    expect(receiver.received.map(({ url }) => url).sort()).toEqual(ids.map((id) => `/${id}`).sort())
    expect(await world.audited()).toHaveLength(40)
  })

  it('leaves alone what another process holds a lease on', async () => {
    const clock = stoppedClock()
    await using receiver = await startReceiver()
    await world.enqueue('rq_1', `${receiver.origin}/x`)
    await claimDelivery(world.database, 30_000, [], clock.now())
    clock.advance(29_999)
    expect(await claimDelivery(world.database, 30_000, [], clock.now())).toBeUndefined()
    clock.advance(1) // the lease of a process that died
    await using _ = world.start({ allow: [receiver.origin], now: clock.now })
    await until(delivered)
    expect(await world.rows()).toMatchObject([{ attempts: 2 }])
  })

  it('keeps to its bounds in flight, in all and for each origin', async () => {
    let open = 0
    let most = 0
    const release: (() => void)[] = []
    await using slow = await startReceiver((response) => {
      most = Math.max(most, ++open)
      release.push(() => {
        open--
        response.writeHead(204).end()
      })
    })
    await using quick = await startReceiver()
    for (let index = 0; index < 6; index++) await world.enqueue(`rq_${index}`, `${slow.origin}/`)
    await world.enqueue('rq_quick', `${quick.origin}/`)
    const allow = [slow.origin, quick.origin]
    await using _ = world.start({ allow, concurrency: 3, perOrigin: 2 })
    await until(() => quick.received.length === 1) // though it is last in line
    await until(() => open === 2)
    while (slow.received.length < 6 || release.length > 0) {
      await until(() => release.length > 0)
      release.shift()?.()
      await until(() => slow.received.length === 6 || release.length > 0)
    }
    await until(delivered)
    expect(most).toBe(2)
  })

  it('has no more in flight than it may, to whomever', async () => {
    const release: (() => void)[] = []
    const hold = (response: ServerResponse) =>
      void release.push(() => response.writeHead(204).end())
    await using one = await startReceiver(hold)
    await using two = await startReceiver(hold)
    for (const [index, { origin }] of [one, two, one, two].entries())
      await world.enqueue(`rq_${index}`, `${origin}/`)
    await using _ = world.start({ allow: [one.origin, two.origin], concurrency: 3 })
    await until(() => release.length === 3)
    expect((await world.rows()).map(({ attempts }) => attempts).sort()).toEqual([0, 1, 1, 1])
    release.shift()?.()
    await until(() => release.length === 3)
    for (const answer of release) answer()
    await until(delivered)
  })

  it('counts a receiver whose answer drips as delivered, and goes on', async () => {
    await using receiver = await startReceiver(dripping(200))
    await world.enqueue('rq_1', `${receiver.origin}/x`)
    await using _ = world.start({ allow: [receiver.origin], post: { bodyTimeoutMs: 50 } })
    await until(delivered)
    expect(receiver.received).toHaveLength(1)
  })

  it('waits at its stop for what is in flight', async () => {
    let answer = (): void => undefined
    await using receiver = await startReceiver((response) => {
      answer = () => void response.writeHead(204).end()
    })
    await world.enqueue('rq_1', `${receiver.origin}/x`)
    const delivery = world.start({ allow: [receiver.origin] })
    await until(() => receiver.received.length === 1)
    const stopped = delivery.stop()
    answer()
    await stopped
    expect(await delivered()).toBe(true)
  })

  it('hands back at its stop what does not end in time, for the next process', async () => {
    await using receiver = await startReceiver((response, index) => {
      if (index > 0) response.writeHead(204).end()
    })
    await world.enqueue('rq_1', `${receiver.origin}/x`)
    const delivery = world.start({ allow: [receiver.origin] })
    await until(() => receiver.received.length === 1)
    await delivery.stop(20)
    expect(await world.rows()).toMatchObject([
      { attempts: 0, lease_until: null, delivered_at: null, last_error_code: 'STOPPED' },
    ])
    await using _ = world.start({ allow: [receiver.origin] })
    await until(delivered)
  })

  it('sends again when the commit of a delivery fails', async () => {
    const clock = stoppedClock()
    await using receiver = await startReceiver()
    await world.enqueue('rq_1', `${receiver.origin}/x`)
    {
      const audit = { append: () => Promise.reject(new Error('canary of a driver')) }
      const warnings: unknown[] = []
      const log = { warn: (...entry: unknown[]) => warnings.push(entry) }
      await using _ = world.start({ allow: [receiver.origin], now: clock.now, audit, log })
      await until(() => warnings.length > 0)
      expect(warnings).toEqual([[{ code: 'INTERNAL' }, 'webhook delivery failed']])
      expect(await delivered()).toBe(false)
    }
    clock.advance(60_000)
    await using _ = world.start({ allow: [receiver.origin], now: clock.now })
    await until(delivered)
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    expect(ids).toEqual([webhookId('rq_1', 'done'), webhookId('rq_1', 'done')])
  })

  it('goes on after the database failed', async () => {
    await using receiver = await startReceiver()
    let failures = 2
    const database: World['database'] = {
      ...world.database,
      query: (text, parameters) =>
        failures-- > 0 ? Promise.reject(new Error('gone')) : world.database.query(text, parameters),
    }
    await world.enqueue('rq_1', `${receiver.origin}/x`)
    await using _ = world.start({ allow: [receiver.origin], database })
    await until(delivered)
  })

  it('keeps the secret, the path and the answer out of log, rows and audit trail', async () => {
    const clock = stoppedClock()
    const logged: unknown[] = []
    const log = { warn: (...entry: unknown[]) => logged.push(entry) }
    await using receiver = await startReceiver((response) =>
      response.writeHead(500).end('remote-canary'),
    )
    await world.enqueue('rq_1', `${receiver.origin}/path-canary`)
    const retry = { ...defaultRetryPlan, attempts: 2 }
    await using _ = world.start({ allow: [receiver.origin], now: clock.now, log, retry })
    await until(attempted(1))
    clock.advance(1_000)
    await until(async () => (await world.audited()).length === 1)
    await until(() => logged.length === 2)
    const text = JSON.stringify([logged, await world.audited()])
    expect(text).toContain('HTTP_STATUS')
    expect(text).not.toMatch(/canary/)
    expect(JSON.stringify(await world.rows())).not.toMatch(/canary-4b1d|remote-canary/)
  })

  it.each([
    ['a short secret', { secret: 'canary-4b1d' }, 'WEBHOOK_SECRET'],
    ['a lease below an attempt', { leaseMs: 11_000 }, 'leaseMs'],
  ])('refuses %s at start, and does not repeat it', (_, options, field) => {
    let thrown: unknown
    try {
      world.start({ allow: [], ...options })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ code: 'CONFIGURATION_INVALID', facts: { field } })
    expect(JSON.stringify([String(thrown), thrown])).not.toContain('canary')
  })
})

describe('settleDelivery', () => {
  /** Claimed, its lease lost, and claimed by another. */
  const claimedTwice = async () => {
    await world.enqueue('rq_1', 'https://hooks.example.com/')
    const at = Date.now() + 60_000
    const claim = (ms: number) => claimDelivery(world.database, 1_000, [], at + ms)
    const claims = [await claim(0), await claim(1_000)].filter((one) => one !== undefined)
    const [first, second] = claims as [ClaimedDelivery, ClaimedDelivery] // checked next
    expect(claims).toHaveLength(2)
    return { first, second, settle: settleDelivery.bind(undefined, world.database) }
  }

  it('does not let a process whose lease was lost write a failure', async () => {
    const { first, second, settle } = await claimedTwice()
    for (const settlement of [
      { to: 'given-up' },
      { to: 'again', afterMs: 1 },
      { to: 'handed-back' },
    ] as const)
      expect(await settle(first, settlement, undefined)).toBe(false)
    expect(await settle(second, { to: 'given-up' }, undefined)).toBe(true)
  })

  it('lets a process whose lease was lost write that it was delivered, once', async () => {
    const { first, second, settle } = await claimedTwice()
    expect(await settle(first, { to: 'delivered', status: 200 }, undefined)).toBe(true)
    expect(await settle(second, { to: 'delivered', status: 200 }, undefined)).toBe(false)
    expect(await settle(second, { to: 'again', afterMs: 1 }, undefined)).toBe(false)
    expect(await world.rows()).toMatchObject([{ attempts: 2, last_status: 200 }])
  })
})

describe('retryPauseMs', () => {
  it('grows from 1 s to 1 h', () => {
    const pauses = Array.from({ length: 11 }, (_, index) =>
      retryPauseMs(defaultRetryPlan, index + 1, 0),
    )
    expect(pauses.map((ms) => ms / 1_000)).toEqual([
      1, 3, 9, 27, 81, 243, 729, 2_187, 3_600, 3_600, 3_600,
    ])
  })

  it('is shorter by up to half, at random', () => {
    expect(retryPauseMs(defaultRetryPlan, 3, 0.5)).toBe(6_750)
    expect(retryPauseMs(defaultRetryPlan, 3, 1)).toBe(4_500)
  })
})
