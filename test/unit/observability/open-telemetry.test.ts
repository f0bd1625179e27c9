import * as api from '@opentelemetry/api'
import type { SignEvent } from '../../../src/index.ts'
import { createTracing } from '../../../src/observability/index.ts'
import type { RelayEvent } from '../../../src/relay/index.ts'
import { createFakeTracer } from '../../support/fake-tracer.ts'
import { warningsOf } from '../../support/warnings.ts'

const id = 'ab'.repeat(32)
const address = '0xf8d6e0586b0a20c7'

function start(options: { readonly maxOpen?: number; readonly address?: string } = {}) {
  const tracer = createFakeTracer()
  const tracing = createTracing({ api, tracer, ...options })
  const named = (name: string) => tracer.spans.filter((span) => span.name === name)
  const one = (name: string) => {
    const [span, ...others] = named(name)
    if (span === undefined || others.length > 0)
      throw new Error(`${others.length + 1} spans ${name}`)
    return span
  }
  return { tracer, tracing, named, one }
}

const signedOf = (transactionId: string, jobIds: readonly string[] = ['job-1']): RelayEvent => ({
  kind: 'signed',
  transactionId,
  jobIds,
  keyIndex: 4,
  sequenceNumber: '7',
  computeLimit: 100,
  queuedMs: 1_500,
  waitedMs: 200,
  signMs: 30,
})
const sent = {
  kind: 'sent',
  transactionId: id,
  accessNode: 'https://node.example:8443/secret-token',
  verdict: 'taken',
  reason: '',
  attempt: 1,
  sendMs: 20,
} as const
const sealed = {
  kind: 'sealed',
  transactionId: id,
  jobIds: ['job-1'],
  height: 10,
  failed: false,
  errorCodes: [],
  adopted: false,
  sinceSignedMs: 9_000,
} as const
const executed = { ...sealed, kind: 'executed', height: 9, sinceSignedMs: 2_000 } as const

const signEventOf = (more: Partial<SignEvent> = {}): SignEvent =>
  ({
    kind: 'transaction',
    transaction: { proposalKey: { address, keyIndex: 4, sequenceNumber: '7' } },
    signerId: 'the-signer',
    requestId: 'request-1',
    attempts: 2,
    address,
    keyIndex: 0,
    signatureAlgorithm: 'ECDSA_P256',
    hashAlgorithm: 'SHA3_256',
    durationMs: 20,
    ...more,
  }) as SignEvent // with the facts that traces use

/** Runs with a span of the caller's being active, as an SDK's context manager has it. */
function withActive(run: () => void): api.SpanContext {
  const active = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: 1 }
  const context = api.trace.setSpanContext(api.ROOT_CONTEXT, active)
  const manager: api.ContextManager = {
    active: () => context,
    with: (_, call, self, ...args) => call.call(self, ...args),
    bind: (_, target) => target,
    enable: () => manager,
    disable: () => manager,
  }
  api.context.setGlobalContextManager(manager)
  try {
    run()
  } finally {
    api.context.disable()
  }
  return active
}

describe('a transaction', () => {
  it('has a span for each stage, within one for itself', () => {
    const { tracing, tracer, one } = start()
    const before = Date.now()
    for (const event of [signedOf(id), sent, executed, sealed]) tracing.onEvent(event)
    const names = ['flow transaction', 'queued', 'leased', 'signed', 'sent', 'executed', 'sealed']
    expect(tracer.spans.map(({ name }) => name)).toEqual(names)
    const [root, queued, leased, signed, send, execution, seal] = names.map(one)
    expect(root?.parentId).toBeUndefined()
    for (const stage of [queued, leased, signed, send, execution, seal])
      expect(stage?.parentId).toBe(root?.id)
    const lasts = (span = root) => Number(span?.to) - Number(span?.from)
    expect(lasts(queued)).toBeCloseTo(1_500, 2)
    expect(lasts(leased)).toBeCloseTo(200, 2)
    expect(lasts(signed)).toBeCloseTo(30, 2)
    expect(lasts(send)).toBeCloseTo(20, 2)
    expect(queued?.from).toBe(root?.from)
    expect(leased?.from).toBe(queued?.to)
    expect(signed?.from).toBe(leased?.to)
    expect(execution?.from).toBe(send?.to) // from the POST that was taken
    expect(seal?.from).toBe(execution?.to)
    expect(seal?.to).toBe(root?.to)
    expect(Number(root?.to)).toBeGreaterThanOrEqual(before)
    expect(Number(root?.to)).toBeLessThanOrEqual(Date.now())
    expect(root?.status).toBeUndefined()
  })

  it('tells its id, height, key and jobs', () => {
    const { tracing, one } = start()
    for (const event of [signedOf(id), sent, executed, sealed]) tracing.onEvent(event)
    expect(one('flow transaction').attributes).toEqual({
      'flow.transaction.id': id,
      'flow.proposal_key.index': 4,
      'flow.proposal_key.sequence_number': 7,
      'flow.compute_limit': 100,
      'fcl_kms.job.count': 1,
      'fcl_kms.job.ids': ['job-1'],
      'flow.block.height': 10,
      'flow.error_codes': [],
    })
    expect(one('sent').attributes).toEqual({
      'server.address': 'node.example:8443',
      'fcl_kms.send.verdict': 'taken',
      'fcl_kms.send.attempt': 1,
    })
  })

  it('names at most 20 jobs and counts all', () => {
    const { tracing, one } = start()
    const jobIds = Array.from({ length: 300 }, (_, index) => `job-${index}`)
    tracing.onEvent(signedOf(id, jobIds))
    const { attributes } = one('flow transaction')
    expect(attributes['fcl_kms.job.count']).toBe(300)
    expect(attributes['fcl_kms.job.ids']).toEqual(jobIds.slice(0, 20))
  })

  it('has an error when the chain says one', () => {
    const { tracing, one } = start()
    tracing.onEvent(signedOf(id))
    tracing.onEvent({ ...sealed, failed: true, errorCodes: [1101, 1118] })
    expect(one('flow transaction').status).toEqual({
      code: api.SpanStatusCode.ERROR,
      message: 'error code 1101, 1118',
    })
    expect(one('flow transaction').attributes['flow.error_codes']).toEqual([1101, 1118])
  })

  it.each([
    ['expired', 'expired'],
    ['refused', 'a sentence of a node'],
  ])('that is dead has the error %s, and nothing that a node said', (message, reason) => {
    const { tracing, one, tracer } = start()
    tracing.onEvent(signedOf(id))
    tracing.onEvent({ ...sent, verdict: 'refused', reason })
    tracing.onEvent({ kind: 'dead', transactionId: id, reason })
    expect(one('flow transaction').status?.message).toBe(message)
    expect(one('sent').status?.message).toBe('refused')
    expect(JSON.stringify(tracer.spans)).not.toContain('a sentence')
  })

  it('has a span for each send', () => {
    const { tracing, named } = start()
    tracing.onEvent(signedOf(id))
    tracing.onEvent({ ...sent, verdict: 'unknown' })
    tracing.onEvent({ ...sent, attempt: 2 })
    expect(named('sent').map(({ status }) => status?.message)).toEqual(['unknown', undefined])
  })

  it('that is executed anew, after the chain lost blocks, has one span for it', () => {
    const { tracing, named } = start()
    for (const event of [signedOf(id), sent, executed, executed, sealed]) tracing.onEvent(event)
    expect(named('executed')).toHaveLength(1)
    expect(named('sealed')).toHaveLength(1)
  })

  it('has no stage that ends before it begins when the clock is set back', () => {
    const { tracing, tracer } = start()
    tracing.onEvent(signedOf(id))
    tracing.onEvent(sent)
    const { now } = Date
    try {
      Date.now = () => now() - 3_600_000
      tracing.onEvent(executed)
    } finally {
      Date.now = now
    }
    for (const { from, to, name } of tracer.spans)
      if (name !== 'flow transaction') expect(Number(to) - from).toBeGreaterThanOrEqual(0)
  })

  it('of another process is traced from what is known of it', () => {
    const { tracing, one, tracer } = start()
    tracing.onEvent(sent)
    expect(tracer.spans).toEqual([])
    tracing.onEvent(executed)
    tracing.onEvent(sealed)
    const root = one('flow transaction')
    expect(root.attributes['fcl_kms.partial']).toBe(true)
    expect(Number(one('executed').to) - root.from).toBeCloseTo(2_000, 2)
    expect(root.to).toBeDefined()
  })

  it('is not begun again by a reply that comes after its seal', () => {
    const { tracing, tracer } = start()
    for (const event of [signedOf(id), sealed, sent]) tracing.onEvent(event)
    expect(tracer.spans.filter(({ to }) => to === undefined)).toEqual([])
    expect(tracer.spans.map(({ name }) => name)).not.toContain('sent')
  })

  it('is linked to the spans in which its jobs were submitted, until they are done', () => {
    const { tracing, named } = start()
    const submitter = withActive(() => tracing.onEvent({ kind: 'accepted', jobId: 'job-1' }))
    tracing.onEvent({ kind: 'accepted', jobId: 'job-2' })
    tracing.onEvent(signedOf('1', ['job-1', 'job-2']))
    tracing.onEvent({ kind: 'requeued', jobId: 'job-1', transactionId: '1', code: '', reason: '' })
    tracing.onEvent(signedOf('2', ['job-1']))
    tracing.onEvent({ kind: 'done', jobId: 'job-1', transactionId: '2' })
    tracing.onEvent(signedOf('3', ['job-1']))
    const links = named('flow transaction').map((span) => span.links.map(({ context }) => context))
    expect(links).toEqual([[submitter], [submitter], []])
  })
})

describe('memory', () => {
  it('is bounded: the oldest transaction is ended to make room', () => {
    const { tracing, named } = start({ maxOpen: 2 })
    for (const one of ['1', '2', '3']) tracing.onEvent(signedOf(one))
    const roots = named('flow transaction')
    expect(roots.map(({ to }) => to !== undefined)).toEqual([true, false, false])
    expect(roots[0]?.attributes['fcl_kms.unfinished']).toBe(true)
    expect(roots[1]?.attributes['fcl_kms.unfinished']).toBeUndefined()
  })

  it('holds nothing after close', () => {
    const { tracing, tracer } = start()
    tracing.onEvent(signedOf('1'))
    tracing.onEvent({ kind: 'held', code: 'KEY_DISABLED', reason: 'x' })
    tracing.onSign(signEventOf())
    tracing.close()
    expect(tracer.spans.filter(({ to }) => to === undefined)).toEqual([])
    expect(tracer.spans.map(({ name }) => name)).toContain('signature')
    const count = tracer.spans.length
    tracing.close()
    expect(tracer.spans).toHaveLength(count)
  })

  it('has forgotten after close who submitted a job', () => {
    const { tracing, one } = start()
    withActive(() => tracing.onEvent({ kind: 'accepted', jobId: 'job-1' }))
    tracing.close()
    tracing.onEvent(signedOf(id))
    expect(one('flow transaction').links).toEqual([])
  })

  it('keeps at most 20 signatures for a transaction that is not stored yet', () => {
    const { tracing, named } = start()
    tracing.onEvent({ kind: 'accepted', jobId: 'job-1' })
    for (let count = 0; count < 25; count++) tracing.onSign(signEventOf())
    expect(named('signature')).toHaveLength(5)
    tracing.onEvent(signedOf(id))
    expect(named('signature').filter(({ parentId }) => parentId !== undefined)).toHaveLength(20)
  })
})

describe('a hold', () => {
  it('has a span from its beginning to its end', () => {
    const { tracing, named } = start()
    tracing.onEvent({ kind: 'held', code: 'KEY_DISABLED', reason: 'arn:of-a-key' })
    tracing.onEvent({ kind: 'held', code: 'text-from-outside', reason: 'x' })
    expect(named('relay held').map(({ to }) => to !== undefined)).toEqual([true, false])
    tracing.onEvent({ kind: 'resumed' })
    tracing.onEvent({ kind: 'resumed' })
    tracing.onEvent({ kind: 'paused' })
    tracing.onEvent({ kind: 'resumed' })
    const told = named('relay held').map(({ to, status }) => [to !== undefined, status?.message])
    expect(told).toEqual([
      [true, 'KEY_DISABLED'],
      [true, 'other'],
      [true, undefined], // a pause is no failure
    ])
  })
})

describe('a request to a signer', () => {
  it('lies within the signing of its transaction', () => {
    const { tracing, one } = start({ address })
    tracing.onEvent({ kind: 'accepted', jobId: 'job-1' })
    tracing.onSign(signEventOf())
    tracing.onEvent(signedOf(id))
    const signature = one('signature')
    expect(signature.parentId).toBe(one('signed').id)
    expect(signature.kind).toBe(api.SpanKind.CLIENT)
    expect(signature.attributes).toMatchObject({
      'fcl_kms.signer.attempts': 2,
      'aws.request_id': 'request-1',
    })
  })

  it('for a transaction of another account is a trace of its own', () => {
    const { tracing, one } = start({ address: '0x01cf0e2f2f715450' })
    tracing.onEvent({ kind: 'accepted', jobId: 'job-1' })
    tracing.onSign(signEventOf())
    tracing.onEvent(signedOf(id))
    expect(one('signature').parentId).toBeUndefined()
  })

  it('for a transaction that was never stored is not put into the next one', () => {
    const { tracing, one } = start()
    tracing.onEvent({ kind: 'accepted', jobId: 'job-1' })
    tracing.onSign(signEventOf({ durationMs: 60_000 }))
    tracing.onEvent(signedOf(id))
    expect(one('signature').parentId).toBeUndefined()
  })

  it('that failed has its code, at once', () => {
    const { tracing, one } = start()
    tracing.onEvent({ kind: 'accepted', jobId: 'job-1' })
    tracing.onSign(signEventOf({ errorCode: 'KMS_THROTTLED' }))
    expect(one('signature').status?.message).toBe('KMS_THROTTLED')
    expect(one('signature').attributes['error.type']).toBe('KMS_THROTTLED')
  })

  it('that was asked for by hand lies within the active span', () => {
    const { tracing, one } = start()
    tracing.onEvent({ kind: 'accepted', jobId: 'job-1' })
    const active = withActive(() => tracing.onSign(signEventOf()))
    expect(one('signature').parentId).toBe(active.spanId)
  })
})

describe('createTracing', () => {
  it.each<[string, object, string]>([
    ['an unknown option', { api, trace: 1 }, 'trace'],
    ['no module', {}, 'api'],
    ['another module', { api: { trace: {} } }, 'api'],
    ['what is no tracer', { api, tracer: {} }, 'tracer'],
    ['room for none', { api, maxOpen: 0 }, 'maxOpen'],
  ])('refuses %s', (_, options, option) => {
    expect(() => createTracing(options as { api: typeof api })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option }),
      }),
    )
  })

  it('does nothing that shows when no SDK is there', () => {
    const tracing = createTracing({ api })
    for (const event of [signedOf(id), sent, executed, sealed]) tracing.onEvent(event)
    expect(() => tracing.close()).not.toThrow()
  })

  it('lets nothing reach the relay when the tracer throws', async () => {
    const startSpan = () => {
      throw new TypeError('a fault of the tracer')
    }
    const tracing = createTracing({ api, tracer: { ...createFakeTracer(), startSpan } })
    expect(await warningsOf(() => tracing.onEvent(signedOf(id)))).toMatchObject([
      {
        message: expect.stringMatching(
          /^tracing\.onEvent threw TypeError: .*; what it observes is/,
        ),
      },
    ])
  })
})
