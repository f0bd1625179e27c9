import { AdminError, adminErrors } from '../../../../examples/admin-server/src/errors.ts'
import { toProblem } from '../../../../examples/admin-server/src/http/problems.ts'
import { SignerError } from '../../../../src/index.ts'

const call = { requestId: `req_${'0'.repeat(24)}`, path: '/v1/mints' }
const of = (thrown: unknown) => toProblem(thrown, call)

describe('toProblem', () => {
  it('gives each code its type, title, status and sentence', () => {
    for (const [code, [status, sentence]] of Object.entries(adminErrors)) {
      // The keys of the table are the codes.
      const { problem } = of(new AdminError(code as keyof typeof adminErrors))
      expect(problem).toMatchObject({ code, status, detail: sentence, instance: '/v1/mints' })
      expect(problem.type).toMatch(/^\/problems\/[a-z]+(?:-[a-z]+)*$/)
      expect(problem.title).toMatch(/^[A-Z][a-z ]+$/)
    }
  })

  it.each([
    [new SignerError('RELAY_QUEUE_FULL', { address: '0x1', limit: 1 }), 503, 'OVERLOADED'],
    [new SignerError('RELAY_CLOSED', { address: '0x1' }), 503, 'OVERLOADED'],
    [new SignerError('STORE_UNAVAILABLE', { operation: 'x' }), 503, 'DATABASE_UNAVAILABLE'],
    [
      new SignerError('KMS_TIMEOUT', {
        keyId: 'k',
        limit: 'requestTimeoutMs',
        attempts: 1,
        elapsedMs: 1,
      }),
      503,
      'UPSTREAM_UNAVAILABLE',
    ],
    [
      new SignerError('ACCESS_NODE_REPLY_INVALID', { accessNode: 'n', reason: 'r' }),
      503,
      'UPSTREAM_UNAVAILABLE',
    ],
    [
      new SignerError('ACCESS_NODE_REFUSED', { accessNode: 'n', status: 400, reason: 'r' }),
      503,
      'UPSTREAM_UNAVAILABLE',
    ],
    [
      new SignerError('KMS_ACCESS_DENIED', { keyId: 'k', operation: 'Sign' }),
      503,
      'UPSTREAM_UNAVAILABLE',
    ],
    [
      new SignerError('CHAIN_MISMATCH', { expected: 'a', actual: 'b' }),
      503,
      'UPSTREAM_UNAVAILABLE',
    ],
    [
      new SignerError('AWS_CONFIG_INVALID', { setting: 's', reason: 'r' }),
      503,
      'UPSTREAM_UNAVAILABLE',
    ],
    [new SignerError('AWS_REGION_INVALID', { reason: 'r' }), 503, 'UPSTREAM_UNAVAILABLE'],
    [new SignerError('KEY_DISABLED', { keyId: 'k' }), 503, 'UPSTREAM_UNAVAILABLE'],
    [new SignerError('KEY_REVOKED', { address: '0x1', keyIndex: 0 }), 503, 'UPSTREAM_UNAVAILABLE'],
  ])('tells when to try again: %s', (thrown, status, code) => {
    const { problem, headers } = of(thrown)
    expect([problem.status, problem.code]).toEqual([status, code])
    expect(headers).toEqual({ 'retry-after': '5' })
  })

  it.each([
    [new SignerError('JOB_ID_TAKEN', { id: 'a' }), 422, 'IDEMPOTENCY_KEY_REUSED'],
    [new SignerError('JOB_UNKNOWN', { id: 'a' }), 404, 'NOT_FOUND'],
    [new SignerError('POLICY_REFUSED', { reason: 'secret' }), 422, 'POLICY_REFUSED'],
    [new SignerError('KEY_DISABLED', { keyId: 'secret' }), 503, 'UPSTREAM_UNAVAILABLE'],
    [new SignerError('INVALID_KEY_ID', { reason: 'secret' }), 500, 'INTERNAL'],
  ])('maps errors of the library: %s', (thrown, status, code) => {
    const { problem } = of(thrown)
    expect([problem.status, problem.code]).toEqual([status, code])
    expect(JSON.stringify(problem)).not.toContain('secret')
  })

  it('names the code of the library where the server itself is in trouble, and nothing more', () => {
    const { problem } = of(
      new SignerError('AWS_CONFIG_INVALID', { setting: 's', reason: 'secret' }),
    )
    expect(problem.facts).toEqual({ cause: 'AWS_CONFIG_INVALID' })
  })

  it.each([
    ['an error', new Error('secret')],
    ['an error of another server', Object.assign(new Error('secret'), { statusCode: 404 })],
    ['an error with a code of ours', Object.assign(new Error('secret'), { code: 'NOT_FOUND' })],
    ['a text', 'secret'],
    ['nothing', undefined],
    ['null', null],
    ['an object', { secret: 1 }],
    ['a symbol', Symbol('secret')],
  ])('says INTERNAL and no more of %s', (_name, thrown) => {
    const { problem } = of(thrown)
    expect(problem).toEqual({
      type: '/problems/internal',
      title: 'Internal',
      status: 500,
      code: 'INTERNAL',
      detail: adminErrors.INTERNAL[1],
      instance: '/v1/mints',
      requestId: call.requestId,
    })
  })

  it('keeps facts of our own faults to itself', () => {
    const { problem } = of(new AdminError('DATABASE_UNAVAILABLE', { sqlState: '42P01' }))
    expect(JSON.stringify(problem)).not.toContain('42P01')
  })

  it('shows other facts in one line without what steers a terminal', () => {
    const reason = `a\r\nb\u001b[31m\u202ec${'x'.repeat(1_000)}`
    const { problem } = of(new AdminError('POLICY_REFUSED', { reason, limits: [reason] }))
    const shown = `a b [31m c${'x'.repeat(290)}`
    expect(problem.facts).toEqual({ reason: shown, limits: [shown] })
  })

  it('lists mistakes by place and pointer, a bounded number, without values', () => {
    const mistake = { instancePath: '/items/0/name', keyword: 'type', message: 'must be string' }
    const validation = Array.from({ length: 100 }, () => mistake)
    const { problem } = of(
      Object.assign(new Error('secret'), { validation, validationContext: 'body' }),
    )
    expect(problem.status).toBe(422)
    expect(problem.errors).toHaveLength(20)
    expect(problem.errors?.[0]).toEqual({
      in: 'body',
      pointer: '/items/0/name',
      detail: 'must be string',
    })
  })
})
