/** What routes need of the server. @module */

import type { RotationStore } from 'fcl-kms/provisioning'
import type { Relay } from 'fcl-kms/relay'
import type { Authenticator } from '../../access/authenticate.ts'
import type { Limits } from '../../access/limits.ts'
import type { Anchor } from '../../audit/anchor.ts'
import type { Signing } from '../../execution/engine.ts'
import type { Changes } from '../../observability/changes.ts'
import type { Metrics } from '../../observability/metrics.ts'
import type { StatsReader } from '../../observability/stats.ts'
import type { Accept } from '../../requests/accept.ts'
import type { RequestContext } from '../../requests/context.ts'
import type { RotationWatch } from '../../rotation/watch.ts'

/** See `startServer`. */
export type RouteContext = RequestContext & {
  readonly accept: Accept
  readonly relay: Relay
  readonly signing: Signing
  readonly rotations: RotationStore
  readonly rotating: Pick<RotationWatch, 'current'>
  readonly authenticator: Authenticator
  readonly limits: Limits
  readonly anchor: Anchor | undefined
  readonly stats: StatsReader
  readonly metrics: Metrics
  readonly changes: Changes
  readonly version: string
  /** Aborted when the server stops: long answers end. */
  readonly closing: AbortSignal
}
