/** Taking requests in: once for each key, whole or not at all. */
import type { FunctionRules } from '../../../../examples/admin-server/src/config/config.ts'
import { createAcceptor } from '../../../../examples/admin-server/src/requests/accept.ts'
import { requestIdOf } from '../../../../examples/admin-server/src/requests/intent.ts'
import type { AskedRequest } from '../../../../examples/admin-server/src/requests/prepare.ts'
import {
  type Approvals,
  bindApprovals,
  configWith,
  halves,
  mintInput,
  openApprovals,
  person,
  recipient,
  refusal,
  treasury,
} from '../../../support/admin-server/approval-world.ts'

let world: Approvals

beforeAll(async () => {
  world = await openApprovals()
})

afterAll(() => world?.[Symbol.asyncDispose]())

const shop = person('shop', 'requester')
let keys = 0
const mintOf = (change: Partial<AskedRequest> = {}): AskedRequest => ({
  ...{ functionName: 'mint', items: [mintInput()], idempotencyKey: `order-${keys++}` },
  ...change,
})
const countOf = async (id: string) => {
  const [row] = await world.database.query<{ requests: number; items: number }>(
    `SELECT (SELECT count(*) FROM requests WHERE id = $1)::integer AS requests,
      (SELECT count(*) FROM items WHERE request_id = $1)::integer AS items`,
    [id],
  )
  return row
}
const with_ = (rules: Partial<FunctionRules>, name = 'mint') =>
  bindApprovals(world.database, configWith({ [name]: { roles: ['requester'], ...rules } }), halves)

describe('the same key', () => {
  it('with the same body is the same request, and is recorded once', async () => {
    const asked = mintOf()
    const first = await world.accept(shop, asked)
    const second = await world.accept(shop, { ...asked, items: [{ ...mintInput() }] })
    expect([first.created, second.created]).toEqual([true, false])
    expect(second.row).toEqual(first.row)
    expect(await countOf(first.row.id)).toEqual({ requests: 1, items: 1 })
    expect(await world.kinds(first)).toEqual(['request'])
  })

  it('takes keys of the body in any order for the same', async () => {
    const asked = mintOf()
    await world.accept(shop, asked)
    const turned = Object.fromEntries(Object.entries(mintInput()).reverse())
    expect(await world.accept(shop, { ...asked, items: [turned] })).toMatchObject({
      created: false,
    })
  })

  it.each([
    ['another item', { items: [mintInput('Other')] }],
    ['an item more', { items: [mintInput(), mintInput()] }],
    ['another function', { functionName: 'transfer', items: [{ recipient, nftId: '1' }] }],
  ])('with %s is refused, and changes nothing', async (_, change) => {
    const asked = mintOf()
    const first = await world.accept(shop, asked)
    expect(await refusal(world.accept(shop, { ...asked, ...change }))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    )
    expect(await world.read(first)).toEqual(first.row)
    expect(await world.kinds(first)).toEqual(['request'])
  })

  it('replays what was accepted under rules that have changed since', async () => {
    const asked = mintOf({ items: [mintInput(), mintInput()] })
    const first = await world.accept(shop, asked)
    const stricter = with_({ maxAmountPerRequest: 1 })
    expect(await stricter.accept(shop, asked)).toMatchObject({
      created: false,
      row: { id: first.row.id },
    })
    const other = { ...asked, items: [mintInput('X'), mintInput('Y')] }
    expect(await refusal(stricter.accept(shop, other))).toBe('IDEMPOTENCY_KEY_REUSED')
    expect(await refusal(stricter.accept(shop, { ...other, idempotencyKey: 'new' }))).toBe(
      'POLICY_REFUSED',
    )
  })

  it('of another principal is another request', async () => {
    const asked = mintOf()
    const first = await world.accept(shop, asked)
    const second = await world.accept(person('kiosk', 'requester'), asked)
    expect(second).toMatchObject({ created: true })
    expect(second.row.id).not.toBe(first.row.id)
  })

  it('shows the request as it has become, however long ago it was asked for', async () => {
    const asked = mintOf()
    const first = await world.accept(shop, asked)
    await world.cancel('shop', first)
    expect(await world.accept(shop, asked)).toMatchObject({
      created: false,
      row: { state: 'cancelled' },
    })
  })

  it('200 times at once is one request', async () => {
    const asked = mintOf()
    const all = await Promise.all(Array.from({ length: 200 }, () => world.accept(shop, asked)))
    expect(all.filter(({ created }) => created)).toHaveLength(1)
    const [{ row } = { row: undefined }] = all
    expect(new Set(all.map((one) => one.row.id))).toEqual(new Set([row?.id]))
    expect(await countOf(row?.id ?? '')).toEqual({ requests: 1, items: 1 })
    expect(await world.kinds({ row: all[0]?.row ?? fail() })).toEqual(['request'])
  })

  it('at once with two bodies makes one of them, and refuses the other', async () => {
    const asked = mintOf()
    const bodies = [[mintInput('A')], [mintInput('B'), mintInput('C')]]
    const calls = Array.from({ length: 40 }, (_, index) =>
      world.accept(shop, { ...asked, items: bodies[index % 2] ?? [] }),
    )
    const results = await Promise.allSettled(calls)
    const taken = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(taken).toHaveLength(20)
    const codes = results.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
    expect(new Set(codes)).toEqual(new Set(['IDEMPOTENCY_KEY_REUSED']))
    const row = taken[0]?.row ?? fail()
    expect(await countOf(row.id)).toEqual({ requests: 1, items: row.itemCount })
  })

  it('from two servers on one database makes one request', async () => {
    const other = bindApprovals(world.database, configWith(), halves)
    const asked = mintOf()
    const calls = Array.from({ length: 60 }, (_, index) =>
      (index % 2 === 0 ? world : other).accept(shop, asked),
    )
    const all = await Promise.all(calls)
    expect(all.filter(({ created }) => created)).toHaveLength(1)
  })
})

describe('what is stored', () => {
  it('has an id that depends on principal and key alone', async () => {
    const asked = mintOf()
    const { row } = await world.accept(shop, asked)
    expect(row.id).toBe(requestIdOf('shop', asked.idempotencyKey))
  })

  it('is 1,000 items with ids in their order', async () => {
    const items = Array.from({ length: 1_000 }, (_, index) => mintInput(`Ticket ${index}`))
    const { row } = await world.accept(shop, mintOf({ items }))
    expect(row).toMatchObject({ itemCount: 1_000, amount: 1_000, state: 'waiting' })
    const stored = await world.database.query<{ jobId: string; texts: readonly string[] }>(
      `SELECT job_id AS "jobId", arguments AS texts FROM items WHERE request_id = $1
      ORDER BY item_index`,
      [row.id],
    )
    expect(stored).toHaveLength(1_000)
    for (const [index, { jobId, texts }] of stored.entries()) {
      expect(jobId).toBe(`${row.id}-${index}`)
      expect(texts[0]).toBe(JSON.stringify({ type: 'String', value: jobId }))
      expect(texts[2]).toBe(JSON.stringify({ type: 'String', value: `Ticket ${index}` }))
    }
  })

  it('is ready at once when the automatic keys are enough', async () => {
    world.setKeys([
      {
        ...{ keyIndex: 0, weight: 1_000, revoked: false, holder: 0, successor: false },
        rule: 'automatic',
      },
    ])
    const { row } = await world.accept(shop, mintOf())
    world.setKeys(halves)
    expect(row.state).toBe('ready')
  })

  it('waits while no key of the account is known', async () => {
    world.setKeys([])
    const { row } = await world.accept(shop, mintOf())
    world.setKeys(halves)
    expect(row.state).toBe('waiting')
  })

  it('ends by the clock of the database', async () => {
    const { row } = await world.accept(shop, mintOf())
    const minutes = (row.expiresAt.getTime() - row.createdAt.getTime()) / 60_000
    expect(minutes).toBeCloseTo(120, 1)
  })

  it.each(Array.from({ length: 4 }, (_, index) => index))(
    'can be searched for, also when the text is cut within a character (%i)',
    async (shift) => {
      // Two UTF-16 units each, so that in one of two places the cut goes through one of them.
      const name = `${'x'.repeat(shift)}${'🎟'.repeat(63)}`
      const items = Array.from({ length: 20 }, () => mintInput(name))
      const others = Array.from({ length: 5 }, () => world.accept(shop, mintOf()))
      const { row } = await world.accept(shop, mintOf({ items }))
      expect(row.itemCount).toBe(20)
      expect(await Promise.all(others)).toHaveLength(5)
    },
  )

  it('keeps every character of a name that the contract takes', async () => {
    const name = '\\u0000 " \\ 🎟 ‮ é e\u0301'
    const { row } = await world.accept(shop, mintOf({ items: [mintInput(name)] }))
    const [item] = await world.database.query<{ texts: readonly string[] }>(
      'SELECT arguments AS texts FROM items WHERE request_id = $1',
      [row.id],
    )
    expect(JSON.parse(item?.texts[2] ?? '')).toEqual({ type: 'String', value: name })
  })
})

describe('is refused, and nothing is stored:', () => {
  const rows: readonly [string, Partial<AskedRequest>, string][] = [
    ['a function that does not exist', { functionName: 'burn' }, 'NOT_FOUND'],
    ['a function that is not switched on', { functionName: 'add-proposal-keys' }, 'NOT_FOUND'],
    ['a function named like a part of every object', { functionName: 'constructor' }, 'NOT_FOUND'],
    ['no item', { items: [] }, 'INVALID_REQUEST'],
    ['1,001 items', { items: Array.from({ length: 1_001 }, () => mintInput()) }, 'INVALID_REQUEST'],
    ['101 transfers', transfers(101), 'INVALID_REQUEST'],
    ['an item that is none', { items: [null] }, 'INVALID_REQUEST'],
    ['an item of a text', { items: ['mint'] }, 'INVALID_REQUEST'],
    ['an unknown field', { items: [{ ...mintInput(), extra: 1 }] }, 'INVALID_REQUEST'],
    ['a field less', { items: [{ recipient }] }, 'INVALID_REQUEST'],
    ['an address in capitals', mintTo(recipient.toUpperCase()), 'INVALID_REQUEST'],
    ['an address without 0x', mintTo(recipient.slice(2)), 'INVALID_REQUEST'],
    ['an address of mainnet', mintTo('0x1d7e57aa55817448'), 'INVALID_REQUEST'],
    ['an address with a wrong digit', mintTo('0x179b6b1cb6755e32'), 'INVALID_REQUEST'],
    ['an address of nobody', mintTo(`0x${'0'.repeat(16)}`), 'INVALID_REQUEST'],
    ['a transfer to a wrong digit', transfers(1, '0x179b6b1cb6755e32'), 'INVALID_REQUEST'],
    ['a name of nothing', { items: [mintInput('')] }, 'INVALID_REQUEST'],
    ['a name with U+0000', { items: [mintInput('a\u0000b')] }, 'INVALID_REQUEST'],
    ['a name with half a character', { items: [mintInput('a\ud83d')] }, 'INVALID_REQUEST'],
    ['a name of 257 bytes', { items: [mintInput('é'.repeat(129))] }, 'INVALID_REQUEST'],
    ['the last of many', { items: [mintInput(), mintInput(), mintInput('')] }, 'INVALID_REQUEST'],
    ['a webhook where none may go', { webhookUrl: 'https://example.com/' }, 'INVALID_REQUEST'],
  ]
  it.each(rows)('%s', async (_, change, code) => {
    const asked = mintOf(change)
    expect(await refusal(world.accept(shop, asked))).toBe(code)
    const id = requestIdOf('shop', asked.idempotencyKey)
    expect(await countOf(id)).toEqual({ requests: 0, items: 0 })
  })

  it('points at the address that is of another chain, royalties included', async () => {
    const royalties = [
      { receiver: recipient, cut: '0.1' },
      { receiver: '0x1d7e57aa55817448', cut: '0.1' },
    ]
    const asked = mintOf({ items: [mintInput(), { ...mintInput(), royalties }] })
    await expect(world.accept(shop, asked)).rejects.toMatchObject({
      status: 422,
      facts: { errors: [{ pointer: '/items/1/royalties/1/receiver' }] },
    })
  })

  it('names the item and the field', async () => {
    const items = [mintInput(), { ...mintInput(), thumbnail: 7 }]
    await expect(world.accept(shop, mintOf({ items }))).rejects.toMatchObject({
      facts: { errors: [{ pointer: '/items/1/thumbnail' }] },
    })
  })

  it.each(['approver', 'operator', 'auditor'] as const)('who is %s alone', async (role) => {
    expect(await refusal(world.accept(person('eve', role), mintOf()))).toBe('FORBIDDEN')
  })

  it('who has no role', async () => {
    expect(await refusal(world.accept(person('eve'), mintOf()))).toBe('FORBIDDEN')
  })

  it('a recipient that the rules do not name, of any item', async () => {
    const { accept } = with_({ recipients: { allow: [recipient] } })
    const items = [mintInput(), { ...mintInput(), recipient: treasury }]
    await expect(accept(shop, mintOf({ items }))).rejects.toMatchObject({
      code: 'POLICY_REFUSED',
      facts: { item: 1 },
    })
  })

  it('a receiver of royalties that the rules do not name', async () => {
    const { accept } = with_({ recipients: { allow: [recipient] } })
    const items = [{ ...mintInput(), royalties: [{ receiver: treasury, cut: '0.1' }] }]
    expect(await refusal(accept(shop, mintOf({ items })))).toBe('POLICY_REFUSED')
  })

  it('more than one request may have', async () => {
    const { accept } = with_({ maxAmountPerRequest: 2 })
    const three = [mintInput(), mintInput(), mintInput()]
    expect(await refusal(accept(shop, mintOf({ items: three })))).toBe('POLICY_REFUSED')
    expect(await accept(shop, mintOf({ items: three.slice(1) }))).toMatchObject({ created: true })
  })

  it('an item that no day has room for', async () => {
    const { accept } = with_({ maxAmountPerDay: 3 }, 'add-proposal-keys')
    const keysOf = (count: number) => [{ keyIndex: 0, publicKey: 'a'.repeat(128), count }]
    const asked = (count: number) =>
      accept(shop, mintOf({ functionName: 'add-proposal-keys', items: keysOf(count) }))
    expect(await refusal(asked(4))).toBe('POLICY_REFUSED')
    expect(await asked(3)).toMatchObject({ created: true, row: { amount: 3 } })
  })

  it('one call alone: those beside it are taken', async () => {
    const bad = world.accept(shop, mintOf({ items: [mintInput('')] }))
    const good = Array.from({ length: 5 }, () => world.accept(shop, mintOf()))
    expect(await refusal(bad)).toBe('INVALID_REQUEST')
    expect((await Promise.all(good)).every(({ created }) => created)).toBe(true)
  })
})

it('tells of a new request once, and of one that was there not at all', async () => {
  const told: (readonly string[])[] = []
  const accept = createAcceptor({ ...world.context, onChanged: (ids) => told.push(ids) })
  const asked = mintOf()
  const { row } = await accept(shop, asked)
  await accept(shop, asked)
  expect(told).toEqual([[row.id]])
})

it('has an audit trail that verifies', async () => {
  expect(await world.audit.verify()).toMatchObject({ intact: true })
})

function transfers(count: number, to = recipient): Partial<AskedRequest> {
  const items = Array.from({ length: count }, (_, index) => ({
    recipient: to,
    nftId: String(index),
  }))
  return { functionName: 'transfer', items }
}

function mintTo(to: string): Partial<AskedRequest> {
  return { items: [{ ...mintInput(), recipient: to }] }
}

function fail(): never {
  throw new Error('there is none')
}
