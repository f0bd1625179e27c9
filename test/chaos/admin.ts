/**
 * The admin server killed at random moments while thousands of mints are asked for and approved; then
 * requests, relay and audit trail are compared with the chain. Prints its seed first: the same seed is
 * the same schedule. @module
 */

import { loadavg } from 'node:os'
import {
  auditServers,
  checkRelayOf,
  type ServerAudit,
} from '../support/admin-server/process-audit.ts'
import {
  createFolderDatabase,
  hasPostgres,
  startPostgresHost,
} from '../support/admin-server/process-database.ts'
import { killServers, type ServerKills } from '../support/admin-server/process-kills.ts'
import { startLoad, untilAllOver } from '../support/admin-server/process-load.ts'
import { startServerWorld } from '../support/admin-server/process-world.ts'
import { startAdminChain } from '../support/admin-server/world.ts'
import { createRandom } from '../support/random.ts'
import { until } from '../support/until.ts'
import { readAdminOptions } from './admin-options.ts'

/** Proposal keys of the treasury. */
const COPIES = 50
const MOST_ITEMS = 50

/** @returns The exit code: 0 when nothing is lost, doubled or without its records. */
export async function runAdminChaos(args: readonly string[]): Promise<number> {
  const options = readAdminOptions(args)
  const { seed, mints, kills, minutes } = options
  const startedAt = performance.now()
  const seconds = () => (performance.now() - startedAt) / 1_000
  const say = (text: string) => console.log(`${seconds().toFixed(0).padStart(5)} s  ${text}`)
  const onPostgres = !options.folder && hasPostgres()
  const processes = onPostgres ? options.processes : 1
  console.log(
    `seed ${seed}: npm run chaos -- --admin --seed ${seed} --mints ${mints} --kills ${kills}`,
  )
  if (!options.folder && !onPostgres) say('no PostgreSQL 15 or newer found: one server on PGlite')
  const leftMs = () => minutes * 60_000 - seconds() * 1_000

  await using chain = await startAdminChain({ blockTimeMs: 100 })
  await using postgres = onPostgres ? await startPostgresHost() : undefined
  const database = (await postgres?.createDatabase()) ?? (await createFolderDatabase())
  await using world = await startServerWorld(chain, database, { copies: COPIES })
  await Promise.all(Array.from({ length: processes }, () => world.startReady()))
  say(`${processes} of the server on ${database.kind}, ${mints} mints, ${kills} kills`)
  const report = { done: 0 }
  // One stream of numbers for the sizes and one for the kills: how fast either goes changes nothing.
  const load = startLoad(world, {
    mints,
    mostItems: MOST_ITEMS,
    random: createRandom(seed),
    name: `chaos-${seed}`,
    // The mints are spread over the kills: each strikes while there is work.
    pace: (asked) => until(() => asked * kills <= mints * (report.done + 1), leftMs()),
  })
  const killed = await killServers(world, {
    random: createRandom(seed + 1),
    kills,
    processes,
    moments: { least: 200, most: 3_000 },
    load,
    onKill(count) {
      report.done = count
      say(`kill ${count} of ${kills}, ${load.accepted.size} requests accepted`)
      return leftMs() <= 0
    },
  })
  report.done = kills
  await load.over
  say('all accepted and approved')
  await untilAllOver(world, leftMs())
  const workedS = seconds()
  say('all over: comparing with the chain')
  const audit = await auditServers(world, load.accepted)
  await Promise.all(world.alive().map((one) => one.signal('SIGTERM')))
  const jobIds = [...load.accepted].flatMap(([id, count]) =>
    Array.from({ length: count }, (_, index) => `${id}-${index}`),
  )
  const faults = await checkRelayOf(world, chain.chain, database.place, jobIds).then(
    () => [],
    (thrown: Error) => thrown.message.split('\n').slice(1),
  )
  console.log(tableOf({ requests: load.accepted.size, killed, audit, faults, workedS }))
  for (const fault of [...breachesOf(audit), ...faults].slice(0, 50)) console.log(fault)
  return breachesOf(audit).length + faults.length === 0 && audit.items === mints ? 0 : 1
}

const breachesOf = ({ lost, doubled, strangers, wrong, unjoined, broken }: ServerAudit) => [
  ...lost.map((id) => `lost: ${id}`),
  ...doubled.map((id) => `doubled: ${id}`),
  ...strangers.map((id) => `nobody asked: ${id}`),
  ...wrong.map((id) => `another NFT: ${id}`),
  ...unjoined.map((text) => `audit: ${text}`),
  ...broken.map((where) => `audit chain: ${JSON.stringify(where)}`),
]

function tableOf(result: {
  readonly requests: number
  readonly killed: ServerKills
  readonly audit: ServerAudit
  readonly faults: readonly string[]
  readonly workedS: number
}): string {
  const { requests, killed, audit, faults, workedS } = result
  const readyMs = [...killed.readyMs].sort((one, other) => one - other)
  const at = (share: number) => readyMs[Math.ceil(share * readyMs.length) - 1] ?? 0
  const rows: Readonly<Record<string, number | string>> = {
    'mints asked for and approved': audit.items,
    requests,
    'kill -9': killed.kills,
    'transactions that minted': audit.transactions,
    'I1 lost': audit.lost.length,
    'I2 minted twice': audit.doubled.length,
    'I2 minted and not asked for': audit.strangers.length,
    'I3 another NFT than on chain': audit.wrong.length,
    'I1-I4 by the tables of the relay': faults.length,
    'I5 records missing': audit.unjoined.length,
    'I5 audit chain': audit.broken.length === 0 ? 'intact' : 'BROKEN',
    'audit records verified': audit.records,
    'start to ready, ms: p50': at(0.5),
    'start to ready, ms: longest': at(1),
    'seconds to the last seal': workedS.toFixed(0),
    'load at the end': loadavg()[0]?.toFixed(1) ?? '',
  }
  return Object.entries(rows)
    .map(([name, value]) => `${name.padEnd(36)}${String(value).padStart(8)}`)
    .join('\n')
}
