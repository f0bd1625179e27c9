/** What all rotations of one run came to. @module */

import type { LoadRun } from '../support/rotation-load-run.ts'
import type { Trial } from '../support/rotation-trial.ts'
import type { KillRounds } from './rotation-kills.ts'

/** The parts of a run. */
export type RotationResults = {
  readonly trials: readonly Trial[]
  readonly killed: KillRounds
  readonly loads: readonly LoadRun[]
}

/** Sentences; none is the only good number. */
export function faultsIn({ trials, killed, loads }: RotationResults): readonly string[] {
  return [
    ...trials.flatMap(({ faults }) => faults),
    ...killed.rounds.flatMap(({ faults }) => faults),
    ...loads.flatMap((load) => [
      ...load.faults,
      ...load.lost.map((id) => `lost: ${id}`),
      ...load.doubled.map((id) => `doubled: ${id}`),
      ...load.strangers.map((id) => `nobody asked: ${id}`),
      ...load.rejected.map((text) => `rejected: ${text}`),
      ...load.failed.map(({ id, errorMessage }) => `failed on chain: ${id} ${errorMessage}`),
    ]),
  ]
}

/** @returns One line for each count. */
export function tableOf(results: RotationResults): string {
  const { trials, killed, loads } = results
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0)
  const killsOf = [...killed.kills].map(([step, count]) => [`kill -9 in ${step}`, count] as const)
  const loadKills = total(loads.map(({ kills }) => kills.length))
  const blocks = [...trials, ...killed.rounds, ...loads].map((one) => one.blocks)
  const times = loads.map(({ rotationMs }) => rotationMs).sort((one, other) => one - other)
  const rows: Readonly<Record<string, number | string>> = {
    'rotations of one process': trials.length,
    'run again, outcome unknown': total(trials.map(({ unsettled }) => unsettled)),
    'rotations with kills': killed.rounds.length,
    'taken back by abort': killed.aborted,
    ...Object.fromEntries(killsOf),
    'kill -9 under load': loadKills,
    'kill -9 in all': total(killsOf.map(([, count]) => count)) + loadKills,
    'rotation transactions without effect': total(killed.rounds.map(({ failed }) => failed)),
    'rotations under load': loads.length,
    'drain to end, ms: longest': times.at(-1) ?? 0,
    mints: total(loads.map(({ mints }) => mints)),
    'asked for during a rotation': total(loads.map(({ meanwhile }) => meanwhile)),
    lost: total(loads.map(({ lost }) => lost.length)),
    doubled: total(loads.map(({ doubled }) => doubled.length)),
    'calls rejected': total(loads.map(({ rejected }) => rejected.length)),
    'failed on chain': total(loads.map(({ failed }) => failed.length)),
    'blocks at which weights were checked': total(blocks),
    faults: faultsIn(results).length,
  }
  return Object.entries(rows)
    .map(([name, value]) => `${name.padEnd(40)}${String(value).padStart(8)}`)
    .join('\n')
}
