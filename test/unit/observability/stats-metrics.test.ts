import { createSigningGovernor } from '../../../src/index.ts'
import type { ProposalKeyPool } from '../../../src/proposal-keys/index.ts'
import type { Relay, RelayStats } from '../../../src/relay/index.ts'
import { sampleValue } from '../../support/exposition.ts'
import { observedAddress as address, startMetrics } from '../../support/metrics.ts'

const poolStats = {
  keys: 5,
  leased: 2,
  inFlight: 1,
  waiting: 3,
  waitedMs: 1_250,
  leases: 9,
  executed: 0,
  refused: 0,
  expired: 0,
  moved: 0,
  drifted: 0,
  quarantined: 0,
  wentBackwards: 0,
  adopted: 0,
  lost: 0,
  abandoned: 0,
  unseen: 0,
  rotating: 0,
  rotated: 0,
  resyncs: 4,
}
const relayStats: RelayStats = {
  jobs: {
    queued: 6,
    claimed: 0,
    'in-flight': 2,
    done: 40,
    failed: 1,
    cancelled: 0,
    quarantined: 1,
  },
  transactions: { preparing: 1, inFlight: 2 },
  sendQueue: 8,
  proposalKeys: poolStats,
  held: undefined,
  nodeRequests: 77,
}

/** A relay as far as its stats go. */
const relayOf = (stats: () => Promise<RelayStats>) =>
  ({ submit: () => undefined, stats }) as unknown as Relay // the metrics use no more of it

describe('gauges', () => {
  it('are read from the relay at each scrape, once for all of them', async () => {
    const { metrics, scrape } = startMetrics()
    let asked = 0
    let stats = relayStats
    const relay = relayOf(async () => {
      asked += 1
      return stats
    })
    const stop = metrics.observe(relay)
    const first = await scrape()
    const value = (name: string, labels = {}) => sampleValue(first, `fcl_kms_${name}`, labels)
    expect(asked).toBe(1)
    expect(value('relay_jobs', { state: 'queued', address })).toBe(6)
    expect(value('relay_transactions', { state: 'in-flight' })).toBe(2)
    expect(value('relay_send_queue')).toBe(8)
    expect(value('relay_node_requests_total')).toBe(77)
    expect(value('relay_held')).toBe(0)
    expect(value('relay_stats_up')).toBe(1)
    expect(value('proposal_keys')).toBe(5)
    expect(value('proposal_keys_leased')).toBe(2)
    expect(value('proposal_key_waiters')).toBe(3)
    expect(value('proposal_key_wait_seconds')).toBe(1.25)
    expect(value('proposal_key_leases_total')).toBe(9)
    expect(value('proposal_key_resyncs_total')).toBe(4)
    stats = { ...relayStats, held: { code: 'KEY_DISABLED', reason: 'arn:of-a-key' } }
    const second = await scrape()
    expect(sampleValue(second, 'fcl_kms_relay_held', { code: 'KEY_DISABLED' })).toBe(1)
    stop()
    expect((await scrape()).get('fcl_kms_relay_jobs')?.samples).toEqual([])
    expect(asked).toBe(2)
  })

  it('are those of the newest relay of an account, whenever the one before is stopped', async () => {
    const { metrics, valueNow } = startMetrics()
    const stopOld = metrics.observe(relayOf(async () => relayStats))
    const stopNew = metrics.observe(relayOf(async () => ({ ...relayStats, sendQueue: 1 })))
    stopOld()
    expect(await valueNow('relay_send_queue')).toBe(1)
    stopNew()
    expect(await valueNow('relay_send_queue')).toBeUndefined()
  })

  it('are whole in two scrapes at once', async () => {
    const { metrics, scrape } = startMetrics()
    metrics.observe(relayOf(async () => relayStats))
    const both = await Promise.all([scrape(), scrape()])
    for (const families of both) expect(families.get('fcl_kms_relay_jobs')?.samples).toHaveLength(7)
  })

  it('are left out of a scrape when the store is away, and the rest is told', async () => {
    const { metrics, scrape } = startMetrics()
    metrics.onEvent({ kind: 'accepted', jobId: 'a' })
    metrics.observe(relayOf(async () => Promise.reject(new Error('no database'))))
    const families = await scrape()
    expect(sampleValue(families, 'fcl_kms_relay_stats_up')).toBe(0)
    expect(families.get('fcl_kms_relay_jobs')?.samples).toEqual([])
    expect(sampleValue(families, 'fcl_kms_relay_jobs_accepted_total')).toBe(1)
  })

  it('do not keep a scrape waiting for a store that does not answer', async () => {
    const { metrics, valueNow } = startMetrics()
    metrics.observe(relayOf(() => new Promise(() => undefined)))
    expect(await valueNow('relay_stats_up')).toBe(0)
  })

  it('are read from a pool without a relay', async () => {
    const { metrics, valueNow } = startMetrics()
    const pool = { lease: () => undefined, stats: () => poolStats }
    metrics.observe(pool as unknown as ProposalKeyPool) // the metrics use no more of it
    expect(await valueNow('proposal_keys', { address })).toBe(5)
  })

  it('are read from a governor, by quota', async () => {
    const { metrics, valueNow } = startMetrics()
    const governor = createSigningGovernor({ ratePerSecond: 10 })
    metrics.observe(governor)
    await governor.run('aws-kms eu-west-1 111122223333', async (pace) => pace.throttled())
    const quota = 'aws-kms eu-west-1 3333'
    expect(await valueNow('governor_throttled_total', { quota })).toBe(1)
    expect(await valueNow('governor_queued', { quota })).toBe(0)
    expect(await valueNow('governor_rate_per_second', { quota })).toBeLessThan(10)
  })
})
