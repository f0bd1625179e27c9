/** Abuses of approvals over HTTP and on chain, and races between processes on one PostgreSQL. */
import { revokeToken } from '../../../examples/admin-server/src/access/tokens.ts'
import {
  type Approvals,
  configWith,
  mintInput,
  openApprovals,
  person,
} from '../../support/admin-server/approval-world.ts'
import {
  type AdminChain,
  type Answer,
  type Caller,
  callAs,
  mintOf,
  startAdminChain,
  startTestServer,
  type TestServer,
  type Treasury,
  twoKeys,
} from '../../support/admin-server/world.ts'
import { findPostgres, type Postgres, startPostgres } from '../../support/postgres.ts'
import { until } from '../../support/until.ts'

const no = ['DIGEST_MISMATCH', 409] as const
const invalid = ['INVALID_REQUEST', 422] as const

describe('over HTTP', () => {
  let world: AdminChain
  let treasury: Treasury
  let server: TestServer
  const people = new Map<string, Caller>()

  beforeAll(async () => {
    world = await startAdminChain()
    treasury = await world.createTreasury(twoKeys)
    server = await startTestServer(treasury.config)
    const { caller } = server
    people.set('shop', await caller('shop', 'requester'))
    people.set('alice', await caller('alice', 'approver', 'requester'))
    people.set('bob', await caller('bob', 'approver'))
    people.set('ops', await caller('ops', 'operator'))
    people.set('eve', await caller('eve', 'auditor'))
  }, 120_000)

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await world?.[Symbol.asyncDispose]()
  })

  const as = (name: string): Caller['call'] => {
    const caller = people.get(name)
    if (caller === undefined) throw new Error(`nobody is called ${name}`)
    return caller.call
  }

  type Request = { readonly id: string; readonly digest: string }

  async function ask(name = 'shop', title = 'Ticket'): Promise<Request> {
    const items = [mintOf(treasury.recipient, title)]
    const { status, body } = await as(name)('POST', '/v1/mints', { items })
    expect(status).toBe(202)
    return body
  }

  const approveAs = (call: Caller['call'], { id, digest }: Request, body: unknown = { digest }) =>
    call('POST', `/v1/mints/${id}/approvals`, body)
  const withdrawAs = (call: Caller['call'], { id }: Request) =>
    call('DELETE', `/v1/mints/${id}/approvals/mine`)
  const cancelAs = (call: Caller['call'], { id }: Request) =>
    call('POST', `/v1/mints/${id}/cancel`, {})
  const read = async ({ id }: Request) => (await as('eve')('GET', `/v1/mints/${id}`)).body
  const pause = (how: 'pause' | 'resume') => as('ops')('POST', `/v1/${how}`, { reason: 'test' })
  const stateIs = (request: Request, state: string) =>
    until(async () => (await read(request)).state === state)

  const expectCode = ({ status, body }: Answer, code: string, expected: number) =>
    expect({ status, code: body.code }).toEqual({ status: expected, code })

  /** Decisions on it, by what they said. */
  const verdictsOf = async ({ id }: Request) => {
    const { body } = await as('eve')('GET', `/v1/audit?kind=decision&requestId=${id}&limit=100`)
    return body.records.map(({ facts }: { facts: { verdict: string } }) => facts.verdict)
  }

  it('nobody approves what they asked for, by whatever token or session', async () => {
    const request = await ask('alice')
    expectCode(await approveAs(as('alice'), request), 'SELF_APPROVAL', 403)
    const second = await server.caller('alice', 'approver')
    expectCode(await approveAs(second.call, request), 'SELF_APPROVAL', 403)
    const anonymous = callAs(server.url)
    const origin = server.context.config.http.publicUrl
    const signedIn = await anonymous('POST', '/v1/session', { token: second.token }, { origin })
    const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const headers = { cookie, 'x-csrf-token': signedIn.body.csrfToken, origin }
    expect(signedIn.status).toBe(201)
    const path = `/v1/mints/${request.id}/approvals`
    const body = { digest: request.digest }
    expectCode(await anonymous('POST', path, body, headers), 'SELF_APPROVAL', 403)
    const { 'x-csrf-token': _, ...withoutToken } = headers
    expectCode(await anonymous('POST', path, body, withoutToken), 'CSRF_REFUSED', 403)
    const mine = (await as('alice')('GET', `/v1/mints/${request.id}`)).body.mine
    expect(mine).toMatchObject({ canApprove: false, hasApproved: false })
    expect((await read(request)).approvals).toEqual([])
  })

  // Names come from whoever makes tokens or from the issuer of a JWT, never from the caller; the
  // configuration refuses approvers that differ in case alone.
  it('a name in another case is another principal: no approver by itself', async () => {
    const other = await server.caller('Alice', 'approver', 'requester')
    expectCode(await approveAs(other.call, await ask()), 'NOT_AN_APPROVER', 403)
  })

  it.each([
    ['is nobody', () => callAs(server.url), 'UNAUTHENTICATED', 401],
    ['only asks', async () => as('shop'), 'FORBIDDEN', 403],
    ['only operates', async () => as('ops'), 'FORBIDDEN', 403],
    ['only audits', async () => as('eve'), 'FORBIDDEN', 403],
    ['is named by a key, without the role', callerOf('bob', 'auditor'), 'FORBIDDEN', 403],
    ['has the role, named by no key', callerOf('mallory', 'approver'), 'NOT_AN_APPROVER', 403],
  ])('who %s does not approve', async (_, caller, code, status) => {
    expectCode(await approveAs(await caller(), await ask('alice')), code, status)
  })

  it.each([
    ['of another request', async () => ({ digest: (await ask()).digest }), ...no],
    ['of the same from another', async () => ({ digest: (await ask('alice')).digest }), ...no],
    ['of zeros', async () => ({ digest: '0'.repeat(64) }), ...no],
    ['in capitals', async ({ digest }: Request) => ({ digest: digest.toUpperCase() }), ...invalid],
    ['cut short', async ({ digest }: Request) => ({ digest: digest.slice(1) }), ...invalid],
    ['in a list', async ({ digest }: Request) => ({ digest: [digest] }), ...invalid],
    [
      'beside a name',
      async (one: Request) => ({ digest: one.digest, approver: 'bob' }),
      ...invalid,
    ],
    ['that is not there', async () => ({}), ...invalid],
  ] as const)('a digest %s approves nothing', async (_, bodyOf, code, status) => {
    const request = await ask()
    expectCode(await approveAs(as('bob'), request, await bodyOf(request)), code, status)
    expect((await read(request)).state).toBe('waiting')
  })

  it('an approval is found under the function of its request alone', async () => {
    const items = [{ recipient: treasury.recipient, nftId: '1' }]
    const { body } = await as('shop')('POST', '/v1/requests', { function: 'transfer', items })
    expectCode(await approveAs(as('bob'), body), 'NOT_FOUND', 404)
    const unknown = { id: `rq_${'0'.repeat(32)}`, digest: body.digest }
    expectCode(await approveAs(as('bob'), unknown), 'NOT_FOUND', 404)
  })

  it('shows an approver a name that looks like another, and all else that is signed', async () => {
    const { id } = await ask('shop', 'Тісkеt') // Cyrillic but for k and t
    const { body } = await as('bob')('GET', `/v1/mints/${id}/content`)
    const lines: { label: string; value: string }[] = body.items[0].lines
    const warnings = lines.filter(({ label }) => label === 'Warning')
    expect(warnings.map(({ value }) => value).join()).toMatch(/several scripts|look like Latin/)
    expect(lines).toContainEqual({ label: 'Recipient', value: treasury.recipient })
    expect(body.items[0].arguments).toHaveLength(11)
  })

  it('an address is taken in one spelling, so none looks like another', async () => {
    const items = [mintOf(treasury.recipient.replace('0x', '0х'))] // Cyrillic
    const answer = await as('shop')('POST', '/v1/mints', { items })
    expectCode(answer, 'INVALID_REQUEST', 422)
  })

  describe('while it is paused, with what is ready in the relay', () => {
    beforeAll(async () => {
      await pause('pause')
    })
    afterAll(async () => {
      await pause('resume')
    })

    it('one human approves once, with two tokens too', async () => {
      const request = await ask()
      expect((await approveAs(as('bob'), request)).status).toBe(201)
      const second = await server.caller('bob', 'approver')
      expectCode(await approveAs(second.call, request), 'ALREADY_APPROVED', 409)
      expect((await read(request)).quorum).toMatchObject({ weight: 1_000 })
    })

    it('two approvers of one key carry its weight once', async () => {
      const request = await ask()
      await approveAs(as('bob'), request)
      await approveAs(as('alice'), request)
      const { quorum, approvals } = await read(request)
      expect(approvals).toHaveLength(2)
      expect(quorum).toMatchObject({ weight: 1_000, needed: 1_000, met: true })
    })

    it('nobody takes back what another has approved', async () => {
      const request = await ask()
      await approveAs(as('bob'), request)
      expectCode(await withdrawAs(as('alice'), request), 'NOT_APPROVED', 409)
      expectCode(await withdrawAs(as('shop'), request), 'FORBIDDEN', 403)
      expect((await withdrawAs(as('bob'), request)).body).toMatchObject({ state: 'waiting' })
      expectCode(await withdrawAs(as('bob'), request), 'NOT_APPROVED', 409)
      expect((await approveAs(as('bob'), request)).body.quorum).toMatchObject({ met: true })
    })

    it('who may not cancel, does not: an approver, or another requester', async () => {
      const request = await ask()
      const kiosk = await server.caller('kiosk', 'requester')
      expectCode(await cancelAs(as('bob'), request), 'FORBIDDEN', 403)
      expectCode(await cancelAs(kiosk.call, request), 'NOT_FOUND', 404)
      expectCode(await approveAs(kiosk.call, request), 'FORBIDDEN', 403)
    })

    it('what is cancelled or expired is not approved', async () => {
      const [cancelled, expired] = [await ask(), await ask()]
      expect((await cancelAs(as('shop'), cancelled)).body).toMatchObject({ state: 'cancelled' })
      expectCode(await approveAs(as('bob'), cancelled), 'REQUEST_OVER', 409)
      expectCode(await cancelAs(as('shop'), cancelled), 'REQUEST_OVER', 409)
      await server.context.database.query(
        'UPDATE requests SET expires_at = clock_timestamp() WHERE id = $1',
        [expired.id],
      )
      expectCode(await approveAs(as('bob'), expired), 'REQUEST_OVER', 409)
    })

    it('50 approvals at once by one principal are one', async () => {
      const request = await ask()
      const calls = Array.from({ length: 50 }, () => approveAs(as('bob'), request))
      const answers = await Promise.all(calls)
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
      const codes = new Set(answers.flatMap(({ body }) => body.code ?? []))
      expect(codes).toEqual(new Set(['ALREADY_APPROVED']))
      expect((await read(request)).approvals).toHaveLength(1)
    })

    it('approving and cancelling at once leave it cancelled, and never signed', async () => {
      for (let round = 0; round < 5; round += 1) {
        const request = await ask()
        const calls = [approveAs(as('bob'), request), cancelAs(as('shop'), request)]
        const [approved, cancelled] = await Promise.all(round % 2 === 0 ? calls : calls.reverse())
        const codes = [approved, cancelled].flatMap((one) => one?.body.code ?? [])
        expect([[], ['REQUEST_OVER']]).toContainEqual(codes)
        expect((await read(request)).state).toBe('cancelled')
      }
    })

    it('a token that is revoked approves no more; what was approved with it stands until withdrawn', async () => {
      const { database } = server.context
      const leaver = await server.caller('alice', 'approver')
      const [before, after] = [await ask(), await ask()]
      expect((await approveAs(leaver.call, before)).status).toBe(201)
      const [row] = await database.query<{ id: string }>(
        `SELECT id FROM tokens WHERE principal = 'alice' ORDER BY created_at DESC LIMIT 1`,
      )
      await revokeToken(database, row?.id ?? '')
      expectCode(await approveAs(leaver.call, after), 'UNAUTHENTICATED', 401)
      expectCode(await withdrawAs(leaver.call, before), 'UNAUTHENTICATED', 401)
      expect((await read(before)).approvals).toMatchObject([{ approver: 'alice', counts: true }])
      expect((await withdrawAs(as('alice'), before)).body).toMatchObject({ state: 'waiting' })
    })

    it('what is cancelled or taken back while its job is in the relay is not signed', async () => {
      const [cancelled, withdrawn] = [await ask(), await ask()]
      for (const request of [cancelled, withdrawn]) await approveAs(as('bob'), request)
      for (const request of [cancelled, withdrawn]) await stateIs(request, 'released')
      await cancelAs(as('shop'), cancelled)
      await withdrawAs(as('bob'), withdrawn)
      await pause('resume')
      const other = await ask()
      await approveAs(as('bob'), other)
      await stateIs(other, 'done')
      expect((await read(cancelled)).state).toBe('cancelled')
      expect((await read(withdrawn)).state).toBe('waiting')
      expect([...(await verdictsOf(cancelled)), ...(await verdictsOf(withdrawn))]).not.toContain(
        'allowed',
      )
      await approveAs(as('alice'), withdrawn)
      await stateIs(withdrawn, 'done')
      await pause('pause')
    })
  })

  it('what is done is neither approved, nor taken back, nor cancelled', async () => {
    const request = await ask()
    await approveAs(as('bob'), request)
    await stateIs(request, 'done')
    expectCode(await approveAs(as('alice'), request), 'REQUEST_OVER', 409)
    expectCode(await withdrawAs(as('bob'), request), 'REQUEST_OVER', 409)
    expectCode(await cancelAs(as('shop'), request), 'REQUEST_OVER', 409)
    expect(await verdictsOf(request)).toEqual(['allowed'])
  })

  it('what was changed in the database after its approval is not minted', async () => {
    await pause('pause')
    const request = await ask()
    await approveAs(as('bob'), request)
    await server.context.database.query(
      `UPDATE items SET arguments = replace(arguments::text, 'Ticket', 'Riches')::jsonb
      WHERE request_id = $1`,
      [request.id],
    )
    await pause('resume')
    await stateIs(request, 'failed')
    expect(await verdictsOf(request)).toEqual(['refused'])
    const { body } = await as('shop')('GET', `/v1/mints/${request.id}/items`)
    expect(body.items).toMatchObject([{ state: 'failed', error: { code: 'POLICY_REFUSED' } }])
  })

  it('keeps an audit trail that verifies through all of it', async () => {
    expect((await as('eve')('GET', '/v1/audit/verify')).body).toMatchObject({ intact: true })
  })

  // The last one: the account cannot sign any more.
  it('a key that was revoked on chain after the approval signs nothing', async () => {
    await pause('pause')
    const request = await ask()
    await approveAs(as('bob'), request)
    await stateIs(request, 'released')
    const { errorMessage } = await world.chain.send({
      // The transaction of the package refuses to leave an account that cannot sign.
      cadence: `transaction {
        prepare(signer: auth(RevokeKey) &Account) { signer.keys.revoke(keyIndex: 1) }
      }`,
      authz: treasury.authorizer.authorize(treasury.address),
    })
    expect(errorMessage).toBe('')
    // A decision may use what was read within the second before.
    const isRevoked = async () => (await as('ops')('GET', '/v1/keys')).body.keys[1].revoked
    await until(isRevoked)
    await pause('resume')
    await stateIs(request, 'waiting')
    const { quorum } = await read(request)
    expect(quorum).toMatchObject({ weight: 500, met: false })
    expect(quorum.keys).toMatchObject([{ revoked: false }, { revoked: true, met: false }])
    expect(await verdictsOf(request)).not.toContain('allowed')
  })

  function callerOf(name: string, role: 'auditor' | 'approver') {
    return async () => (await server.caller(name, role)).call
  }
})

const bin = findPostgres()
if (bin === undefined)
  process.stderr.write(
    'SKIPPED approvals on PostgreSQL: none found, 15 or newer (apt-get install postgresql)\n',
  )

const describeWithPostgres = bin === undefined ? describe.skip : describe

describeWithPostgres('two processes on one PostgreSQL', () => {
  let postgres: Postgres
  let one: Approvals
  let other: Approvals

  beforeAll(async () => {
    postgres = await startPostgres(bin ?? '')
    const limits = { roles: ['requester'], maxAmountPerDay: 10, maxAmountInAll: 15 } as const
    const options = { config: configWith({ mint: limits }), place: { url: postgres.url } }
    // Both bring the tables up to date at once.
    ;[one, other] = await Promise.all([openApprovals(options), openApprovals(options)])
  }, 60_000)

  afterAll(async () => {
    await one?.[Symbol.asyncDispose]()
    await other?.[Symbol.asyncDispose]()
    await postgres?.stop()
  })

  it('accept 200 calls with one key as one request', async () => {
    const asked = { functionName: 'mint', items: [mintInput()], idempotencyKey: 'once' }
    const shop = person('shop', 'requester')
    const calls = Array.from({ length: 200 }, (_, index) =>
      (index % 2 === 0 ? one : other).accept(shop, asked),
    )
    const all = await Promise.all(calls)
    expect(all.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(all.map(({ row }) => row.id)).size).toBe(1)
  })

  it('take 50 approvals of one principal for one', async () => {
    const asked = await one.mint('shop')
    const calls = Array.from({ length: 50 }, (_, index) =>
      (index % 2 === 0 ? one : other).approve('alice', asked),
    )
    const results = await Promise.allSettled(calls)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const codes = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason.code] : [],
    )
    expect(new Set(codes)).toEqual(new Set(['ALREADY_APPROVED']))
  })

  it('decide or cancel what both happens to at once, never both', async () => {
    await one.database.query('DELETE FROM spending')
    const ends = new Set<string>()
    for (let round = 0; round < 8; round += 1) {
      const asked = await one.mint('shop')
      await one.approve('alice', asked)
      await one.release()
      const items = await one.submitted(asked)
      const decide = one.decide(items)
      const cancel = other.cancel('shop', asked).then(
        () => 'cancelled',
        (thrown) => String(thrown.code),
      )
      const signed = (await decide).keyIndexes !== undefined
      expect(await cancel).toBe(signed ? 'ALREADY_DECIDED' : 'cancelled')
      ends.add((await one.read(asked)).state)
    }
    expect(['released', 'cancelled']).toEqual(expect.arrayContaining([...ends]))
  })

  it('release each request once', async () => {
    const asked = await Promise.all(Array.from({ length: 20 }, () => one.mint('shop')))
    for (const request of asked) await one.approve('alice', request)
    const released = (await Promise.all([one.release(), other.release(), one.release()])).flat()
    const ids = released.map(({ jobId }) => jobId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(ids)).toEqual(new Set(asked.map(({ row }) => `${row.id}-0`)))
  })

  it('keep to the limits of a day and in all, whoever decides first', async () => {
    await one.database.query('DELETE FROM spending')
    const asked = await Promise.all(Array.from({ length: 30 }, () => one.mint('shop')))
    for (const request of asked) await one.approve('alice', request)
    await one.release()
    const decideAll = async () => {
      const verdicts = asked.map(async (request, index) =>
        (index % 2 === 0 ? one : other).decide(await one.submitted(request)),
      )
      return (await Promise.all(verdicts)).filter(({ keyIndexes }) => keyIndexes !== undefined)
    }
    expect(await decideAll()).toHaveLength(10)
    // What was decided may be signed anew; nothing else is, until tomorrow.
    expect(await decideAll()).toHaveLength(10)
    await one.database.query('UPDATE spending SET day = day - 1 WHERE day > $1', ['-infinity'])
    expect(await decideAll()).toHaveLength(15)
    const [row] = await one.database.query<{ sum: number }>(
      'SELECT sum(amount)::integer AS sum FROM spending',
    )
    expect(row?.sum).toBe(15)
  })

  it('keep one audit trail that verifies, and met no trouble', async () => {
    expect(await other.audit.verify()).toMatchObject({ intact: true })
    expect([...one.troubles, ...other.troubles]).toEqual([])
  })
})
