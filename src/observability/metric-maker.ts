/** Makes metrics with one client, registry and prefix. Loads no client: the caller has it. @module */

import type {
  Counter,
  CounterConfiguration,
  Gauge,
  GaugeConfiguration,
  Histogram,
  HistogramConfiguration,
} from 'prom-client'

/** A registry of prom-client, in either of its formats. */
export type PrometheusRegister = NonNullable<CounterConfiguration<string>['registers']>[number]

/** The module prom-client, or these of it. */
export type PrometheusClient = {
  readonly Counter: new (configuration: CounterConfiguration<string>) => Counter<string>
  readonly Gauge: new (configuration: GaugeConfiguration<string>) => Gauge<string>
  readonly Histogram: new (configuration: HistogramConfiguration<string>) => Histogram<string>
  /** Used when no other registry is given. */
  readonly register?: PrometheusRegister
}

/** Labels and their values. */
export type Labels = Readonly<Record<string, string>>

/** What one source tells at a scrape, and the labels that it is told under. */
export type Reading<T> = { readonly labels: Labels; readonly stats: T }

/** One value, with the labels that it has beside those of its source. */
export type Row = readonly [value: number, labels?: Labels]

/** What a metric is called, what it means, and the names of its labels. */
export type Words = readonly [name: string, help: string, labelNames?: readonly string[]]

/** Makes metrics. */
export type MetricMaker = {
  readonly counter: (...words: Words) => Counter<string>
  readonly histogram: (buckets: readonly number[], ...words: Words) => Histogram<string>
  /** Emptied and filled again at each scrape; rows with the same labels add up. */
  readonly scraped: <T>(
    type: 'Counter' | 'Gauge',
    words: Words,
    read: () => Promise<readonly Reading<T>[]>,
    rows: (stats: T) => readonly Row[],
  ) => void
}

/** @param prefix - Of every name. */
export function createMetricMaker(
  client: PrometheusClient,
  register: PrometheusRegister,
  prefix: string,
): MetricMaker {
  const configuration = ([name, help, labelNames = []]: Words) => ({
    name: `${prefix}${name}`,
    help,
    labelNames,
    registers: [register],
  })
  return {
    counter: (...words) => new client.Counter(configuration(words)),
    histogram: (buckets, ...words) =>
      new client.Histogram({ ...configuration(words), buckets: [...buckets] }),
    scraped(type, words, read, rows) {
      const metric: Counter<string> | Gauge<string> = new client[type]({
        ...configuration(words),
        async collect() {
          // Nothing waits between emptying and filling: two scrapes at once see whole metrics.
          const readings = await read()
          metric.reset()
          for (const { labels, stats } of readings)
            for (const [value, more] of rows(stats)) metric.inc({ ...labels, ...more }, value)
        },
      })
    },
  }
}
