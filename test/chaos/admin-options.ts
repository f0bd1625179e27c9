/** The arguments of `npm run chaos -- --admin`. @module */

import { parseArgs } from 'node:util'
import { whole } from './options.ts'

/** How much, and from which seed. */
export type AdminChaosOptions = {
  readonly seed: number
  readonly mints: number
  readonly kills: number
  /** Servers at a time, where there is PostgreSQL. */
  readonly processes: number
  /** One server on PGlite, even where there is PostgreSQL. */
  readonly folder: boolean
  /** After which nothing more is waited for. */
  readonly minutes: number
}

/** @throws {Error} In one sentence, for arguments that are none. */
export function readAdminOptions(args: readonly string[]): AdminChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      admin: { type: 'boolean', default: true },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      mints: { type: 'string', default: '10000' },
      kills: { type: 'string', default: '20' },
      processes: { type: 'string', default: '2' },
      folder: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '30' },
    },
  })
  return {
    seed: whole('seed', values.seed, 0),
    mints: whole('mints', values.mints, 1),
    kills: whole('kills', values.kills, 0),
    processes: whole('processes', values.processes, 1),
    folder: values.folder,
    minutes: whole('minutes', values.minutes, 1),
  }
}
