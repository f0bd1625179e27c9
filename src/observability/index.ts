/** Metrics for Prometheus and traces for OpenTelemetry. Loads neither: the caller gives the modules. @module */

export type { PrometheusClient, PrometheusRegister } from './metric-maker.ts'
export {
  createTracing,
  type OpenTelemetryApi,
  type Tracing,
  type TracingOptions,
} from './open-telemetry.ts'
export {
  createPrometheusMetrics,
  type PrometheusMetrics,
  type PrometheusMetricsOptions,
} from './prometheus.ts'
