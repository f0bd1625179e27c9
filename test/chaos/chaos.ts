/**
 * A relay killed a thousand times at random moments, on PGlite and PostgreSQL in turn; then the chain
 * is compared with the database. Prints its seed first: the same seed is the same schedule. @module
 */

import { findPostgres } from '../support/postgres.ts'
import { createRandom } from '../support/random.ts'
import { killAtRandom } from '../support/random-kills.ts'
import { createFolder, createServer } from '../support/relay-database.ts'
import { startRelayWorld } from '../support/relay-world.ts'
import { killsOfWorld, readChaosOptions } from './options.ts'
import { measureRecovery } from './recovery.ts'
import { breaches, type Round, tableOf } from './totals.ts'

/** @returns The exit code: 0 when no invariant was broken and all kills were done in time. */
export async function runChaos(args: readonly string[]): Promise<number> {
  const { seed, kills, minutes } = readChaosOptions(args)
  const startedAt = performance.now()
  const seconds = () => ((performance.now() - startedAt) / 1_000).toFixed(0).padStart(5)
  const say = (text: string) => console.log(`${seconds()} s  ${text}`)
  console.log(`seed ${seed}: npm run chaos -- --seed ${seed} --kills ${kills}`)
  const bin = findPostgres()
  const databases = [createFolder, ...(bin === undefined ? [] : [() => createServer(bin)])]
  if (bin === undefined) say('no PostgreSQL 15 or newer found: PGlite alone')
  const random = createRandom(seed)
  // What was begun is brought to its end, and then the table is printed.
  let told = false
  const end = () => {
    told = true
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end)
  const isLate = () => told || performance.now() - startedAt > minutes * 60_000
  const rounds: Round[] = []

  for (let left = kills; left > 0 && !isLate(); ) {
    const createDatabase = databases[rounds.length % databases.length] ?? createFolder
    await using world = await startRelayWorld(createDatabase)
    const database = world.database.kind
    const report = await killAtRandom(world, {
      random,
      kills: Math.min(left, killsOfWorld),
      moments: { least: 200, most: 3_000 },
      name: `round-${rounds.length}`,
      onKill(count) {
        if (count % 10 === 0) say(`${database}: ${kills - left + count} of ${kills} kills`)
        return isLate()
      },
    })
    const audit = await world.audit()
    left -= report.kills
    rounds.push({ database, report, audit })
    const { jobs, adopted } = report
    say(`${database}: ${jobs} jobs, ${adopted} attempts adopted, ${breaches(audit)} breaches`)
    if (breaches(audit) > 0) console.log(JSON.stringify(audit, null, 2))
    if (breaches(audit) > 0) break // the rest would only hide it
  }
  console.log(tableOf(rounds))
  for (const createDatabase of isLate() ? [] : databases) {
    const { database, readyMs, firstMs } = await measureRecovery(createDatabase)
    say(`${database}: killed with 10,000 jobs: works after ${readyMs} ms, first job ${firstMs} ms`)
  }
  const done = rounds.reduce((sum, { report }) => sum + report.kills, 0)
  if (done < kills) say(`only ${done} kills of ${kills}`)
  return done === kills && rounds.every(({ audit }) => breaches(audit) === 0) ? 0 : 1
}
