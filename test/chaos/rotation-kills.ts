/** Rotations killed at every step, until each step was killed often enough. @module */

import { join } from 'node:path'
import type { RotationStep } from '../../src/provisioning/index.ts'
import type { Random } from '../support/random.ts'
import { killableCutSteps, killableSteps } from '../support/rotation-kills.ts'
import type { RotationProcessOptions, RotationTrap } from '../support/rotation-process.ts'
import { type Round, runRound } from '../support/rotation-round.ts'
import type { Combination, RotationWorld } from '../support/rotation-world.ts'

/** What came of all rounds. */
export type KillRounds = {
  readonly rounds: readonly Round[]
  /** By step; `abort` are those of processes that took a rotation back. */
  readonly kills: ReadonlyMap<RotationStep | 'abort', number>
  readonly aborted: number
}

export type KillRoundsOptions = {
  readonly random: Random
  /** Of each step. */
  readonly kills: number
  readonly combinations: readonly Combination[]
  /** For the records of rounds that have no database. */
  readonly folder: string
  readonly databaseUrl: string | undefined
  readonly isLate: () => boolean
  readonly onRound: (round: Round, kills: number) => void
}

/** Of all kinds. */
export const allKillableSteps: readonly RotationStep[] = [
  ...new Set([...killableSteps, ...killableCutSteps]),
]
/** Each fifth round goes back, as long as a step before the swap is to be killed. */
const ABORTS_EVERY = 5
/** Each second one is an emergency, as long as a step that it alone has is to be killed. */
const CUTS_EVERY = 2
/** Until a process has told how many there are. */
const FIRST_MOMENTS = 8

/** Ends early with the first round that has a fault: the rest would only hide it. */
export async function runKillRounds(
  world: RotationWorld,
  options: KillRoundsOptions,
): Promise<KillRounds> {
  const { random, combinations, folder, databaseUrl, isLate, onRound } = options
  const rounds: Round[] = []
  const kills = new Map<RotationStep | 'abort', number>(allKillableSteps.map((step) => [step, 0]))
  const moments = new Map<string, number>()
  let aborted = 0

  const draw = (step: RotationStep): RotationTrap => {
    const most = moments.get(step) ?? FIRST_MOMENTS
    const moment = random.whole(0, most)
    return { step, moment: moment === most ? 'last' : moment }
  }
  const dueOf = (steps: readonly RotationStep[]) =>
    steps.filter((step) => (kills.get(step) ?? 0) < options.kills)

  while (dueOf(allKillableSteps).length > 0 && !isLate()) {
    const number = rounds.length
    const beforeSwap = dueOf(killableSteps.slice(0, killableSteps.indexOf('swap')))
    const goesBack = number % ABORTS_EVERY === ABORTS_EVERY - 1 && beforeSwap.length > 0
    // Going back, one process is killed on the way: anywhere before the swap.
    const step = beforeSwap[random.whole(0, beforeSwap.length - 1)] ?? 'create'
    const ordinary = dueOf(killableSteps)
    const ofCuts = dueOf(killableCutSteps.filter((one) => !killableSteps.includes(one)))
    const isTurn = number % CUTS_EVERY === 1 || ordinary.length === 0
    const cut = !goesBack && isTurn && ofCuts.length > 0
    const due = cut ? dueOf(killableCutSteps) : ordinary
    const traps = goesBack ? [draw(step)] : due.map(draw)
    const drawn = combinations[number % combinations.length]
    if (drawn === undefined) throw new Error('there is no combination')
    const combination = cut ? { ...drawn, weights: [500, 500, 500] } : drawn
    const ownFolder = { folder: join(folder, `round-${number}`) }
    const store: RotationProcessOptions['store'] =
      databaseUrl !== undefined && number % 4 > 1 ? { databaseUrl } : ownFolder
    const ending = goesBack
      ? { errand: 'abort' as const, traps: [draw(step), draw(step)] }
      : { errand: 'resume' as const }
    const round = await runRound(world, { combination, store, traps, ending, cut })
    rounds.push(round)
    if (goesBack) aborted += 1
    for (const one of round.kills) {
      const row = one.errand === 'abort' ? 'abort' : one.step
      kills.set(row, (kills.get(row) ?? 0) + 1)
    }
    for (const [name, count] of Object.entries(round.moments))
      moments.set(name, Math.max(moments.get(name) ?? 0, count))
    onRound(
      round,
      [...kills.values()].reduce((sum, count) => sum + count, 0),
    )
    if (round.faults.length > 0) break
  }
  return { rounds, kills, aborted }
}

/** @returns Both together. */
export function sumOf(one: KillRounds, other: KillRounds): KillRounds {
  const rows = new Set([...one.kills.keys(), ...other.kills.keys()])
  const count = (step: RotationStep | 'abort') =>
    (one.kills.get(step) ?? 0) + (other.kills.get(step) ?? 0)
  return {
    rounds: [...one.rounds, ...other.rounds],
    kills: new Map([...rows].map((row) => [row, count(row)])),
    aborted: one.aborted + other.aborted,
  }
}
