/** Metrics of relays, pools and signers for Prometheus, by the prom-client that the caller has. @module */

import type { SignObserver } from '../authorizer/observer.ts'
import { normalizeAddress } from '../crypto/address.ts'
import type { EnclaveHost } from '../enclave/parent/host.ts'
import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import type { ProposalKeyPool } from '../proposal-keys/proposal-key-pool.ts'
import type { PoolReport } from '../proposal-keys/report.ts'
import type { RelayObserver } from '../relay/events.ts'
import type { Relay } from '../relay/relay.ts'
import type { GovernorReport, SigningGovernor } from '../signers/governor/governor.ts'
import { guarded } from './guard.ts'
import {
  createMetricMaker,
  type Labels,
  type PrometheusClient,
  type PrometheusRegister,
} from './metric-maker.ts'
import { createRelayMetrics, type RelayMetrics } from './relay-metrics.ts'
import { createSignatureMetrics, type SignatureMetrics } from './signature-metrics.ts'
import { createStatsMetrics, type StatsMetrics } from './stats-metrics.ts'

/** Options of `createPrometheusMetrics`. */
export type PrometheusMetricsOptions = {
  /** The module prom-client. */
  readonly client: PrometheusClient
  /** Default: the client's own. */
  readonly register?: PrometheusRegister
  /** Of every name. Default `fcl_kms_`. */
  readonly prefix?: string
  /**
   * The account of the relay or pool, as label `address` of their metrics. Needed where a process
   * has more than one: make metrics for each, on the same registry.
   */
  readonly address?: string
}

/** To be given to what is observed. None of them throws. */
export type PrometheusMetrics = {
  /** Of `createRelay`. */
  readonly onEvent: RelayObserver
  /** Of `createRelay`; `onReport` of `createProposalKeyPool`. */
  readonly onPoolReport: (report: PoolReport) => void
  /** Of an authorizer: once, whichever accounts it signs for. */
  readonly onSign: SignObserver
  /** `onReport` of `createSigningGovernor`. */
  readonly onGovernorReport: (report: GovernorReport) => void
  /**
   * Asks for stats at each scrape. A relay answers for its pool too, after one query to its store.
   * One that fails, or does not answer within 3 s, is left out of the scrape.
   *
   * @returns Ends it. To be called when what is observed is closed.
   * @throws {SignerError} `INVALID_OPTION` for anything else.
   */
  readonly observe: (source: Relay | ProposalKeyPool | SigningGovernor | EnclaveHost) => () => void
}

type Families = {
  readonly ofAccount: (labels: Labels) => RelayMetrics
  readonly signatures: SignatureMetrics
  readonly stats: StatsMetrics
  /** One of them: when it is gone from the registry, that was cleared. */
  readonly first: { readonly name: string; readonly metric: unknown }
}

/** A registry takes each name once, so all accounts of a process share what was made on it. */
const made = new WeakMap<object, Map<string, Families>>()

/**
 * Metrics that are counted as events come, and gauges that are read at a scrape. `docs/observability.md`
 * lists them all.
 *
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`. What prom-client throws when another
 * metric has one of the names.
 */
export function createPrometheusMetrics(options: PrometheusMetricsOptions): PrometheusMetrics {
  assertKnownKeys(options, ['client', 'register', 'prefix', 'address'])
  const { client, prefix = 'fcl_kms_', address } = options
  for (const name of ['Counter', 'Gauge', 'Histogram'] as const)
    if (typeof client?.[name] !== 'function')
      throw invalid('client', 'it is not the module prom-client')
  const register = options.register ?? client.register
  if (typeof register?.getSingleMetric !== 'function')
    throw invalid('register', 'it is not a registry of prom-client')
  if (typeof prefix !== 'string' || !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(prefix))
    throw invalid('prefix', 'no name of a metric can begin with it')
  const labels: Labels = address === undefined ? {} : { address: normalizeAddress(address) }
  const { ofAccount, signatures, stats } = familiesOn(register, client, prefix)
  const { onEvent, onPoolReport } = ofAccount(labels)
  return Object.freeze({
    onEvent: guarded('metrics.onEvent', onEvent),
    onPoolReport: guarded('metrics.onPoolReport', onPoolReport),
    onSign: guarded('metrics.onSign', signatures.onSign),
    onGovernorReport: guarded('metrics.onGovernorReport', signatures.onGovernorReport),
    observe(source) {
      if (typeof source !== 'object' || source === null || !('stats' in source))
        throw invalid('source', 'it is no relay, pool, governor or host of an enclave')
      if ('submit' in source) return stats.observeRelay(labels, source)
      if ('lease' in source) return stats.observePool(labels, source)
      if ('run' in source) return stats.observeGovernor(source)
      if ('service' in source) return stats.observeEnclave(source)
      throw invalid('source', 'it is no relay, pool, governor or host of an enclave')
    },
  } satisfies PrometheusMetrics)
}

function familiesOn(
  register: PrometheusRegister,
  client: PrometheusClient,
  prefix: string,
): Families {
  const byPrefix = made.get(register) ?? new Map<string, Families>()
  made.set(register, byPrefix)
  const known = byPrefix.get(prefix)
  if (known !== undefined && register.getSingleMetric(known.first.name) === known.first.metric)
    return known
  const maker = createMetricMaker(client, register, prefix)
  const name = `${prefix}relay_jobs_accepted_total`
  const ofAccount = createRelayMetrics(maker)
  const families: Families = {
    ofAccount,
    signatures: createSignatureMetrics(maker),
    stats: createStatsMetrics(maker),
    first: { name, metric: register.getSingleMetric(name) },
  }
  byPrefix.set(prefix, families)
  return families
}

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
