import type { SignEvent } from '../../../src/index.ts'
import type { RelayEvent } from '../../../src/relay/index.ts'
import { parseExposition, sampleValue } from '../../support/exposition.ts'
import { observedAddress as address, startMetrics } from '../../support/metrics.ts'

const id = 'ab'.repeat(32)

const signed: RelayEvent = {
  kind: 'signed',
  transactionId: id,
  jobIds: ['job-1', 'job-2', 'job-3'],
  keyIndex: 4,
  sequenceNumber: '7',
  computeLimit: 100,
  queuedMs: 1_500,
  waitedMs: 200,
  signMs: 30,
}
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

const signEvent = (more: Partial<SignEvent>): SignEvent =>
  ({
    kind: 'user-message',
    signerId: 'the-signer',
    attempts: 1,
    address,
    keyIndex: 0,
    signatureAlgorithm: 'ECDSA_P256',
    hashAlgorithm: 'SHA3_256',
    durationMs: 40,
    ...more,
  }) as SignEvent // of a kind that has no transaction

describe('events', () => {
  it('of a transaction are counted at each stage', async () => {
    const { metrics, scrape } = startMetrics()
    metrics.onEvent({ kind: 'accepted', jobId: 'job-1' })
    metrics.onEvent(signed)
    metrics.onEvent({ ...sent, verdict: 'busy', reason: 'a block is executed' })
    metrics.onEvent({ ...sent, attempt: 2 })
    metrics.onEvent({ ...sealed, kind: 'executed', sinceSignedMs: 2_000 })
    metrics.onEvent(sealed)
    metrics.onEvent({ kind: 'done', jobId: 'job-1', transactionId: id })
    const families = await scrape()
    const value = (name: string, labels = {}) => sampleValue(families, `fcl_kms_${name}`, labels)
    const stageSum = (stage: string) => value('relay_stage_seconds_sum', { stage })
    expect(value('relay_jobs_accepted_total', { address })).toBe(1)
    expect(['queued', 'leased', 'signed'].map(stageSum)).toEqual([1.5, 0.2, 0.03])
    expect(['executed', 'sealed'].map(stageSum)).toEqual([2, 9])
    expect(value('relay_stage_seconds_count', { stage: 'sent' })).toBe(2)
    expect(value('relay_stage_seconds_bucket', { stage: 'sealed', le: '5' })).toBe(0)
    expect(value('relay_stage_seconds_bucket', { stage: 'sealed', le: '10' })).toBe(1)
    expect(value('relay_transaction_jobs_sum')).toBe(3)
    const node = 'node.example:8443'
    expect(value('relay_sends_total', { verdict: 'busy', node })).toBe(1)
    expect(value('relay_sends_total', { verdict: 'taken', node })).toBe(1)
    expect(value('relay_resends_total')).toBe(1)
    expect(value('relay_transactions_total', { outcome: 'succeeded' })).toBe(1)
    expect(value('relay_jobs_finished_total', { outcome: 'done' })).toBe(1)
  })

  it.each<[string, RelayEvent, string, Record<string, string>]>([
    [
      'a seal with errors',
      { ...sealed, failed: true, errorCodes: [1101] },
      'relay_transactions_total',
      { outcome: 'failed' },
    ],
    [
      'the code of a seal',
      { ...sealed, errorCodes: [1006, 1008, 1006] },
      'relay_transaction_errors_total',
      { code: '1006' },
    ],
    [
      'an expiry',
      { kind: 'dead', transactionId: id, reason: 'expired' },
      'relay_transactions_total',
      { outcome: 'expired' },
    ],
    [
      'a refusal',
      { kind: 'dead', transactionId: id, reason: 'a sentence of a node' },
      'relay_transactions_total',
      { outcome: 'refused' },
    ],
    [
      'a job that failed',
      { kind: 'failed', jobId: 'a', transactionId: null, code: '1101', reason: 'x' },
      'relay_job_errors_total',
      { outcome: 'failed', code: '1101' },
    ],
    [
      'a job that goes back without a code',
      { kind: 'requeued', jobId: 'a', transactionId: null, code: '', reason: '' },
      'relay_job_errors_total',
      { outcome: 'requeued', code: 'none' },
    ],
    [
      'a hold',
      { kind: 'held', code: 'KEY_DISABLED', reason: 'x' },
      'relay_holds_total',
      { code: 'KEY_DISABLED' },
    ],
    ['a pause', { kind: 'paused' }, 'relay_holds_total', { code: 'PAUSED' }],
    [
      'a cancelled job',
      { kind: 'cancelled', jobId: 'a' },
      'relay_jobs_finished_total',
      { outcome: 'cancelled' },
    ],
    [
      'what an operator decided',
      { kind: 'resolved', jobId: 'a', state: 'done' },
      'relay_jobs_resolved_total',
      { state: 'done' },
    ],
    ['the end of a hold', { kind: 'resumed' }, 'relay_resumes_total', {}],
    [
      'trouble',
      { kind: 'trouble', code: 'STORE_UNAVAILABLE', where: 'claim' },
      'relay_troubles_total',
      { where: 'claim', code: 'STORE_UNAVAILABLE' },
    ],
    [
      'a node that is left',
      { kind: 'node-left', accessNode: 'https://node.example/key', reason: 'frozen' },
      'relay_nodes_left_total',
      { node: 'node.example', reason: 'frozen' },
    ],
    [
      'a copy',
      { kind: 'copied', transactionId: id, copyId: null },
      'relay_transactions_copied_total',
      {},
    ],
  ])('count %s', async (_, event, name, labels) => {
    const { metrics, valueNow } = startMetrics()
    expect((await valueNow(name, labels)) ?? 0).toBe(0)
    metrics.onEvent(event)
    expect(await valueNow(name, labels)).toBe(1)
  })

  it('of a transaction that another process signed tell its outcome, not how long it took', async () => {
    const { metrics, valueNow } = startMetrics()
    metrics.onEvent({ ...sealed, kind: 'executed', adopted: true })
    metrics.onEvent({ ...sealed, adopted: true })
    expect(await valueNow('relay_transactions_total', { outcome: 'succeeded' })).toBe(1)
    for (const stage of ['executed', 'sealed'])
      expect(await valueNow('relay_stage_seconds_count', { stage })).toBe(0)
  })

  it('start from zero, so that the first increase shows', async () => {
    const { valueNow } = startMetrics()
    for (const name of ['jobs_accepted', 'resends', 'transactions_copied', 'transactions_adopted'])
      expect(await valueNow(`relay_${name}_total`)).toBe(0)
    expect(await valueNow('relay_jobs_finished_total', { outcome: 'quarantined' })).toBe(0)
    expect(await valueNow('relay_transactions_total', { outcome: 'expired' })).toBe(0)
    expect(await valueNow('proposal_key_events_total', { event: 'lost' })).toBe(0)
  })

  it('of adoptions count how many there were', async () => {
    const { metrics, valueNow } = startMetrics()
    metrics.onEvent({ kind: 'adopted', count: 3 })
    metrics.onPoolReport({ kind: 'adopted', count: 2 })
    expect(await valueNow('relay_transactions_adopted_total')).toBe(3)
    expect(await valueNow('proposal_key_adoptions_total')).toBe(2)
  })

  it('of the pool are counted by kind', async () => {
    const { metrics, valueNow } = startMetrics()
    metrics.onPoolReport({ kind: 'settled', keyIndex: 9, outcome: 'expired' })
    metrics.onPoolReport({ kind: 'drifted', keyIndex: 9 })
    metrics.onPoolReport({ kind: 'went-backwards', height: 1 })
    metrics.onPoolReport({ kind: 'trouble', errorCode: 'OTHER' })
    expect(await valueNow('proposal_key_settlements_total', { outcome: 'expired' })).toBe(1)
    expect(await valueNow('proposal_key_events_total', { event: 'drifted' })).toBe(1)
    expect(await valueNow('proposal_key_events_total', { event: 'went-backwards' })).toBe(1)
    expect(await valueNow('proposal_key_troubles_total', { code: 'other' })).toBe(1)
  })

  it('of signers count requests, retries and errors', async () => {
    const { metrics, valueNow } = startMetrics()
    metrics.onSign(signEvent({}))
    metrics.onSign(signEvent({ attempts: 3, errorCode: 'KMS_THROTTLED' }))
    metrics.onSign(signEvent({ attempts: 0, errorCode: 'SIGNING_QUEUE_FULL' }))
    const kind = 'user-message'
    expect(await valueNow('signature_requests_total', { kind })).toBe(4)
    expect(await valueNow('signature_retries_total', { kind })).toBe(2)
    expect(await valueNow('signature_errors_total', { kind, code: 'KMS_THROTTLED' })).toBe(1)
    expect(await valueNow('signature_errors_total', { kind, code: 'SIGNING_QUEUE_FULL' })).toBe(1)
    expect(await valueNow('signature_seconds_count', { kind, outcome: 'failed' })).toBe(2)
    expect(await valueNow('signature_seconds_sum', { kind, outcome: 'signed' })).toBe(0.04)
  })
})

describe('labels', () => {
  it('hold no id, no path and no text from outside', async () => {
    const { metrics, register } = startMetrics()
    const outside = 'text-from-outside'
    metrics.onEvent({ kind: 'accepted', jobId: outside })
    metrics.onEvent(signed)
    metrics.onEvent({ ...sent, verdict: 'refused', reason: outside })
    metrics.onEvent({ ...sealed, errorCodes: [1101, 987654] })
    metrics.onEvent({
      kind: 'failed',
      jobId: outside,
      transactionId: id,
      code: outside,
      reason: outside,
    })
    metrics.onEvent({ kind: 'held', code: outside, reason: outside })
    metrics.onEvent({ kind: 'trouble', code: outside, where: outside })
    metrics.onEvent({ kind: 'dead', transactionId: id, reason: outside })
    metrics.onSign(signEvent({ errorCode: outside, requestId: outside, backendKeyId: outside }))
    metrics.onGovernorReport({
      name: 'aws-kms eu-west-1 111122223333',
      event: 'slowed',
      queued: 0,
      running: 0,
      ratePerSecond: 1,
      throttled: 1,
      waitMs: 0,
    })
    const text = await register.metrics()
    expect(text).toContain('quota="aws-kms eu-west-1 3333"')
    for (const secret of [outside, 'secret-token', id, 'job-1', '987654', '1111', 'the-signer'])
      expect(text).not.toContain(secret)
    const families = parseExposition(text)
    const code = 'other'
    expect(sampleValue(families, 'fcl_kms_relay_holds_total', { code })).toBe(1)
    expect(sampleValue(families, 'fcl_kms_relay_troubles_total', { code, where: 'other' })).toBe(1)
    expect(sampleValue(families, 'fcl_kms_relay_transaction_errors_total', { code })).toBe(1)
  })

  it('do not grow in number with what is told', async () => {
    const { metrics, scrape } = startMetrics()
    const tell = (count: number) => {
      for (let index = 0; index < count; index++) {
        metrics.onEvent({ ...sealed, errorCodes: [5_000 + index] })
        metrics.onEvent({
          kind: 'failed',
          jobId: `j${index}`,
          transactionId: null,
          code: `C${index}`,
          reason: '',
        })
        metrics.onEvent({ ...signed, transactionId: `${index}`, keyIndex: index })
      }
    }
    const series = async () => [...(await scrape()).values()].flatMap((one) => one.samples).length
    tell(1)
    const before = await series()
    tell(500)
    expect(await series()).toBe(before)
  })

  it('have no address when none is given', async () => {
    const { metrics, register } = startMetrics({})
    metrics.onEvent({ kind: 'accepted', jobId: 'a' })
    expect(await register.metrics()).not.toContain('address=')
  })
})
