/**
 * Kills a relay at random moments while it works, some of them at a named point, and starts it again,
 * until all jobs are done. @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from './random.ts'
import { pointNames, type RelayProcess, type Trap } from './relay-process.ts'
import { type RelayWorld, untilAllDone } from './relay-world.ts'
import { until } from './until.ts'

/** What the kills of one world came to. */
export type KillReport = {
  readonly kills: number
  readonly jobs: number
  /** Attempts that a later process took over. */
  readonly adopted: number
  /** Milliseconds from each end to the first step of a job in a later process. */
  readonly recoveriesMs: readonly number[]
}

export type KillOptions = {
  readonly random: Random
  readonly kills: number
  /** Milliseconds from the start of a process, or from when it works, to its end. */
  readonly moments: { readonly least: number; readonly most: number }
  /** Begins the ids, which are unique to the world. */
  readonly name: string
  /** Given to each process at most, one half in batches. Default 24. */
  readonly mostJobs?: number
  /** Told after each kill; true ends the kills early. */
  readonly onKill?: (kills: number) => boolean
}

/** Events that show that jobs go on. */
export const progress: ReadonlySet<string> = new Set(['signed', 'executed', 'sealed', 'done'])

/**
 * Of the schedule, all that is random comes from `random`, so a seed tells which process is given
 * how many jobs and how long it lives; what it does in that time is the machine's.
 */
export async function killAtRandom(world: RelayWorld, options: KillOptions): Promise<KillReport> {
  const { random, moments, name, mostJobs = 24, onKill = () => false } = options
  const started: RelayProcess[] = []
  const offered = new Map<string, boolean>()
  const endedAts: number[] = []
  let kills = 0

  function offer(one: RelayProcess): void {
    for (let count = random.whole(0, mostJobs); count > 0; count--)
      offered.set(`${name}-${offered.size}`, random.next() < 0.5)
    const accepted = world.accepted()
    // What was accepted is not offered again: it must be done all the same. Save one, to repeat it.
    const [again] = accepted
    const open = [...offered].filter(([id]) => !accepted.has(id) || id === again)
    for (const batch of [false, true])
      one.submit(
        open.filter(([, inBatch]) => inBatch === batch).map(([id]) => id),
        { batch },
      )
  }

  for (let over = false; kills < options.kills && !over; ) {
    const one = world.start({ trap: random.next() < 0.3 ? drawTrap(random) : undefined })
    started.push(one)
    // Now and then it does not even come to work.
    const early = random.next() < 0.2
    const lifeMs = random.whole(moments.least, moments.most)
    const working = one.ready.then(() => offer(one)).catch(() => undefined)
    if (!early) await working
    await Promise.race([sleep(lifeMs), one.ended])
    await one.signal('SIGKILL')
    const { at, signal } = await one.ended
    if (signal !== 'SIGKILL') throw new Error(`a process ended by itself: ${one.complaints()}`)
    kills += 1
    endedAts.push(at)
    over = onKill(kills)
  }
  const last = world.start()
  started.push(last)
  await last.ready
  offer(last)
  await until(() => [...offered.keys()].every((id) => world.accepted().has(id)))
  await untilAllDone(world, last)
  await last.signal('SIGTERM')
  const events = started.flatMap((one) => one.events)
  const progressAts = events.filter(({ kind }) => progress.has(kind)).map(({ at }) => at)
  return {
    kills,
    jobs: offered.size,
    adopted: events.reduce((sum, one) => sum + (one.kind === 'adopted' ? one.count : 0), 0),
    recoveriesMs: endedAts.flatMap((at, index) => recovery(at, endedAts[index + 1], progressAts)),
  }
}

function drawTrap(random: Random): Trap {
  const point = pointNames[random.whole(0, pointNames.length - 1)] ?? 'accept'
  return { point, nth: random.whole(1, 5), act: 'kill' }
}

/** Only of a process that did a step: one that was killed before has not recovered. */
function recovery(at: number, next: number | undefined, progressAts: readonly number[]): number[] {
  const first = progressAts.find((moment) => moment > at && moment < (next ?? Infinity))
  return first === undefined ? [] : [first - at]
}
