/** Thousands of transactions through the relay, beside a bare sender of the same on the same chain. @module */
import { sendBare, signBeforehand } from './bare-sender.mjs'
import { importFromRoot } from './own-package.mjs'
import { noop } from './rest-transaction.mjs'

const { createRelay } = await importFromRoot('fcl-kms/relay')
const { createSqlStore } = await importFromRoot('fcl-kms/stores')

/** More than any node here takes: the budget shall not be what is measured. */
const SENDS_PER_SECOND = 5_000

/**
 * The bare sender sends one half before the relay and one after it: what grows with the chain
 * strikes both alike.
 *
 * @param {string} url
 * @param account With `address` and `authorizer`, and proposal keys.
 * @param {Record<string, object>} databases by name
 * @param {{ count: number, signal: AbortSignal }} options
 * @returns Milliseconds to the last seal and how many were sealed: `bare`, and each database's
 */
export async function measureRelay(url, account, databases, { count, signal }) {
  const half = Math.ceil(count / 2)
  const before = await sendBare(url, await signBeforehand(url, account, half), signal)
  const relays = {}
  for (const [name, database] of Object.entries(databases)) {
    signal.throwIfAborted()
    relays[name] = await sendByRelay(url, account, database, count)
  }
  const rest = await signBeforehand(url, account, count - half)
  const after = await sendBare(url, rest, signal)
  const bare = { executed: before.executed + after.executed, ms: before.ms + after.ms }
  return { count, bare, relays }
}

async function sendByRelay(url, { address, authorizer }, database, count) {
  // A schema of its own: the keys of an earlier relay would be those of another chain.
  const store = await createSqlStore(database, { schema: `bench_${address.slice(2)}` })
  const relay = await startRelay(url, { address, authorizer }, { store })
  try {
    const started = performance.now()
    const jobs = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        relay.submit({ id: `job-${index}`, cadence: noop, limit: 100 }),
      ),
    )
    const storedMs = performance.now() - started
    const ends = await Promise.allSettled(jobs.map((job) => job.sealed()))
    const ms = performance.now() - started
    return { ms, storedMs, executed: ends.filter(({ status }) => status === 'fulfilled').length }
  } finally {
    await relay.close()
  }
}

/** @param {string | string[]} urls @param {object} options more of those of `createRelay`, `store` among them */
export const startRelay = (urls, { address, authorizer }, options) =>
  createRelay({
    accessNodes: [urls].flat(),
    address,
    authorizer,
    sendsPerSecond: SENDS_PER_SECOND,
    pollMs: 100,
    ...options,
  })
