/** How soon jobs go on after a kill, with a long queue and the lease that a relay has by default. @module */

import { progress } from '../support/random-kills.ts'
import type { RelayDatabase } from '../support/relay-database.ts'
import { startRelayWorld } from '../support/relay-world.ts'
import { until } from '../support/until.ts'

/** Milliseconds since the new process was started. */
export type Recovery = {
  readonly database: string
  readonly readyMs: number
  readonly firstMs: number
}

/** Kills a relay that has accepted so many jobs, and starts another. */
export async function measureRecovery(
  createDatabase: () => Promise<RelayDatabase>,
  { jobs = 10_000, leaseMs = 3_000 } = {},
): Promise<Recovery> {
  await using world = await startRelayWorld(createDatabase)
  const killed = world.start({ relay: { leaseMs } })
  await killed.ready
  killed.submit(Array.from({ length: jobs }, (_, index) => `queued-${index}`))
  await until(() => killed.accepted.size === jobs, 300_000)
  await killed.signal('SIGKILL')
  const next = world.start({ relay: { leaseMs } })
  await next.ready
  const readyMs = performance.now() - next.startedAt
  const first = () => next.events.find(({ kind }) => progress.has(kind))
  await until(() => first() !== undefined, 60_000)
  const firstMs = (first()?.at ?? Number.POSITIVE_INFINITY) - next.startedAt
  return {
    database: world.database.kind,
    readyMs: Math.round(readyMs),
    firstMs: Math.round(firstMs),
  }
}
