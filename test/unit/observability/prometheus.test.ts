import { readFileSync } from 'node:fs'
import * as client from 'prom-client'
import { createPrometheusMetrics } from '../../../src/observability/index.ts'
import type { Relay, RelayEvent } from '../../../src/relay/index.ts'
import { parseExposition, sampleValue } from '../../support/exposition.ts'
import { readMarkdown } from '../../support/markdown.ts'
import { observedAddress as address, startMetrics } from '../../support/metrics.ts'
import { warningsOf } from '../../support/warnings.ts'

describe('createPrometheusMetrics', () => {
  it('is made once for each account on one registry', async () => {
    const { metrics, register, scrape } = startMetrics()
    const other = '0x01cf0e2f2f715450'
    const others = createPrometheusMetrics({ client, register, address: other.slice(2) })
    metrics.onEvent({ kind: 'accepted', jobId: 'a' })
    others.onEvent({ kind: 'accepted', jobId: 'b' })
    others.onEvent({ kind: 'accepted', jobId: 'c' })
    const families = await scrape()
    const name = 'fcl_kms_relay_jobs_accepted_total'
    expect([address, other].map((one) => sampleValue(families, name, { address: one }))).toEqual([
      1, 2,
    ])
  })

  it('is made anew on a registry that was cleared', async () => {
    const { register, valueNow } = startMetrics()
    register.clear()
    createPrometheusMetrics({ client, register }).onEvent({ kind: 'accepted', jobId: 'a' })
    expect(await valueNow('relay_jobs_accepted_total')).toBe(1)
  })

  it('takes the registry of the client and another prefix', async () => {
    const register = new client.Registry()
    const { Counter, Gauge, Histogram } = client
    const own = { Counter, Gauge, Histogram, register }
    createPrometheusMetrics({ client: own, prefix: 'mint_' })
    const names = [...parseExposition(await register.metrics()).keys()]
    expect(names.filter((name) => !name.startsWith('mint_'))).toEqual([])
    expect(names.length).toBeGreaterThan(30)
  })

  it.each<[string, object, string]>([
    ['an unknown option', { client, registry: client.register }, 'registry'],
    ['no client', {}, 'client'],
    ['a client of something else', { client: { Counter: 1 } }, 'client'],
    ['no registry', { client: { ...client, register: undefined } }, 'register'],
    ['a prefix that begins no name', { client, prefix: '9-' }, 'prefix'],
  ])('refuses %s', (_, options, option) => {
    expect(() => createPrometheusMetrics(options as { client: typeof client })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option }),
      }),
    )
  })

  it('refuses to observe what has no stats of ours', () => {
    const { metrics } = startMetrics()
    const refusal = expect.objectContaining({ code: 'INVALID_OPTION' })
    expect(() => metrics.observe({ stats: () => ({}) } as unknown as Relay)).toThrow(refusal)
  })

  it('lets nothing reach the relay when a metric throws', async () => {
    const { metrics } = startMetrics()
    const bad = { kind: 'signed', queuedMs: 'soon' } as unknown as RelayEvent
    expect(await warningsOf(() => metrics.onEvent(bad))).toMatchObject([
      {
        message: expect.stringMatching(
          /^metrics\.onEvent threw TypeError: .*; what it observes is/,
        ),
      },
    ])
  })
})

describe('docs/observability.md', () => {
  it('lists every metric with its type and its labels, and no other', async () => {
    const { register, metrics } = startMetrics()
    const page = readFileSync(new URL('../../../docs/observability.md', import.meta.url), 'utf8')
    const told = readMarkdown(page).rows.flatMap(([name = '', type = '', labels = '']) =>
      /^`fcl_kms_/.test(name)
        ? [{ name: name.slice(1, -1), type, labels: readMarkdown(labels).inline }]
        : [],
    )
    const real = register.getMetricsAsArray().map((metric) => {
      const { labelNames } = metric as unknown as { labelNames: readonly string[] } // as in prom-client
      return { name: metric.name, type: String(metric.type), labels: [...labelNames] }
    })
    expect(metrics).toBeDefined()
    const byName = (one: { name: string }, two: { name: string }) => (one.name < two.name ? -1 : 1)
    expect(told.sort(byName)).toEqual(real.sort(byName))
  })
})
