/** A chain that counts what is executed, a database, and relays that may be killed. @module */

import { bytesToHex } from '../../src/crypto/hex.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { type FlowChain, startChain } from './flow-chain.ts'
import type { RelayDatabase } from './relay-database.ts'
import { type RelayProcess, type RelayProcessOptions, startRelayProcess } from './relay-process.ts'
import { deployTally, type Tally } from './tally.ts'
import { until } from './until.ts'

/** An account of one chain with one database. */
export type RelayWorld = AsyncDisposable & {
  readonly chain: FlowChain
  readonly database: RelayDatabase
  readonly tally: Tally
  /** Every id that some process has accepted. */
  readonly accepted: () => ReadonlySet<string>
  readonly processes: readonly RelayProcess[]
  readonly start: (options?: StartOptions) => RelayProcess
  /** Compares database and chain; every process has ended, and every job is final. */
  readonly audit: () => Promise<Audit>
}

/** What a process of this world may be told. */
export type StartOptions = Partial<Pick<RelayProcessOptions, 'accessNode' | 'relay' | 'trap'>>

/** Where one of the invariants is broken, and what was counted. Empty lists are good. */
export type Audit = {
  /** I1: accepted, and not `done`. */
  readonly lost: readonly string[]
  /** I2: executed more than once. */
  readonly doubled: readonly string[]
  /** I3: `done`, and not on chain. */
  readonly missing: readonly string[]
  /** I4: keys whose attempts that count are not each sequence number of the chain once. */
  readonly brokenKeys: readonly number[]
  readonly executions: number
  readonly attempts: number
  readonly dead: number
}

/** Of all worlds: short enough that what a dead process held is soon taken over. */
export const leaseMs = 1_500

/** One with no job lost, doubled or missing. */
export const sound = { lost: [], doubled: [], missing: [], brokenKeys: [] } as const

/** @param createDatabase - Owned by the world from here on. */
export async function startRelayWorld(
  createDatabase: () => Promise<RelayDatabase>,
  { copies = 20, blockTimeMs = 100 } = {},
): Promise<RelayWorld> {
  const [chainStart, databaseStart] = await Promise.allSettled([
    startChain({ blockTimeMs }),
    createDatabase(),
  ])
  const processes: RelayProcess[] = []
  async function dispose(): Promise<void> {
    await Promise.all(processes.map((one) => one[Symbol.asyncDispose]()))
    for (const part of [chainStart, databaseStart])
      if (part.status === 'fulfilled') await part.value[Symbol.asyncDispose]()
  }
  try {
    if (chainStart.status === 'rejected') throw chainStart.reason
    if (databaseStart.status === 'rejected') throw databaseStart.reason
    return await furnish(chainStart.value, databaseStart.value, { copies, processes, dispose })
  } catch (thrown) {
    await dispose()
    throw thrown
  }
}

async function furnish(
  chain: FlowChain,
  database: RelayDatabase,
  given: { copies: number; processes: RelayProcess[]; dispose: () => Promise<void> },
): Promise<RelayWorld> {
  const { copies, processes, dispose } = given
  const privateKey = crypto.getRandomValues(new Uint8Array(32))
  privateKey[0] = 1 // below the order of the curve
  const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey })
  const address = await chain.createAccount([
    { signer, weight: 1_000 },
    ...Array.from({ length: copies }, () => ({ signer, weight: 0 })),
  ])
  const tally = await deployTally(chain)
  const accepted = () => new Set(processes.flatMap((one) => [...one.accepted]))

  async function audit(): Promise<Audit> {
    const { attempts, jobs } = await database.read()
    const ids = [...new Set([...jobs.keys(), ...accepted()])]
    const counts = new Map((await tally.counts(ids)).map((count, index) => [ids[index], count]))
    const keys = Array.from({ length: copies }, (_, index) => index + 1)
    const onChain = await Promise.all(keys.map((key) => chain.sequenceNumber(address, key)))
    const isWhole = (keyIndex: number, next: number) => {
      const used = attempts.filter((one) => one.keyIndex === keyIndex && one.state === 'sealed')
      const numbers = used.map(({ sequenceNumber }) => sequenceNumber).sort((a, b) => a - b)
      return numbers.length === next && numbers.every((number, index) => number === index)
    }
    return {
      lost: [...accepted()].filter((id) => jobs.get(id) !== 'done'),
      doubled: ids.filter((id) => (counts.get(id) ?? 0) > 1),
      missing: ids.filter((id) => jobs.get(id) === 'done' && counts.get(id) !== 1),
      brokenKeys: keys.filter((key, index) => !isWhole(key, onChain[index] ?? 0)),
      executions: await tally.total(),
      attempts: attempts.length,
      dead: attempts.filter(({ state }) => state === 'dead').length,
    }
  }

  return {
    chain,
    database,
    tally,
    accepted,
    processes,
    start({ accessNode = chain.url, relay = {}, trap } = {}) {
      const started = startRelayProcess({
        accessNode,
        address,
        privateKey: bytesToHex(privateKey),
        store: database.store,
        cadence: tally.cadence,
        relay: { leaseMs, pollMs: 50, sendsPerSecond: 500, ...relay },
        trap,
      })
      processes.push(started)
      return started
    },
    audit,
    [Symbol.asyncDispose]: dispose,
  }
}

/** Waits until every job that some process accepted is done, by this one's count. */
export async function untilAllDone(
  world: Pick<RelayWorld, 'accepted'>,
  one: RelayProcess,
  deadlineMs = 60_000,
): Promise<void> {
  await one.ready
  await until(async () => {
    const { jobs } = await one.stats()
    const open = jobs.queued + jobs.claimed + jobs['in-flight']
    return open === 0 && jobs.done >= world.accepted().size
  }, deadlineMs)
}
