import * as api from '@opentelemetry/api'
import * as client from 'prom-client'
import { createSigningGovernor, KmsAuthorizer } from '../../src/index.ts'
import { createPrometheusMetrics, createTracing } from '../../src/observability/index.ts'
import type { RelayObserver } from '../../src/relay/index.ts'
import { parseExposition, sampleValue } from '../support/exposition.ts'
import { createFakeTracer } from '../support/fake-tracer.ts'
import { type FlowChain, noop, startChain } from '../support/flow-chain.ts'
import { createRelayAccount, startRelay } from '../support/relay.ts'
import { until } from '../support/until.ts'

let chain: FlowChain

beforeAll(async () => {
  chain = await startChain()
})

afterAll(async () => {
  await chain?.[Symbol.asyncDispose]()
})

const JOBS = 20
const failing = 'transaction { prepare(signer: &Account) { panic("a text of the contract") } }'

it('tells of 20 jobs, one of which fails, what became of each, and names none', async () => {
  const { address, signer } = await createRelayAccount(chain, 5)
  const register = new client.Registry()
  const metrics = createPrometheusMetrics({ client, register, address })
  const tracer = createFakeTracer()
  const tracing = createTracing({ api, tracer, address })
  const governor = createSigningGovernor({ onReport: metrics.onGovernorReport })
  const authorizer = KmsAuthorizer.fromSigners(signer, {
    accessNode: chain.url,
    governor,
    onSign(event) {
      metrics.onSign(event)
      tracing.onSign(event)
    },
  })
  const transactionIds = new Set<string>()
  const onEvent: RelayObserver = (event) => {
    if (event.kind === 'signed') transactionIds.add(event.transactionId)
    metrics.onEvent(event)
    tracing.onEvent(event)
  }
  const { onPoolReport } = metrics
  await using relay = await startRelay(chain, { address, authorizer }, { onEvent, onPoolReport })
  metrics.observe(relay)
  metrics.observe(governor)
  const jobs = await Promise.all(
    Array.from({ length: JOBS }, (_, index) =>
      relay.submit({ id: `job-${index}`, cadence: index === 7 ? failing : noop, limit: 100 }),
    ),
  )
  const outcomes = await Promise.allSettled(jobs.map((job) => job.sealed()))
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1)
  await until(async () => (await relay.stats()).transactions.inFlight === 0)

  const text = await register.metrics()
  const families = parseExposition(text)
  const value = (name: string, labels = {}) => sampleValue(families, `fcl_kms_${name}`, labels)
  expect(value('relay_jobs_accepted_total', { address })).toBe(JOBS)
  expect(value('relay_jobs_finished_total', { outcome: 'done' })).toBe(JOBS - 1)
  expect(value('relay_jobs_finished_total', { outcome: 'failed' })).toBe(1)
  expect(value('relay_job_errors_total', { outcome: 'failed', code: '1101' })).toBe(1)
  expect(value('relay_transactions_total', { outcome: 'succeeded' })).toBe(JOBS - 1)
  expect(value('relay_transactions_total', { outcome: 'failed' })).toBe(1)
  expect(value('relay_transaction_errors_total', { code: '1101' })).toBe(1)
  for (const stage of ['queued', 'leased', 'signed', 'sealed'])
    expect(value('relay_stage_seconds_count', { stage })).toBe(JOBS)
  const node = new URL(chain.url).host
  expect(value('relay_sends_total', { verdict: 'taken', node })).toBe(JOBS)
  expect(value('relay_jobs', { state: 'done' })).toBe(JOBS - 1)
  expect(value('relay_jobs', { state: 'failed' })).toBe(1)
  expect(value('relay_held')).toBe(0)
  expect(value('relay_stats_up')).toBe(1)
  expect(value('relay_node_requests_total')).toBeGreaterThan(0)
  expect(value('proposal_keys')).toBe(5)
  expect(value('proposal_key_leases_total')).toBe(JOBS)
  const kind = 'transaction'
  expect(value('signature_seconds_count', { kind, outcome: 'signed' })).toBe(JOBS)

  expect(transactionIds.size).toBe(JOBS)
  for (const secret of [...transactionIds, signer.id, 'job-', 'a text of'])
    expect(text).not.toContain(secret)

  const roots = tracer.spans.filter(({ name }) => name === 'flow transaction')
  const ids = roots.map(({ attributes }) => attributes['flow.transaction.id'])
  expect(new Set(ids)).toEqual(transactionIds)
  const failures = roots.filter(({ status }) => status?.code === api.SpanStatusCode.ERROR)
  expect(failures.map(({ attributes }) => attributes['fcl_kms.job.ids'])).toEqual([['job-7']])
  expect(tracer.spans.filter(({ to }) => to === undefined)).toEqual([])
  for (const { id, from, to } of roots) {
    const stages = tracer.spans.filter(({ parentId }) => parentId === id)
    const names = new Set(stages.map(({ name }) => name))
    expect([...names]).toEqual(expect.arrayContaining(['queued', 'leased', 'signed', 'sealed']))
    // The clock of the system tells whole milliseconds.
    expect(Math.min(...stages.map((stage) => stage.from))).toBeGreaterThan(from - 2)
    expect(Math.max(...stages.map((stage) => Number(stage.to)))).toBeLessThan(Number(to) + 2)
  }
  const signing = new Set(tracer.spans.flatMap(({ name, id }) => (name === 'signed' ? [id] : [])))
  const signatures = tracer.spans.filter(({ name }) => name === 'signature')
  expect(signatures).toHaveLength(JOBS)
  for (const { parentId } of signatures) expect(signing).toContain(parentId)
})

it('tells of a pause while it lasts', async () => {
  const account = await createRelayAccount(chain, 1)
  const register = new client.Registry()
  const metrics = createPrometheusMetrics({ client, register, address: account.address })
  await using relay = await startRelay(chain, account, { onEvent: metrics.onEvent })
  metrics.observe(relay)
  const held = async () => {
    const families = parseExposition(await register.metrics())
    return families.get('fcl_kms_relay_held')?.samples.map(({ labels, value }) => ({
      code: labels['code'],
      value,
    }))
  }
  await relay.pause()
  await relay.submit({ id: 'waits', cadence: noop, limit: 100 })
  expect(await held()).toEqual([{ code: 'PAUSED', value: 1 }])
  const families = parseExposition(await register.metrics())
  expect(sampleValue(families, 'fcl_kms_relay_holds_total', { code: 'PAUSED' })).toBe(1)
  expect(sampleValue(families, 'fcl_kms_relay_jobs', { state: 'queued' })).toBe(1)
  await relay.resume()
  expect(await held()).toEqual([{ code: undefined, value: 0 }])
  await (await relay.job('waits')).sealed()
})
