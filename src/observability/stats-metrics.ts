/** Gauges of what relays, pools, governors and hosts of enclaves tell when they are asked. @module */

import type { EnclaveHost, EnclaveHostStats } from '../enclave/parent/host.ts'
import type { ProposalKeyPool } from '../proposal-keys/proposal-key-pool.ts'
import type { PoolStats } from '../proposal-keys/report.ts'
import type { Relay, RelayStats } from '../relay/relay.ts'
import type { QuotaStats, SigningGovernor } from '../signers/governor/governor.ts'
import { codeLabel, quotaLabel } from './labels.ts'
import type { Labels, MetricMaker, Row } from './metric-maker.ts'
import { createSources, type Sources } from './sources.ts'

/** Asks them at each scrape. Each returns what ends that. */
export type StatsMetrics = {
  readonly observeRelay: (labels: Labels, relay: Pick<Relay, 'stats'>) => () => void
  readonly observePool: (labels: Labels, pool: Pick<ProposalKeyPool, 'stats'>) => () => void
  readonly observeGovernor: (governor: Pick<SigningGovernor, 'stats'>) => () => void
  readonly observeEnclave: (host: Pick<EnclaveHost, 'name' | 'stats'>) => () => void
}

export function createStatsMetrics(maker: MetricMaker): StatsMetrics {
  const relays = createSources<RelayStats>()
  const pools = createSources<PoolStats>()
  const governors = createSources<ReadonlyMap<string, QuotaStats>>()
  const enclaves = createSources<EnclaveHostStats>()
  defineRelay(maker, relays)
  definePool(maker, async () => [
    ...(await relays.read()).map(({ labels, stats }) => ({ labels, stats: stats.proposalKeys })),
    ...(await pools.read()),
  ])
  defineGovernor(maker, governors.read)
  defineEnclave(maker, enclaves.read)
  return {
    observeRelay: (labels, relay) => relays.add(labels['address'], labels, relay.stats),
    observePool: (labels, pool) => pools.add(labels['address'], labels, pool.stats),
    observeGovernor: (governor) => governors.add(governor, {}, governor.stats),
    observeEnclave: (host) => enclaves.add(host.name, { enclave: host.name }, host.stats),
  }
}

const of = (...names: readonly string[]) => ['address', ...names]

function defineRelay({ scraped }: MetricMaker, { read, readAll }: Sources<RelayStats>): void {
  scraped(
    'Gauge',
    ['relay_stats_up', 'Whether the relay told its stats at this scrape.', of()],
    async () => (await readAll()).map(({ labels, stats }) => ({ labels, stats: { stats } })),
    ({ stats }) => [[stats === undefined ? 0 : 1]],
  )
  const gauge = (name: string, help: string, rows: (stats: RelayStats) => Row[], more = of()) =>
    scraped('Gauge', [name, help, more], read, rows)
  gauge(
    'relay_jobs',
    'Jobs in the store by state, those of all processes.',
    ({ jobs }) => Object.entries(jobs).map(([state, count]) => [count, { state }]),
    of('state'),
  )
  gauge(
    'relay_transactions',
    'Transactions of this process.',
    ({ transactions: { preparing, inFlight } }) => [
      [preparing, { state: 'preparing' }],
      [inFlight, { state: 'in-flight' }],
    ],
    of('state'),
  )
  gauge('relay_send_queue', 'Sends that wait for the budget of the nodes.', ({ sendQueue }) => [
    [sendQueue],
  ])
  gauge(
    'relay_held',
    'Whether nothing is sent; the label says why.',
    ({ held }) => [held === undefined ? [0] : [1, { code: codeLabel(held.code) }]],
    of('code'),
  )
  scraped(
    'Counter',
    ['relay_node_requests_total', 'Requests to the followed node, sends not counted.', of()],
    read,
    ({ nodeRequests }) => [[nodeRequests]],
  )
}

function definePool({ scraped }: MetricMaker, read: Sources<PoolStats>['read']): void {
  const one = (
    type: 'Counter' | 'Gauge',
    name: string,
    help: string,
    value: (stats: PoolStats) => number,
  ) => scraped(type, [name, help, of()], read, (stats) => [[value(stats)]])
  one('Gauge', 'proposal_keys', 'Copies on the account.', ({ keys }) => keys)
  one('Gauge', 'proposal_keys_leased', 'Keys lent and not sent with.', ({ leased }) => leased)
  one(
    'Gauge',
    'proposal_keys_in_flight',
    'Keys of transactions that the pool itself follows.',
    ({ inFlight }) => inFlight,
  )
  one('Gauge', 'proposal_key_waiters', 'Callers that wait for a key.', ({ waiting }) => waiting)
  one(
    'Gauge',
    'proposal_key_wait_seconds',
    'How long the first in line has waited.',
    ({ waitedMs }) => waitedMs / 1_000,
  )
  one('Counter', 'proposal_key_leases_total', 'Leases.', ({ leases }) => leases)
  one(
    'Counter',
    'proposal_key_resyncs_total',
    'Reads of one key to find out its sequence number.',
    ({ resyncs }) => resyncs,
  )
}

function defineGovernor(
  { scraped }: MetricMaker,
  read: Sources<ReadonlyMap<string, QuotaStats>>['read'],
): void {
  const one = (
    type: 'Counter' | 'Gauge',
    name: string,
    help: string,
    value: (stats: QuotaStats) => number,
  ) =>
    scraped(type, [name, help, ['quota']], read, (quotas) =>
      [...quotas].map(([quota, stats]) => [value(stats), { quota: quotaLabel(quota) }]),
    )
  one('Gauge', 'governor_queued', 'Callers that wait for their turn.', ({ queued }) => queued)
  one('Gauge', 'governor_running', 'Signatures that had their turn.', ({ running }) => running)
  one(
    'Gauge',
    'governor_rate_per_second',
    'Turns a second now.',
    ({ ratePerSecond }) => ratePerSecond,
  )
  one(
    'Gauge',
    'governor_wait_seconds',
    'Until a caller who comes now would have its turn.',
    ({ waitMs }) => waitMs / 1_000,
  )
  one(
    'Counter',
    'governor_throttled_total',
    'Requests that the backend throttled.',
    ({ throttled }) => throttled,
  )
}

function defineEnclave({ scraped }: MetricMaker, read: Sources<EnclaveHostStats>['read']): void {
  const some = (
    type: 'Counter' | 'Gauge',
    name: string,
    help: string,
    rows: (stats: EnclaveHostStats) => Row[],
    ...labels: readonly string[]
  ) => scraped(type, [`enclave_${name}`, help, ['enclave', ...labels]], read, rows)
  some('Gauge', 'up', 'Whether it runs, and said at the last look that it is well.', ({ up }) => [
    [up ? 1 : 0],
  ])
  some('Gauge', 'clock_offset_seconds', 'How far its clock is ahead of the parent.', (stats) =>
    stats.clockOffsetMs === undefined ? [] : [[stats.clockOffsetMs / 1_000]],
  )
  some('Counter', 'restarts_total', 'Times that it was started after the first.', (stats) => [
    [stats.restarts],
  ])
  some('Counter', 'requests_total', 'Requests to its signing service.', ({ requests }) => [
    [requests],
  ])
  some('Counter', 'refusals_total', 'Requests that never had its answer.', ({ refusals }) => [
    [refusals],
  ])
  some('Counter', 'helper_failures_total', 'Questions to its parent that failed.', (stats) => [
    [stats.helperFailures],
  ])
  type Forward = EnclaveHostStats['forwards'][number]
  const ofHosts = (rows: (forward: Forward) => Row[]) => (stats: EnclaveHostStats) =>
    Object.values(stats.forwards).flatMap((forward) =>
      rows(forward).map(([value, labels]): Row => [value, { ...labels, host: forward.host }]),
    )
  some(
    'Gauge',
    'forward_open',
    'Connections to a host.',
    ofHosts(({ open }) => [[open]]),
    'host',
  )
  some(
    'Counter',
    'forward_connections_total',
    'Connections that were made.',
    ofHosts(({ connections }) => [[connections]]),
    'host',
  )
  some(
    'Counter',
    'forward_refused_total',
    'Connections that did not come about.',
    ofHosts(({ refused }) => [[refused]]),
    'host',
  )
  some(
    'Counter',
    'forward_bytes_total',
    'Bytes from the enclave to a host (out), and back (in).',
    ofHosts(({ bytesIn, bytesOut }) => [
      [bytesIn, { direction: 'in' }],
      [bytesOut, { direction: 'out' }],
    ]),
    'host',
    'direction',
  )
}
