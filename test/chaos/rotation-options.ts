/** The arguments of `npm run chaos -- --rotation`. @module */

import { parseArgs } from 'node:util'
import { whole } from './options.ts'

/** How much, and from which seed. */
export type RotationChaosOptions = {
  readonly seed: number
  /** Of each step. */
  readonly kills: number
  /** Of all combinations there are. */
  readonly combinations: number
  /** Under load. */
  readonly rotations: number
  /** Mint beside a rotation, where there is PostgreSQL. */
  readonly processes: number
  /** After which nothing new is begun. */
  readonly minutes: number
}

/** @throws {Error} In one sentence, for arguments that are none. */
export function readRotationOptions(args: readonly string[]): RotationChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rotation: { type: 'boolean', default: true },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      kills: { type: 'string', default: '25' },
      combinations: { type: 'string', default: '144' },
      rotations: { type: 'string', default: '6' },
      processes: { type: 'string', default: '2' },
      minutes: { type: 'string', default: '60' },
    },
  })
  return {
    seed: whole('seed', values.seed, 0),
    kills: whole('kills', values.kills, 0),
    combinations: whole('combinations', values.combinations, 0),
    rotations: whole('rotations', values.rotations, 0),
    processes: whole('processes', values.processes, 1),
    minutes: whole('minutes', values.minutes, 1),
  }
}
