import type { Authenticator } from '../../../../examples/admin-server/src/access/authenticate.ts'
import { createLimits } from '../../../../examples/admin-server/src/access/limits.ts'
import type { Principal, Role } from '../../../../examples/admin-server/src/access/principal.ts'
import type { AuditRecord } from '../../../../examples/admin-server/src/audit/audit.ts'
import { createAudit } from '../../../../examples/admin-server/src/audit/chain.ts'
import type { Database } from '../../../../examples/admin-server/src/database/database.ts'
import { openDatabase } from '../../../../examples/admin-server/src/database/database.ts'
import { migrate } from '../../../../examples/admin-server/src/database/migrate.ts'
import { AdminError, type AdminErrorCode } from '../../../../examples/admin-server/src/errors.ts'
import { createAccess } from '../../../../examples/admin-server/src/http/access.ts'
import type { Access } from '../../../../examples/admin-server/src/http/context.ts'
import { createLog } from '../../../../examples/admin-server/src/observability/log.ts'
import { until } from '../../../support/until.ts'

let database: Database

beforeAll(async () => {
  database = await openDatabase({ folder: 'memory://' })
  await migrate(database)
})
afterAll(() => database.close())

type Refusal = Parameters<NonNullable<Access['onRefusal']>>[0]

const secret = `fka_${'C'.repeat(42)}A`
const callOf = (code: AdminErrorCode, reason: string): Refusal => ({
  requestId: 'req_0123456789abcdef01234567',
  method: 'POST',
  url: `/v1/pause?token=${secret}`,
  route: '/v1/pause',
  headers: { authorization: `Bearer ${secret}` },
  rawHeaders: ['Authorization', `Bearer ${secret}`],
  clientAddress: '192.0.2.1',
  principal: null,
  error: new AdminError(code, {}, new Error(reason)),
})

/** Parts that are real but for those that a refusal does not ask. */
function world(authenticate?: Authenticator['authenticate']) {
  const lines: string[] = []
  const counted: string[] = []
  const audit = createAudit(database)
  const limits = createLimits({ token: 10, address: 10, all: 10 })
  const refuse = () => Promise.reject(new AdminError('UNAUTHENTICATED'))
  const access = createAccess({
    authenticator: {
      authenticate: authenticate ?? refuse,
      checkSignature: refuse,
      stillValid: refuse,
      signIn: refuse,
      signOut: refuse,
      csrfTokenOf: () => undefined,
    },
    network: { admit: (peer) => peer ?? '' },
    limits,
    database,
    audit,
    // Of the metrics a refusal touches this one.
    metrics: { onRefusal: (code: string) => counted.push(code) } as never,
    log: createLog({ level: 'info' }, { write: (line) => lines.push(line) }),
  })
  const records = async (): Promise<readonly AuditRecord[]> =>
    audit.list({ limit: 1_000, kind: 'refusal' })
  return { access, limits, lines, counted, records }
}

describe('a call that was refused', () => {
  it('is logged with its reason, counted and recorded', async () => {
    const { access, lines, counted, records } = world()
    const before = (await records()).length
    access.onRefusal?.(callOf('SIGNATURE_REFUSED', 'the nonce was used'))
    await until(async () => (await records()).length > before)
    const line = lines.join('')
    expect(JSON.parse(line)).toMatchObject({
      level: 'warn',
      msg: 'refused',
      code: 'SIGNATURE_REFUSED',
      cause: 'the nonce was used',
      clientAddress: '192.0.2.1',
      route: '/v1/pause',
    })
    expect(counted).toEqual(['SIGNATURE_REFUSED'])
    const record = (await records()).at(-1)
    expect(record).toMatchObject({
      actor: 'server',
      facts: { code: 'SIGNATURE_REFUSED', route: '/v1/pause', clientAddress: '192.0.2.1' },
    })
    expect(line + JSON.stringify(record)).not.toContain(secret)
  })

  it('is recorded sixty times a minute at most, and logged always', async () => {
    const { access, lines, records } = world()
    const before = (await records()).length
    for (let index = 0; index < 200; index += 1) access.onRefusal?.(callOf('FORBIDDEN', ''))
    expect(lines).toHaveLength(200)
    await until(async () => (await records()).length >= before + 60)
    // Behind all that were queued; at most one more minute has begun meanwhile.
    await database.query('SELECT 1')
    expect((await records()).length).toBeLessThanOrEqual(before + 120)
  })

  it.each<[AdminErrorCode, boolean]>([
    ['UNAUTHENTICATED', true],
    ['CSRF_REFUSED', false],
    ['SIGNATURE_REFUSED', false],
    ['FORBIDDEN', false],
    ['RATE_LIMITED', false],
  ])('for %s counts against new credentials of its address: %s', (code, counts) => {
    const { access, limits } = world()
    for (let index = 0; index < 10; index += 1) access.onRefusal?.(callOf(code, 'wrong'))
    expect(limits.credentials.check('192.0.2.1', 'new').allowed).toBe(!counts)
    expect(access.takeTurn('address', '192.0.2.1').allowed).toBe(true)
  })

  it.each([
    ['nothing', []],
    ['a session that is over', ['Cookie', `session=${'A'.repeat(43)}`]],
    ['what is no token', ['Authorization', 'Basic YTpi']],
  ])('counts against nobody when it brings %s', (_, rawHeaders) => {
    const { access, limits } = world()
    for (let index = 0; index < 50; index += 1)
      access.onRefusal?.({ ...callOf('UNAUTHENTICATED', 'wrong'), rawHeaders })
    expect(limits.credentials.check('192.0.2.1', 'new').allowed).toBe(true)
  })
})

describe('behind an address from which too many wrong tokens came', () => {
  const bob: Principal = {
    ...{ name: 'bob', roles: new Set<Role>(['operator']), via: 'token', credentialId: 'tk_bob' },
  }
  const bringing = (credential: string) => ({
    ...callOf('UNAUTHENTICATED', 'wrong'),
    rawHeaders: ['Authorization', `Bearer ${credential}`],
  })

  /** Knows one token and one JWT, which it has never seen. */
  function locked() {
    const jwt = 'eyJh.eyJz.c2ln'
    const looked: string[] = []
    const { access, limits } = world(async ({ authorization }) => {
      const credential = authorization[0]?.slice('Bearer '.length) ?? ''
      looked.push(credential)
      if ([secret, jwt].includes(credential)) return bob
      throw new AdminError('UNAUTHENTICATED')
    })
    for (let index = 0; index < 10; index += 1)
      limits.credentials.refused('192.0.2.1', `wrong ${index}`)
    return { access, jwt, looked }
  }

  it('a right token is let in, though this process has not seen it', async () => {
    const { access } = locked()
    expect(await access.authenticate(bringing(secret))).toBe(bob)
  })

  it.each([
    ['a token that nobody knows', `fka_${'D'.repeat(42)}A`, true],
    ['a JWT', undefined, false],
    ['what is neither', 'abc', false],
  ])('%s is refused', async (_, credential, isLookedUp) => {
    const { access, jwt, looked } = locked()
    const brought = bringing(credential ?? jwt)
    await expect(access.authenticate(brought)).rejects.toMatchObject({
      ...{ code: 'RATE_LIMITED', facts: { scope: 'credentials' } },
    })
    expect(looked).toHaveLength(isLookedUp ? 1 : 0)
  })
})
