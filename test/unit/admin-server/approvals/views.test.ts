/** What is shown of requests: as it was decided, and without waiting for the chain. */
import Fastify from 'fastify'
import { withdraw } from '../../../../examples/admin-server/src/approvals/approve.ts'
import type { WeightedKey } from '../../../../examples/admin-server/src/approvals/quorum.ts'
import type { RouteContext } from '../../../../examples/admin-server/src/http/routes/context.ts'
import { keyRoutes } from '../../../../examples/admin-server/src/http/routes/keys.ts'
import { readHistory } from '../../../../examples/admin-server/src/requests/history.ts'
import { listRequests, readRequest } from '../../../../examples/admin-server/src/requests/read.ts'
import {
  type Approvals,
  configWith,
  halves,
  openApprovals,
  person,
} from '../../../support/admin-server/approval-world.ts'

const eve = person('eve', 'auditor')
const never = () => new Promise<never>(() => undefined)

let world: Approvals
beforeAll(async () => {
  world = await openApprovals()
})
afterEach(() => world.setKeys(halves))
afterAll(() => world?.[Symbol.asyncDispose]())

const view = async (request: Awaited<ReturnType<Approvals['mint']>>) =>
  readRequest(world.context, eve, await world.read(request))

/** Asked for, approved, released and decided. */
async function decided(approver = 'alice') {
  const request = await world.mint('shop')
  await world.approve(approver, request)
  await world.release()
  expect(await world.decide(await world.submitted(request))).toEqual({ keyIndexes: [0, 1] })
  return request
}

/** As if the approvals had been given so long ago. */
const ageApprovals = () =>
  world.database.query(
    `UPDATE approvals SET created_at = created_at - interval '2 hours',
      expires_at = expires_at - interval '2 hours'`,
  )
const ageDecisions = () =>
  world.database.query(`UPDATE requests SET decided_at = decided_at - interval '90 minutes'`)

describe('what was decided', () => {
  it('shows the approvals and weights that it was decided on, once they have expired', async () => {
    const request = await decided()
    await world.database.query(
      `UPDATE approvals SET expires_at = clock_timestamp() - interval '0 seconds'`,
    )
    const { quorum, approvals, decidedAt } = await view(request)
    expect(decidedAt).not.toBeNull()
    expect(quorum).toMatchObject({ weight: 1_000, met: true })
    expect(quorum.keys).toMatchObject([{ met: true }, { met: true }])
    expect(approvals).toMatchObject([{ approver: 'alice', counts: true, withdrawnAt: null }])
  })

  it('shows weights as they were, after a key was revoked, made lighter and taken away', async () => {
    const request = await decided()
    const [first, second] = halves as [WeightedKey, WeightedKey] // there are two
    world.setKeys([
      { ...first, weight: 100 },
      { ...second, revoked: true },
    ])
    const before = await view(request)
    expect(before.quorum).toMatchObject({ weight: 1_000, met: true })
    expect(before.quorum.keys).toMatchObject([
      { index: 0, weight: 500, revoked: false, met: true },
      { index: 1, weight: 500, revoked: false, met: true, rule: { approvers: ['alice', 'bob'] } },
    ])
    world.setKeys([])
    expect((await view(request)).quorum).toMatchObject({ weight: 1_000, met: true })
    const { requests } = await listRequests(world.context, eve, { limit: 10 })
    expect(requests[0]).toMatchObject({ id: request.row.id, quorum: { weight: 1_000, met: true } })
  })

  it('shows it by the time of the decision where the record of it names no weights', async () => {
    const request = await decided()
    await world.database.query('ALTER TABLE audit DISABLE TRIGGER USER')
    await world.database.query(`UPDATE audit SET body = replace(body, '"weights"', '"other"')`)
    await ageApprovals()
    await ageDecisions()
    await world.database.query(`UPDATE audit SET at_ms = at_ms - 90 * 60000`)
    expect((await view(request)).quorum).toMatchObject({ weight: 1_000, met: true })
  })

  it('tells a reader of the keys that were met for the own request alone', async () => {
    const [one, other] = [await world.mint('shop'), await world.mint('kiosk')]
    for (const request of [one, other]) await world.approve('alice', request)
    await world.release()
    await world.decide([...(await world.submitted(one)), ...(await world.submitted(other))])
    const { timeline } = await readHistory(world.context, one.row.id)
    const [facts] = timeline.flatMap(({ kind, facts }) => (kind === 'decision' ? [facts] : []))
    expect(facts).toMatchObject({ weights: { 0: 500, 1: 500 }, met: [0, 1] })
    expect(JSON.stringify(timeline)).not.toContain(other.row.id)
  })
})

describe('what was not decided', () => {
  it('counts by now while it is open', async () => {
    const request = await world.mint('shop')
    await world.approve('alice', request)
    await ageApprovals()
    const { quorum, approvals } = await view(request)
    expect(quorum).toMatchObject({ weight: 500, met: false })
    expect(approvals).toMatchObject([{ counts: false, withdrawnAt: null }])
  })

  it('shows what counted when it was cancelled', async () => {
    const request = await world.mint('shop')
    await world.approve('alice', request)
    await world.cancel('shop', request)
    await world.database.query(`UPDATE requests SET finished_at = finished_at - interval '1 hour'`)
    await world.database.query(
      `UPDATE approvals SET created_at = created_at - interval '2 hours',
        expires_at = expires_at - interval '90 minutes'`,
    )
    expect((await view(request)).quorum).toMatchObject({ weight: 1_000 })
  })

  it('an approval that had expired when the next was given was not withdrawn', async () => {
    const request = await world.mint('shop')
    await world.approve('alice', request)
    await ageApprovals()
    await world.approve('alice', request)
    const { approvals, quorum } = await view(request)
    expect(quorum).toMatchObject({ weight: 1_000, met: true })
    expect(approvals).toMatchObject([
      { counts: false, withdrawnAt: null },
      { counts: true, withdrawnAt: null },
    ])
    await world.withdraw('alice', request)
    expect((await view(request)).approvals).toMatchObject([
      { withdrawnAt: null },
      { counts: false, withdrawnAt: expect.any(String) },
    ])
  })
})

describe('a list', () => {
  const bob = person('bob', 'approver')
  const expiring = (before?: number) =>
    listRequests(world.context, bob, {
      ...{ waitsForMe: true, order: 'expiring', limit: 2 },
      ...(before === undefined ? {} : { before }),
    })

  it('of what waits begins with what expires first, page by page', async () => {
    await world.database.query(`UPDATE requests SET state = 'expired' WHERE state = 'waiting'`)
    const minutes = [30, 10, 20, 10, 40]
    const asked: string[] = []
    for (const after of minutes) {
      const { row } = await world.mint('shop')
      asked.push(row.id)
      await world.database.query(
        `UPDATE requests SET expires_at = date_trunc('day', clock_timestamp())
          + interval '3 days' + $2::integer * interval '1 minute' WHERE id = $1`,
        [row.id, after],
      )
    }
    const seen: string[] = []
    for (let before: number | undefined; ; ) {
      const { requests, next } = await expiring(before)
      seen.push(...requests.map(({ id }) => id))
      if (next === null) break
      before = Number(next)
    }
    expect(seen.map((id) => asked.indexOf(id))).toEqual([1, 3, 2, 0, 4])
  })

  it('says of each request what it is about, who asked, and for which order', async () => {
    const request = await world.mint('shop', ['Row 1', 'Row 2'], 'order-4711')
    const { requests } = await listRequests(world.context, bob, { limit: 1 })
    expect(requests).toMatchObject([
      {
        id: request.row.id,
        title: 'Mint an NFT',
        about: 'Mint "Row 1" for 0x179b6b1cb6755e31',
        requester: 'shop',
        idempotencyKey: 'order-4711',
      },
    ])
    await world.database.query(`UPDATE items SET arguments = '["{}"]' WHERE request_id = $1`, [
      request.row.id,
    ])
    const [altered] = (await listRequests(world.context, bob, { limit: 1 })).requests
    expect(altered).toMatchObject({ id: request.row.id, title: 'Mint an NFT' })
    expect(altered).not.toHaveProperty('about')
  })
})

describe('with an access node that never answers', () => {
  const hanging = () => ({
    ...world.context,
    accountKeys: {
      read: never,
      weighted: never,
      last: () => halves,
      shown: () => undefined,
      ...{ expectChange: () => undefined, isLeftBehind: () => false },
    },
  })

  it('requests are listed, read, and approvals of them taken back', async () => {
    const request = await world.mint('shop')
    await world.approve('alice', request)
    const context = hanging()
    const { requests } = await listRequests(context, eve, { limit: 10 })
    expect(requests[0]).toMatchObject({ id: request.row.id, quorum: { weight: 1_000 } })
    expect(await readRequest(context, eve, request.row)).toMatchObject({ id: request.row.id })
    await withdraw(context, person('alice', 'approver'), request.row.id)
    expect((await view(request)).state).toBe('waiting')
  })

  it('keys are shown as they were read, with the time of it, though KMS is silent as well', async () => {
    const readAt = new Date(1_700_000_000_000)
    const key = { index: 0, weight: 1_000, revoked: false, publicKey: 'ab' }
    const algorithms = { signatureAlgorithm: 'ECDSA_P256', hashAlgorithm: 'SHA2_256' }
    const held = { key: 'alias/a', rule: 'automatic' as const, holder: 0, successor: false }
    const reported = { ...key, ...algorithms, held }
    const context = {
      config: { ...configWith(), account: { address: '0x1', keys: [] } },
      accountKeys: { ...hanging().accountKeys, shown: () => ({ readAt, keys: [reported] }) },
      signing: { kms: { send: never } },
    } as unknown as RouteContext // nothing else of it is used
    const app = Fastify()
    keyRoutes(app, context)
    const answer = await app.inject('/v1/keys')
    expect(answer.json()).toMatchObject({
      readAt: readAt.toISOString(),
      keys: [{ index: 0, weight: 1_000, keyState: null }],
      totalWeight: 1_000,
    })
    await app.close()
  })
})
