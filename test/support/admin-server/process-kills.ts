/** Kills servers at random moments while they work, and starts others in their place. @module */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../random.ts'
import type { Load } from './process-load.ts'
import type { ServerWorld } from './process-world.ts'

/** What the kills came to. */
export type ServerKills = {
  readonly kills: number
  /** Requests that had been accepted by each kill. */
  readonly accepted: readonly number[]
  /** Milliseconds from each start in another's place to a green `/readyz`. */
  readonly readyMs: readonly number[]
}

/** How often, and how soon. */
export type ServerKillOptions = {
  readonly random: Random
  readonly kills: number
  /** Processes at a time; 1 on a folder. */
  readonly processes: number
  /** Milliseconds from when all are ready, or just started, to the next kill. */
  readonly moments: { readonly least: number; readonly most: number }
  readonly load: Pick<Load, 'accepted'>
  /** Told after each kill; true ends them early. */
  readonly onKill?: (kills: number) => boolean
}

/**
 * Of the schedule, all that is random comes from `random`. One in five dies while it starts.
 *
 * At the end as many processes live as at the beginning.
 */
export async function killServers(
  world: ServerWorld,
  options: ServerKillOptions,
): Promise<ServerKills> {
  const { random, kills, processes, moments, load, onKill = () => false } = options
  const accepted: number[] = []
  const readyMs: number[] = []
  for (let over = false; accepted.length < kills && !over; ) {
    const dead = world.alive()[random.whole(0, processes - 1)]
    await sleep(random.whole(moments.least, moments.most))
    await dead?.signal('SIGKILL')
    accepted.push(load.accepted.size)
    over = onKill(accepted.length)
    const next = await world.start()
    const isEarly = random.next() < 0.2 && accepted.length < kills && !over
    if (isEarly) {
      await sleep(random.whole(50, 1_000))
      await next.signal('SIGKILL')
      accepted.push(load.accepted.size)
      over = onKill(accepted.length)
      await world.start()
    }
    const last = world.alive().at(-1)
    await last?.ready
    if (last !== undefined) readyMs.push(Math.round(performance.now() - last.startedAt))
  }
  return { kills: accepted.length, accepted, readyMs }
}
