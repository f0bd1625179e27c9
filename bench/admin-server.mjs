/** The admin server as it is built, in processes of its own: what it takes in, how soon it seals, memory. @module */
import { register } from 'node:module'
import { callForAWhile, connectionsOf } from './admin-callers.mjs'
import { measureAdminMemory } from './admin-memory.mjs'
import { startProgram } from './program.mjs'
import { percentile } from './statistics.mjs'

// The worlds of the tests start servers in the same way, and are written in TypeScript.
register('../test/support/load-typescript.mjs', import.meta.url)
const support = '../test/support/admin-server'
const { mintOf, startAdminChain } = await import(`${support}/world.ts`)
const { until } = await import('../test/support/until.ts')
const { startServerWorld } = await import(`${support}/process-world.ts`)
const { approve, ask } = await import(`${support}/process-load.ts`)
const { createFolderDatabase, hasPostgres, startPostgresHost } = await import(
  `${support}/process-database.ts`
)

const CALLERS = 64
const ROUND_MS = 5_000
const WARM_UP_MS = 3_000
const ROUNDS = 3
/** One after another, then all at once. */
const SEALED_ALONE = 20
const BLOCK_MS = 100
/** The relay as it comes, but for rates that no node here needs to be spared. */
const OPTIONS = {
  copies: 50,
  change: {
    relay: {
      ...{ sendsPerSecond: 500, kmsRequestsPerSecond: 1_000, maxOpenJobs: 100_000 },
      ...{ batchWaitMs: 50, leaseMs: 3_000, pollMs: 250 },
    },
  },
}

/**
 * @param {import('./scope.mjs').Scope} scope
 * @param {{ memoryMinutes: number }} options
 */
export async function measureAdmin(scope, { memoryMinutes }) {
  const { say, signal } = scope
  const own = (part) => {
    scope.onStop(() => part[Symbol.asyncDispose]())
    return part
  }
  say('starting servers, and accounts of two KMS keys')
  const chain = own(await startAdminChain({ blockTimeMs: BLOCK_MS }))
  const postgres = hasPostgres() ? own(await startPostgresHost()) : undefined
  const start = async (database) => own(await startServerWorld(chain, database, OPTIONS))
  const worlds = { pglite: await start(await createFolderDatabase()) }
  if (postgres !== undefined) worlds.postgres = await start(await postgres.createDatabase())
  const contestants = {}
  for (const [name, world] of Object.entries(worlds)) {
    const { url } = await world.startReady()
    const body = JSON.stringify({ items: [mintOf(world.treasury.recipient)] })
    contestants[name] = { url: `${url}/v1/mints`, body, token: world.tokens.shop }
  }
  if (postgres !== undefined) {
    const { url } = own(await postgres.createDatabase())
    const program = startProgram('admin-bare-server.mjs', { url }, { signal })
    scope.onStop(program.stop)
    const { port } = await program.next()
    const { body } = contestants.postgres
    contestants.bare = { url: `http://127.0.0.1:${port}/`, body }
  }
  say(`asking with ${CALLERS} callers, ${ROUNDS} times in turn`)
  const accept = await measureAcceptance(contestants, signal)
  for (const one of Object.values(worlds).flatMap((world) => world.alive()))
    await one.signal('SIGTERM')
  say('minting one after another')
  const seal = await measureSeal(await start(await createDatabase(postgres)))
  say(`minting for ${memoryMinutes} minutes`)
  const world = await start(await createDatabase(postgres))
  const memory = await measureAdminMemory(world, { minutes: memoryMinutes, ask, approve, signal })
  return { accept, callers: CALLERS, rounds: ROUNDS, roundMs: ROUND_MS, seal, memory }
}

const createDatabase = (postgres) =>
  postgres === undefined ? createFolderDatabase() : postgres.createDatabase()

async function measureAcceptance(contestants, signal) {
  const names = Object.keys(contestants)
  const results = Object.fromEntries(names.map((name) => [name, []]))
  const options = { callers: CALLERS, signal }
  for (const one of Object.values(contestants)) {
    one.agent = connectionsOf(CALLERS)
    await callForAWhile(one.url, { ...one, ...options, ms: WARM_UP_MS })
  }
  for (let round = 0; round < ROUNDS; round++)
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const one = contestants[name]
      results[name].push(await callForAWhile(one.url, { ...one, ...options, ms: ROUND_MS }))
    }
  for (const { agent } of Object.values(contestants)) agent.destroy()
  return Object.fromEntries(
    Object.entries(results).map(([name, rounds]) => {
      const took = rounds.flatMap((round) => round.took)
      return [
        name,
        {
          rates: rounds.map(({ accepted, ms }) => (1_000 * accepted) / ms),
          refused: rounds.reduce((sum, { refused }) => sum + refused, 0),
          p50: percentile(took, 0.5),
          p99: percentile(took, 0.99),
        },
      ]
    }),
  )
}

/** Asks the request itself: the figures of the server are a second old. */
async function untilFinished(world, id) {
  let request = { finishedAt: null }
  await until(async () => {
    request = (await world.insist('eve', 'GET', `/v1/mints/${id}`)).body
    return request.finishedAt !== null
  })
  return request
}

/** By the clock of the database: from the last approval to the request's end. */
async function measureSeal(world) {
  await world.startReady()
  const took = []
  for (let index = 0; index < SEALED_ALONE; index++) {
    const { id, digest } = await ask(world, `alone-${index}`, 1)
    await approve(world, id, digest)
    const { approvals, finishedAt } = await untilFinished(world, id)
    took.push(Date.parse(finishedAt) - Date.parse(approvals[0].at))
  }
  for (const one of world.alive()) await one.signal('SIGTERM')
  const [p50, p99] = [percentile(took, 0.5), percentile(took, 0.99)]
  return { p50, p99, count: SEALED_ALONE, blockMs: BLOCK_MS }
}
