/** The arguments of `npm run chaos`. @module */

import { parseArgs } from 'node:util'

/** How long, and from which seed. */
export type ChaosOptions = {
  readonly seed: number
  readonly kills: number
  readonly minutes: number
}

/** Of one world: then a new chain, and the other database. */
export const killsOfWorld = 50

/** @throws {Error} In one sentence, for arguments that are none. */
export function readChaosOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      kills: { type: 'string', default: '1000' },
      minutes: { type: 'string', default: '60' },
    },
  })
  return {
    seed: whole('seed', values.seed, 0),
    kills: whole('kills', values.kills, 1),
    minutes: whole('minutes', values.minutes, 1),
  }
}

/** @throws {Error} Unless the text is a whole number from `least` up. */
export function whole(name: string, text: string, least: number): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new Error(`--${name} is not a whole number from ${least}`)
}
