/** What all worlds of one run came to. @module */

import type { KillReport } from '../support/random-kills.ts'
import type { Audit } from '../support/relay-world.ts'

/** Of one world. */
export type Round = {
  readonly database: string
  readonly report: KillReport
  readonly audit: Audit
}

/** Breaches of the invariants; 0 is the only good number. */
export const breaches = ({ lost, doubled, missing, brokenKeys }: Audit): number =>
  lost.length + doubled.length + missing.length + brokenKeys.length

/** @returns One line for each count. */
export function tableOf(rounds: readonly Round[]): string {
  const sum = (count: (round: Round) => number) =>
    rounds.reduce((total, round) => total + count(round), 0)
  const recoveriesMs = rounds
    .flatMap(({ report }) => report.recoveriesMs)
    .sort((one, other) => one - other)
  const at = (share: number) =>
    Math.round(recoveriesMs[Math.ceil(share * recoveriesMs.length) - 1] ?? 0)
  const rows: Readonly<Record<string, number | string>> = {
    kills: sum(({ report }) => report.kills),
    jobs: sum(({ report }) => report.jobs),
    'executions on chain': sum(({ audit }) => audit.executions),
    attempts: sum(({ audit }) => audit.attempts),
    'attempts that died': sum(({ audit }) => audit.dead),
    'attempts adopted': sum(({ report }) => report.adopted),
    'I1 lost': sum(({ audit }) => audit.lost.length),
    'I2 doubled': sum(({ audit }) => audit.doubled.length),
    'I3 done and not on chain': sum(({ audit }) => audit.missing.length),
    'I4 keys with a gap or a double': sum(({ audit }) => audit.brokenKeys.length),
    'recovery, ms: p50': at(0.5),
    'recovery, ms: p99': at(0.99),
    'recovery, ms: longest': at(1),
  }
  return Object.entries(rows)
    .map(([name, value]) => `${name.padEnd(32)}${String(value).padStart(8)}`)
    .join('\n')
}
