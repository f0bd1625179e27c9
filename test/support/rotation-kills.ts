/** Takes one rotation to its end, or back, through processes that are killed on the way. @module */

import type { RotationStep } from '../../src/provisioning/index.ts'
import {
  type RotationEnd,
  type RotationProcessOptions,
  type RotationTrap,
  runRotation,
} from './rotation-process.ts'

/** Steps of a rotation in which a process can be killed; with `done` nothing is left to do. */
export const killableSteps: readonly RotationStep[] = [
  'create',
  'add',
  'prove',
  'sign',
  'drain',
  'swap',
  'revoke',
  'resume',
  'verify',
  'alias',
  'disable',
  'unused',
  'delete',
]

/** Those of a rotation whose old key is cut off first. */
export const killableCutSteps: readonly RotationStep[] = [
  'hold',
  'cut',
  'create',
  'add',
  'prove',
  'restore',
  ...killableSteps.slice(killableSteps.indexOf('resume')),
]

/** One process that ended itself by SIGKILL. */
export type Kill = {
  readonly errand: RotationProcessOptions['errand']
  readonly step: RotationStep
  readonly moment: number
  readonly at: string
}

/** What came of one rotation. */
export type KilledRotation = {
  readonly kills: readonly Kill[]
  /** Of the process that nobody killed. */
  readonly end: RotationEnd
}

/** How a rotation is brought to an end. */
export type Ending = {
  readonly errand: 'resume' | 'abort'
  /** Kills of that, too: it need not come to each of them. Default none. */
  readonly traps?: readonly RotationTrap[]
}

/**
 * Starts process after process, each killed at its trap, and one more without. A process that does not
 * come to its trap ends the rotation, which `end` tells.
 */
export async function rotateThroughKills(
  options: Omit<RotationProcessOptions, 'errand' | 'trap'>,
  traps: readonly RotationTrap[],
  { errand: last, traps: lastTraps = [] }: Ending = { errand: 'resume' },
): Promise<KilledRotation> {
  const kills: Kill[] = []
  const errands = [
    // `rotate` begins it, or goes on with what there is.
    ...traps.map((trap) => ({ errand: 'rotate' as const, trap })),
    ...lastTraps.map((trap) => ({ errand: last, trap })),
  ]
  for (const { errand, trap } of errands) {
    const end = await runRotation({ ...options, errand, trap })
    if (end.trapped === undefined) return { kills, end }
    kills.push({ errand, ...end.trapped })
  }
  return { kills, end: await runRotation({ ...options, errand: last }) }
}

/** @returns What is wrong with how the last process ended, in a sentence. */
export function faultsOfEnd({ end }: KilledRotation, state: 'done' | 'aborted'): readonly string[] {
  if (end.report?.state === state) return []
  const said = end.failed ? `${end.failed.code} ${end.failed.message}` : end.complaints
  return [`the rotation is ${end.report?.state ?? 'not over'} after ${end.steps.at(-1)}: ${said}`]
}
