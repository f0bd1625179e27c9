/**
 * Key rotations of all kinds, with faults of the network; killed at every step, and taken to their end
 * or back by new processes; and while other processes mint from the same account. Each is compared with
 * the chain, block by block. Prints its seed first: the same seed is the same schedule. @module
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Fault, startFaultProxy } from '../support/fault-proxy.ts'
import { findPostgres, startPostgres } from '../support/postgres.ts'
import { createRandom, type Random } from '../support/random.ts'
import { isSend } from '../support/relay-run.ts'
import { type LoadRun, rotateUnderLoad } from '../support/rotation-load-run.ts'
import { allCombinations, nameOf } from '../support/rotation-matrix.ts'
import { type Trial, tryRotation } from '../support/rotation-trial.ts'
import {
  type Combination,
  type RotationWorld,
  startRotationWorld,
} from '../support/rotation-world.ts'
import { hasPkcs11 } from '../support/softhsm.ts'
import { allKillableSteps, runKillRounds, sumOf } from './rotation-kills.ts'
import { readRotationOptions } from './rotation-options.ts'
import { faultsIn, tableOf } from './rotation-totals.ts'

/** Where a process also dies between the sending and the seal. */
const BLOCK_TIME_MS = 200

/** What each part of a run needs to know of it. */
type Run = {
  readonly random: Random
  readonly combinations: readonly Combination[]
  readonly isLate: () => boolean
  readonly say: (text: string) => void
}

/** @returns The exit code: 0 when all was done in time, and all of it held. */
export async function runRotationChaos(args: readonly string[]): Promise<number> {
  const options = readRotationOptions(args)
  const { seed, kills, minutes } = options
  const startedAt = performance.now()
  const seconds = () => ((performance.now() - startedAt) / 1_000).toFixed(0).padStart(5)
  const say = (text: string) => console.log(`${seconds()} s  ${text}`)
  console.log(`seed ${seed}: npm run chaos -- --rotation --seed ${seed} --kills ${kills}`)
  const pkcs11 = hasPkcs11()
  const bin = findPostgres()
  if (bin === undefined) say('no PostgreSQL 15 or newer found: no rotation under load')
  // What was begun is brought to its end, and then the table is printed.
  let told = false
  const end = () => {
    told = true
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end)
  const random = createRandom(seed)
  const run: Run = {
    random,
    combinations: shuffle(random).filter(({ path }) => pkcs11 || path !== 'KMS to PKCS#11'),
    isLate: () => told || performance.now() - startedAt > minutes * 60_000,
    say,
  }
  const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-rotations-'))
  await using postgres = bin === undefined ? undefined : await startPostgres(bin)
  try {
    const killIn = (world: RotationWorld, name: string, each: number) =>
      runKillRounds(world, {
        ...run,
        ...{ kills: each, folder: join(folder, name), databaseUrl: postgres?.url },
        onRound(round, count) {
          say(`${name}: ${count} kills, ${round.blocks} blocks, ${round.faults.length} faults`)
        },
      })
    const inTime = Math.floor(kills / 3)
    // One after the other: FCL knows one chain in a process.
    const [trials, fast] = await inWorld({ blockTimeMs: 0, pkcs11 }, async (world) => [
      await tryAll(world, run, options.combinations),
      await killIn(world, 'sealed as sent', kills - inTime),
    ])
    const [slow, loads] = await inWorld({ blockTimeMs: BLOCK_TIME_MS, pkcs11 }, async (world) => [
      await killIn(world, 'sealed in time', inTime),
      postgres ? await loadAll(world, run, postgres.url, options) : [],
    ])
    const killed = sumOf(fast, slow)
    const results = { trials, killed, loads }
    console.log(tableOf(results))
    const faults = faultsIn(results)
    for (const fault of faults.slice(0, 50)) console.log(fault)
    const isWhole =
      trials.length === Math.min(options.combinations, run.combinations.length) &&
      allKillableSteps.every((step) => (killed.kills.get(step) ?? 0) >= kills) &&
      (postgres === undefined || loads.length === options.rotations)
    if (!isWhole) say('not all of it was done')
    return isWhole && faults.length === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function inWorld<T extends readonly unknown[]>(
  options: Parameters<typeof startRotationWorld>[0],
  use: (world: RotationWorld) => Promise<readonly [...T]>,
): Promise<readonly [...T]> {
  await using world = await startRotationWorld(options)
  return await use(world)
}

function shuffle({ next }: Random): readonly Combination[] {
  const drawn = allCombinations.map((one) => ({ one, at: next() }))
  return drawn.sort((a, b) => a.at - b.at).map(({ one }) => one)
}

const faults: readonly (Fault | undefined)[] = [
  undefined,
  { kind: 'lose-reply' },
  { kind: 'reset-before' },
  { kind: 'half-close' },
  { kind: 'status', status: 503, body: '' },
]

/** Each combination once, most with a fault at one of the three sends. */
async function tryAll(world: RotationWorld, run: Run, count: number): Promise<readonly Trial[]> {
  const trials: Trial[] = []
  await using proxy = await startFaultProxy({ target: world.chain.url })
  for (const combination of run.combinations.slice(0, count)) {
    if (run.isLate()) break
    const [fault, nth] = [faults[run.random.whole(0, faults.length - 1)], run.random.whole(1, 3)]
    let sends = 0
    proxy.setFault((request) => (isSend(request) && ++sends === nth ? fault : undefined))
    const account = await world.createAccount(combination)
    const trial = await tryRotation(world, account, { url: proxy.url })
    trials.push(trial)
    const name = `${nameOf(combination)}, ${fault?.kind ?? 'no fault'} at send ${nth}`
    if (trial.faults.length > 0) run.say(`${name}: ${trial.faults.join('; ')}`)
    if (trials.length % 12 === 0) run.say(`${trials.length} of ${count} combinations`)
  }
  return trials
}

/** Where blocks take their time; each second one with kills. */
async function loadAll(
  world: RotationWorld,
  run: Run,
  databaseUrl: string,
  { rotations, processes }: { readonly rotations: number; readonly processes: number },
): Promise<readonly LoadRun[]> {
  const loads: LoadRun[] = []
  while (loads.length < rotations && !run.isLate()) {
    const combination = run.combinations[loads.length % run.combinations.length]
    if (combination === undefined) throw new Error('there is no combination')
    const traps = (['drain', 'swap', 'resume'] as const).map((step) => {
      const moment = run.random.whole(0, 12)
      return { step, moment: moment === 12 ? ('last' as const) : moment }
    })
    const load = await rotateUnderLoad(world, {
      ...{ combination, databaseUrl, processes, mints: 100, copies: 12 },
      lanes: { relay: 4, fcl: 4 },
      traps: loads.length % 2 === 0 ? [] : traps,
    })
    loads.push(load)
    const { mints, meanwhile, rotationMs } = load
    run.say(`${nameOf(combination)}: ${mints} mints, ${meanwhile} within ${rotationMs} ms`)
  }
  return loads
}
