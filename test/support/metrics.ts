/** Metrics on a registry of their own, and what a scrape of it holds. @module */

import * as client from 'prom-client'
import { createPrometheusMetrics, type PrometheusMetrics } from '../../src/observability/index.ts'
import { type Family, parseExposition, sampleValue } from './exposition.ts'

/** The account that the metrics are of. */
export const observedAddress = '0xf8d6e0586b0a20c7'

/** Metrics, and ways to read them. */
export type ObservedMetrics = {
  readonly register: client.Registry
  readonly metrics: PrometheusMetrics
  readonly scrape: () => Promise<ReadonlyMap<string, Family>>
  /** @param name - Without `fcl_kms_`. */
  readonly valueNow: (
    name: string,
    labels?: Readonly<Record<string, string>>,
  ) => Promise<number | undefined>
}

export function startMetrics(
  options: { readonly address?: string } = { address: observedAddress },
): ObservedMetrics {
  const register = new client.Registry()
  const metrics = createPrometheusMetrics({ client, register, ...options })
  const scrape = async () => parseExposition(await register.metrics())
  return {
    register,
    metrics,
    scrape,
    valueNow: async (name, labels) => sampleValue(await scrape(), `fcl_kms_${name}`, labels),
  }
}
