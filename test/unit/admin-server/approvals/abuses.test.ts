/** Abuses of approvals that need no HTTP, against the code and its database. */
import type { WeightedKey } from '../../../../examples/admin-server/src/approvals/quorum.ts'
import type { Accepted } from '../../../../examples/admin-server/src/requests/accept.ts'
import { digestOf, type Intent } from '../../../../examples/admin-server/src/requests/intent.ts'
import { readRequest } from '../../../../examples/admin-server/src/requests/read.ts'
import {
  type Approvals,
  bindApprovals,
  configWith,
  halves,
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

beforeEach(() => {
  world.setKeys(halves)
  world.setPaused(false)
  world.setLeftBehind(false)
})

/** Asked by shop, approved by alice, in the relay. */
async function releasedMint(...names: readonly string[]): Promise<Accepted> {
  const asked = await world.mint('shop', names.length === 0 ? ['Ticket'] : names)
  await world.approve('alice', asked)
  await world.release()
  return asked
}

const decideAll = async (asked: Accepted, of: Approvals = world) =>
  of.decide(await world.submitted(asked))

const sql = (text: string, ...parameters: readonly unknown[]) =>
  world.database.query(text, parameters)

const expectPostponed = async (asked: Accepted) => {
  const ids = (await world.submitted(asked)).map(({ jobId }) => jobId)
  expect(await decideAll(asked)).toEqual({ postponed: ids, refused: [] })
  expect(await world.read(asked)).toMatchObject({ state: 'waiting', decidedAt: null })
}

const expectRefused = async (asked: Accepted, reason: string, of: Approvals = world) => {
  const ids = (await world.submitted(asked)).map(({ jobId }) => jobId)
  const refused = ids.map((id) => ({ id, reason }))
  expect(await decideAll(asked, of)).toEqual({ postponed: [], refused })
  expect((await world.kinds(asked)).at(-1)).toBe('decision')
  expect((await world.read(asked)).decidedAt).toBeNull()
}

it('signs with both keys what nobody has tampered with', async () => {
  const asked = await releasedMint('A', 'B')
  expect(await decideAll(asked)).toEqual({ keyIndexes: [0, 1] })
  expect(await world.kinds(asked)).toEqual(['request', 'approval', 'decision'])
})

describe('an approval is refused', () => {
  it('of the one who asked, though a key names them', async () => {
    const asked = await world.mint('alice')
    expect(await refusal(world.approve('alice', asked))).toBe('SELF_APPROVAL')
  })

  it('of somebody whom no key names', async () => {
    expect(await refusal(world.approve('mallory', await world.mint('shop')))).toBe(
      'NOT_AN_APPROVER',
    )
  })

  it('of a name that differs from an approver in case: it is another principal', async () => {
    expect(await refusal(world.approve('Alice', await world.mint('shop')))).toBe('NOT_AN_APPROVER')
  })

  it('with the digest of another request of the same content', async () => {
    const [one, other] = [await world.mint('shop'), await world.mint('shop')]
    expect(one.row.digest).not.toBe(other.row.digest)
    expect(await refusal(world.approve('alice', one, other.row.digest))).toBe('DIGEST_MISMATCH')
  })

  it('with the digest of the same content that somebody else asked for under the same key', async () => {
    const one = await world.mint('shop', ['Ticket'], 'same-key')
    const other = await world.mint('kiosk', ['Ticket'], 'same-key')
    expect(await refusal(world.approve('alice', one, other.row.digest))).toBe('DIGEST_MISMATCH')
  })

  it.each([
    ['in capitals', (digest: string) => digest.toUpperCase()],
    ['that is empty', () => ''],
    ['of zeros', () => '0'.repeat(64)],
    ['with one bit turned', (digest: string) => flipped(digest)],
    ['with a space', (digest: string) => `${digest} `],
  ])('with a digest %s', async (_, change) => {
    const asked = await world.mint('shop')
    const digest = change(asked.row.digest)
    expect(await refusal(world.approve('alice', asked, digest))).toBe('DIGEST_MISMATCH')
  })

  it('of a request that does not exist', async () => {
    const asked = await world.mint('shop')
    const unknown = { row: { ...asked.row, id: `rq_${'0'.repeat(32)}` } }
    expect(await refusal(world.approve('alice', unknown))).toBe('NOT_FOUND')
  })

  it('a second time while the first counts', async () => {
    const asked = await world.mint('shop')
    await world.approve('alice', asked)
    expect(await refusal(world.approve('alice', asked))).toBe('ALREADY_APPROVED')
  })

  it('after the request has expired, also before anybody has noticed', async () => {
    const asked = await world.mint('shop')
    await sql('UPDATE requests SET expires_at = clock_timestamp() WHERE id = $1', asked.row.id)
    expect(await refusal(world.approve('alice', asked))).toBe('REQUEST_OVER')
    await world.expire()
    expect(await world.read(asked)).toMatchObject({ state: 'expired' })
    expect(await refusal(world.approve('alice', asked))).toBe('REQUEST_OVER')
  })

  it('after it was cancelled', async () => {
    const asked = await world.mint('shop')
    await world.cancel('shop', asked)
    expect(await refusal(world.approve('alice', asked))).toBe('REQUEST_OVER')
  })

  it('after it was decided', async () => {
    const asked = await releasedMint()
    await decideAll(asked)
    expect(await refusal(world.approve('bob', asked))).toBe('ALREADY_DECIDED')
  })

  it('after it is done', async () => {
    const asked = await releasedMint()
    await decideAll(asked)
    await sql(`UPDATE requests SET state = 'done' WHERE id = $1`, asked.row.id)
    expect(await refusal(world.approve('bob', asked))).toBe('REQUEST_OVER')
  })
})

describe('an approval is taken back', () => {
  it('by whoever gave it, and can be given again', async () => {
    const asked = await world.mint('shop')
    await world.approve('alice', asked)
    await world.withdraw('alice', asked)
    expect((await world.read(asked)).state).toBe('waiting')
    await world.approve('alice', asked)
    expect((await world.read(asked)).state).toBe('ready')
  })

  it('by nobody else', async () => {
    const asked = await world.mint('shop')
    await world.approve('alice', asked)
    expect(await refusal(world.withdraw('bob', asked))).toBe('NOT_APPROVED')
    expect((await world.read(asked)).state).toBe('ready')
  })

  it('not twice', async () => {
    const asked = await world.mint('shop')
    await world.approve('alice', asked)
    await world.withdraw('alice', asked)
    expect(await refusal(world.withdraw('alice', asked))).toBe('NOT_APPROVED')
  })

  it('not once it was decided', async () => {
    const asked = await releasedMint()
    await decideAll(asked)
    expect(await refusal(world.withdraw('alice', asked))).toBe('ALREADY_DECIDED')
  })

  it('while its item is in the relay already: then it is not signed', async () => {
    const asked = await releasedMint()
    await world.withdraw('alice', asked)
    await expectPostponed(asked)
  })
})

describe('a decision looks again, so it is not signed', () => {
  const changed = (...change: readonly Partial<WeightedKey>[]) =>
    halves.map((key, index) => ({ ...key, ...change[index] }))

  it.each([
    ['a key was revoked', changed({}, { revoked: true })],
    ['a key weighs 499, which makes 999', changed({}, { weight: 499 })],
    ['a key weighs nothing', changed({}, { weight: 0 })],
    ['somebody else stands for the key now', changed({}, { rule: { approvers: ['carol'] } })],
    ['the account has no keys', []],
    [
      'two approvers of one key are not two keys',
      changed({ rule: { approvers: ['carol'] } }, { weight: 999 }),
    ],
  ])('when %s', async (_, keys) => {
    const asked = await world.mint('shop')
    await world.approve('alice', asked)
    await world.approve('bob', asked)
    await world.release()
    world.setKeys(keys)
    await expectPostponed(asked)
  })

  const rotated = (...rest: readonly Partial<WeightedKey>[]): readonly WeightedKey[] => {
    const [first, second] = halves
    if (first === undefined || second === undefined) throw new Error('there are two')
    const next = { ...second, keyIndex: 7, successor: true }
    return [first, { ...second, ...rest[0] }, { ...next, ...rest[1] }]
  }

  it('when its key was rotated, and the new one is of another holder', async () => {
    const asked = await releasedMint()
    world.setKeys(rotated({ revoked: true }, { holder: 2, rule: { approvers: ['carol'] } }))
    await expectPostponed(asked)
  })

  it('by the old key and the new one together, while both weigh something', async () => {
    const asked = await releasedMint()
    world.setKeys(rotated().slice(1))
    await expectPostponed(asked)
  })

  it('but by the new key of the same holder, once the old one is revoked', async () => {
    const asked = await releasedMint()
    world.setKeys(rotated())
    const waiting = await world.mint('shop')
    await world.approve('alice', waiting)
    world.setKeys(rotated({ revoked: true }))
    expect(await decideAll(asked)).toEqual({ keyIndexes: [0, 7] })
    const eve = person('eve', 'auditor')
    expect(await readRequest(world.context, eve, await world.read(waiting))).toMatchObject({
      quorum: { weight: 1_000, met: true, keys: [{ index: 0 }, { index: 7 }] },
    })
    expect(await refusal(world.approve('alice', waiting))).toBe('ALREADY_APPROVED')
  })

  it('by a process that does not name the new key, which sends nothing back that others can sign', async () => {
    const asked = await world.mint('shop')
    await world.approve('alice', asked)
    world.setKeys(rotated({ revoked: true }).slice(0, 2))
    world.setLeftBehind(true)
    expect(await world.release()).toEqual([])
    expect((await world.read(asked)).state).toBe('ready')
    world.setLeftBehind(false)
    world.setKeys(rotated({ revoked: true }))
    const released = (await world.release()).map(({ jobId }) => jobId)
    expect(released).toContain(`${idOf(asked)}-0`)
  })

  it('when the approval expired between ready and the decision', async () => {
    const asked = await releasedMint()
    await sql(
      'UPDATE approvals SET expires_at = clock_timestamp() WHERE request_id = $1',
      idOf(asked),
    )
    await expectPostponed(asked)
    await world.approve('bob', asked)
    await world.release()
    expect(await decideAll(asked)).toEqual({ keyIndexes: [0, 1] })
  })

  it('when somebody set its state by hand, and skipped the approval', async () => {
    const asked = await world.mint('shop')
    await sql(`UPDATE requests SET state = 'released' WHERE id = $1`, idOf(asked))
    await sql(`UPDATE items SET state = 'submitted' WHERE request_id = $1`, idOf(asked))
    await expectPostponed(asked)
  })

  it('when it was made ready by hand: the releaser sends it back', async () => {
    const asked = await world.mint('shop')
    await sql(`UPDATE requests SET state = 'ready' WHERE id = $1`, idOf(asked))
    expect(await world.release()).toEqual([])
    expect((await world.read(asked)).state).toBe('waiting')
  })

  it('when the digest of the approval was changed', async () => {
    const asked = await releasedMint()
    await sql('UPDATE approvals SET digest = $2 WHERE request_id = $1', idOf(asked), flip(asked))
    await expectPostponed(asked)
  })

  it('when everything is paused, and loses nothing', async () => {
    const asked = await releasedMint()
    world.setPaused(true)
    const [item] = await world.submitted(asked)
    expect(await decideAll(asked)).toEqual({ postponed: [item?.jobId] })
    world.setPaused(false)
    expect(await decideAll(asked)).toEqual({ keyIndexes: [0, 1] })
  })
})

describe('what was approved is what is signed: it is refused', () => {
  const altered = 'it is not what was approved'
  const setArguments = (asked: Accepted) =>
    sql(
      `UPDATE items SET arguments = replace(arguments::text, 'Ticket', 'Riches')::jsonb
      WHERE request_id = $1`,
      idOf(asked),
    )

  it('when arguments were changed in the database after the approval, before the release', async () => {
    const asked = await world.mint('shop')
    await world.approve('alice', asked)
    await setArguments(asked)
    await world.release()
    await expectRefused(asked, altered)
  })

  it('when arguments were changed in the database after the release', async () => {
    const asked = await releasedMint()
    const before = await world.submitted(asked)
    await setArguments(asked)
    expect(await world.decide(before)).toMatchObject({
      refused: [{ reason: 'its arguments are not what was asked for' }],
    })
  })

  it('when the digest of the request was changed', async () => {
    const asked = await releasedMint()
    await sql('UPDATE requests SET digest = $2 WHERE id = $1', idOf(asked), flip(asked))
    await expectRefused(asked, altered)
  })

  it('when digest and approvals were changed together with the arguments of another request', async () => {
    const [asked, other] = [await releasedMint('A'), await world.mint('kiosk', ['B'])]
    const { digest } = other.row
    await sql('UPDATE requests SET digest = $2 WHERE id = $1', idOf(asked), digest)
    await sql('UPDATE approvals SET digest = $2 WHERE request_id = $1', idOf(asked), digest)
    await expectRefused(asked, altered)
  })

  it('when an item was added', async () => {
    const asked = await releasedMint()
    await sql(
      `INSERT INTO items (request_id, item_index, job_id, arguments, amount, state)
      SELECT request_id, 1, $2, replace(arguments::text, $3, $2)::jsonb, amount, state
      FROM items WHERE request_id = $1`,
      ...[idOf(asked), `${idOf(asked)}-1`, `${idOf(asked)}-0`],
    )
    await expectRefused(asked, altered)
  })

  it('when an item was taken away', async () => {
    const asked = await releasedMint('A', 'B')
    await sql('DELETE FROM items WHERE request_id = $1 AND item_index = 1', idOf(asked))
    await expectRefused(asked, altered)
  })

  it('when an item lies under the id of another', async () => {
    const asked = await releasedMint()
    const jobId = `${idOf(asked)}-7`
    await sql('UPDATE items SET job_id = $2 WHERE request_id = $1', idOf(asked), jobId)
    await expectRefused(asked, 'it names another request')
  })

  it('when an item whose arguments name no id lies under the id of another', async () => {
    const asked = await world.accept(person('shop', 'requester'), {
      functionName: 'transfer',
      items: [{ recipient, nftId: '7' }],
      idempotencyKey: 'a transfer',
    })
    await world.approve('alice', asked)
    await world.release()
    const jobId = `${idOf(asked)}-7`
    await sql('UPDATE items SET job_id = $2 WHERE request_id = $1', idOf(asked), jobId)
    await expectRefused(asked, altered)
  })

  const others: readonly [string, Partial<Intent>][] = [
    ['chain', { chainId: 'flow-testnet' }],
    ['account', { account: '0x179b6b1cb6755e31' }],
    ['Cadence', { cadenceHash: '0'.repeat(64) }],
    ['function', { functionName: 'transfer' }],
    ['compute limit', { computeLimit: 9_999 }],
    ['request', { requestId: `rq_${'0'.repeat(32)}` }],
  ]
  it.each(others)('when it was approved for another %s', async (_, other) => {
    const asked = await world.mint('shop')
    const [item] = await world.database.query<{ texts: readonly string[] }>(
      'SELECT arguments AS texts FROM items WHERE request_id = $1',
      [idOf(asked)],
    )
    const intent = { ...intentOf(asked), items: [item?.texts ?? []] }
    expect(digestOf(intent)).toBe(asked.row.digest)
    const digest = digestOf({ ...intent, ...other })
    await sql('UPDATE requests SET digest = $2 WHERE id = $1', idOf(asked), digest)
    await world.approve('alice', asked, digest)
    await world.release()
    await expectRefused(asked, altered)
  })

  it('when the Cadence is not that of the request', async () => {
    const asked = await releasedMint()
    await sql('UPDATE requests SET cadence_hash = $2 WHERE id = $1', idOf(asked), flip(asked))
    await expectRefused(asked, 'its Cadence is not what was asked for')
  })

  it('when the Cadence is another version than the one that was approved', async () => {
    const config = configWith()
    const contracts = { ...config.network.contracts, DropNFT: '0x179b6b1cb6755e31' }
    const other = { ...config, network: { ...config.network, contracts } }
    const there = bindApprovals(world.database, other, halves)
    const asked = await releasedMint()
    await expectRefused(asked, 'its Cadence is not what was asked for', there)
  })

  it('when the function was taken out of the configuration', async () => {
    const asked = await releasedMint()
    const { mint: _, ...functions } = configWith().functions
    const there = bindApprovals(world.database, { ...configWith(), functions }, halves)
    const payload = world.payloadOf(await world.submitted(asked))
    const decided = there.decide([{ ...transferItem, jobId: `${idOf(asked)}-0` }], () => payload)
    expect(await refusal(decided)).toBe('POLICY_REFUSED')
    expect((await world.read(asked)).decidedAt).toBeNull()
  })

  it('when it was cancelled, though its job is still in the relay', async () => {
    const asked = await releasedMint()
    const items = await world.submitted(asked)
    await world.cancel('shop', asked)
    expect(await world.decide(items)).toEqual({
      postponed: [],
      refused: [{ id: items[0]?.jobId, reason: 'it was cancelled' }],
    })
  })

  it('when it has expired, though its job is still in the relay', async () => {
    const asked = await releasedMint()
    const items = await world.submitted(asked)
    await world.withdraw('alice', asked)
    await sql('UPDATE requests SET expires_at = clock_timestamp() WHERE id = $1', idOf(asked))
    await world.expire()
    expect(await world.decide(items)).toMatchObject({ refused: [{ reason: 'it was cancelled' }] })
  })

  it('when nobody has asked for it', async () => {
    const [item] = await world.submitted(await releasedMint())
    if (item === undefined) throw new Error('nothing was released')
    const unknown = `rq_${'0'.repeat(32)}-0`
    const arguments_ = item.arguments.map((text) => text.replace(item.jobId, unknown))
    const verdict = await world.decide([{ ...item, jobId: unknown, arguments: arguments_ }])
    expect(verdict).toMatchObject({ refused: [{ reason: 'nobody has asked for it' }] })
  })

  it('when its job carries the arguments of another', async () => {
    const [one] = await world.submitted(await releasedMint())
    const [other] = await world.submitted(await releasedMint())
    if (one === undefined || other === undefined) throw new Error('nothing was released')
    const verdict = await world.decide([{ ...one, arguments: other.arguments }])
    expect(verdict).toMatchObject({ refused: [{ reason: 'it names another request' }] })
  })

  it('when one transaction holds another number of items than jobs', async () => {
    const items = await world.submitted(await releasedMint('A', 'B'))
    const more = world.payloadOf(items)
    const decided = world.decide(items.slice(0, 1), () => more)
    await expect(decided).rejects.toThrow('another number of items')
  })
})

const transferItem = { function: 'transfer', arguments: [], keyIndexes: [] }

it('counts by the transaction, whatever the database says that an item amounts to', async () => {
  const config = configWith({ mint: { roles: ['requester'], maxAmountInAll: 1 } })
  const there = bindApprovals(world.database, config, halves)
  await sql('DELETE FROM spending')
  const asked = await releasedMint('A', 'B')
  await sql('UPDATE items SET amount = 0 WHERE request_id = $1', idOf(asked))
  const reason = 'the limit of this function for all days is reached'
  expect(await decideAll(asked, there)).toMatchObject({ refused: [{ reason }] })
})

it('gives back what it counted, and no more, when an attempt has died and may not be made anew', async () => {
  const config = configWith({ mint: { roles: ['requester'], maxAmountInAll: 3 } })
  const there = bindApprovals(world.database, config, halves)
  await sql('DELETE FROM spending')
  const [asked, other] = [await releasedMint(), await releasedMint()]
  for (const one of [asked, other])
    expect(await decideAll(one, there)).toEqual({ keyIndexes: [0, 1] })
  await sql('UPDATE items SET amount = 99 WHERE request_id = $1', idOf(asked))
  await sql(
    'UPDATE approvals SET expires_at = clock_timestamp() WHERE request_id = $1',
    idOf(asked),
  )
  await expectPostponed(asked)
  expect(await sql('SELECT sum(amount)::integer AS sum FROM spending')).toEqual([{ sum: 1 }])
})

it('can be approved anew when some of it is signed and its approval has expired since', async () => {
  const asked = await releasedMint('A', 'B')
  const [first, second] = await world.submitted(asked)
  if (first === undefined || second === undefined) throw new Error('nothing was released')
  expect(await world.decide([first])).toEqual({ keyIndexes: [0, 1] })
  await sql(
    'UPDATE approvals SET expires_at = clock_timestamp() WHERE request_id = $1',
    idOf(asked),
  )
  expect(await world.decide([second])).toEqual({ postponed: [second.jobId], refused: [] })
  await world.approve('bob', asked)
  expect(await world.decide([second])).toEqual({ keyIndexes: [0, 1] })
})

it('ends in the expiry, once, when its attempt has died and nobody approved it anew', async () => {
  const asked = await releasedMint()
  await decideAll(asked)
  await sql(
    'UPDATE approvals SET expires_at = clock_timestamp() WHERE request_id = $1',
    idOf(asked),
  )
  await expectPostponed(asked)
  await sql('UPDATE requests SET expires_at = clock_timestamp() WHERE id = $1', idOf(asked))
  expect([await world.expire(), await world.expire()]).toEqual([1, 0])
  expect((await world.read(asked)).state).toBe('expired')
})

it('expires what is left, once, while the rest of it is still being sent', async () => {
  const asked = await releasedMint('A', 'B')
  const [first, second] = await world.submitted(asked)
  if (first === undefined || second === undefined) throw new Error('nothing was released')
  await world.decide([first])
  await sql(
    'UPDATE approvals SET expires_at = clock_timestamp() WHERE request_id = $1',
    idOf(asked),
  )
  await world.decide([second])
  await sql('UPDATE requests SET expires_at = clock_timestamp() WHERE id = $1', idOf(asked))
  expect([await world.expire(), await world.expire()]).toEqual([1, 0])
  expect((await world.submitted(asked)).map(({ jobId }) => jobId)).toEqual([first.jobId])
})

describe('the database refuses', () => {
  it.each([
    ['an approval by the requester', 'alice', 'alice'],
    ['an approval that lies about who asked', 'kiosk', 'alice'],
  ])('%s, whatever the code does', async (_, requester, approver) => {
    const asked = await world.mint('alice')
    const insert = sql(
      `INSERT INTO approvals (request_id, requester, approver, digest, expires_at)
      VALUES ($1, $2, $3, $4, clock_timestamp() + interval '1 hour')`,
      ...[idOf(asked), requester, approver, asked.row.digest],
    )
    expect(await refusal(insert)).toBe('DATABASE_REFUSED')
  })

  it('a second approval by the same principal', async () => {
    const asked = await world.mint('shop')
    await world.approve('alice', asked)
    const again = sql(
      `INSERT INTO approvals (request_id, requester, approver, digest, expires_at)
      SELECT request_id, requester, approver, digest, expires_at FROM approvals
      WHERE request_id = $1`,
      idOf(asked),
    )
    expect(await refusal(again)).toBe('DATABASE_REFUSED')
  })

  it('that a request changes hands once it has an approval', async () => {
    const asked = await world.mint('shop')
    await world.approve('alice', asked)
    const change = sql(`UPDATE requests SET requester = 'alice' WHERE id = $1`, idOf(asked))
    expect(await refusal(change)).toBe('DATABASE_REFUSED')
  })
})

describe('at once', () => {
  it('50 approvals by one principal are one', async () => {
    const asked = await world.mint('shop')
    const calls = Array.from({ length: 50 }, () => world.approve('alice', asked))
    const results = await Promise.allSettled(calls)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const codes = results.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
    expect(new Set(codes)).toEqual(new Set(['ALREADY_APPROVED']))
    expect((await world.kinds(asked)).filter((kind) => kind === 'approval')).toHaveLength(1)
  })

  it('cancelling and deciding leave either a decision or a cancellation', async () => {
    for (let round = 0; round < 8; round += 1) {
      const asked = await releasedMint()
      const items = await world.submitted(asked)
      const cancel = world.cancel('shop', asked).then(
        () => 'cancelled',
        (thrown) => thrown.code,
      )
      const decide = world.decide(items)
      const order = round % 2 === 0 ? [cancel, decide] : [decide, cancel]
      await Promise.all(order)
      const signed = (await decide).keyIndexes !== undefined
      expect(await cancel).toBe(signed ? 'ALREADY_DECIDED' : 'cancelled')
      expect((await world.read(asked)).state).toBe(signed ? 'released' : 'cancelled')
    }
  })
})

it('has an audit trail that verifies after all of it, and met no trouble', async () => {
  expect(await world.audit.verify()).toMatchObject({ intact: true })
  expect(world.troubles).toEqual([])
})

const intentOf = ({ row }: Accepted): Intent => ({
  ...{ chainId: 'flow-emulator', account: treasury, requestId: row.id, functionName: 'mint' },
  ...{ cadenceHash: row.cadenceHash, computeLimit: null, items: [] },
})
const idOf = ({ row }: Accepted) => row.id
const flip = ({ row }: Accepted) => flipped(row.digest)
const flipped = (digest: string) =>
  `${digest.slice(0, -1)}${(Number.parseInt(digest.slice(-1), 16) ^ 1).toString(16)}`
