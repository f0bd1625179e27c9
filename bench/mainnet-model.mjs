/**
 * How many transactions a second one account sends on a chain like mainnet: the real pool and relay
 * against a simulated node, with all times divided and all rates multiplied by one scale. @module
 */
import { importFromRoot } from './own-package.mjs'
import { startRelay } from './relay-throughput.mjs'
import { noop } from './rest-transaction.mjs'
import { simulatedAddress, startSimulatedNode } from './start-simulated-node.mjs'

const { createSigningGovernor, KmsAuthorizer } = await importFromRoot('fcl-kms')
const { createMemoryStore } = await importFromRoot('fcl-kms/stores')
const { createSoftwareSigner } = await importFromRoot('fcl-kms/testing')

/** What is known of mainnet and of the quotas around it, in real time. */
export const mainnet = {
  blockMs: 800,
  executionMs: 4_000,
  sealMs: 10_000,
  sendsPerSecond: 50,
  kmsPerSecond: 300,
  pollMs: 250,
}
/** Mints that fit into one transaction by its compute limit. */
export const mintsATransaction = 370
/** Full transactions a second that the network executes: it is laid out for 9,999 units in 333 ms. */
export const fullTransactionsASecond = 3

export const poolSizes = [10, 25, 50, 100, 200, 400, 800]
export const configurations = [
  { nodes: 1, regions: 1 },
  { nodes: 1, regions: 2 },
  { nodes: 4, regions: 1 },
  { nodes: 4, regions: 2 },
]

/** Two keys of 500 sign each transaction, by calls that count against one quota. */
const CALLS_A_TRANSACTION = 2
/** One core signs, sends and follows so many transactions a second without being what is measured. */
const MOST_A_SECOND = 200
const MAX_SCALE = 10
/** Of model time: until the pool is in its stride, and measured after that. */
const WARM_UP_S = 6
const MEASURED_S = 14

/** @returns {Promise<{ perSecond: number, scale: number }>} transactions executed, in real time */
export async function measurePoint({ keys, nodes, regions }, signal) {
  const scale = scaleOf({ keys, nodes, regions })
  const { blockMs, executionMs, sealMs, sendsPerSecond, kmsPerSecond, pollMs } = mainnet
  const signers = await makeSigners(regions)
  const [signer] = signers
  const settings = {
    nodes,
    keys,
    signer,
    blockMs: blockMs / scale,
    executionMs: executionMs / scale,
    sealMs: sealMs / scale,
    sendsPerSecond: sendsPerSecond * scale,
    // Without it the relay would wait a second, which no scale shortens.
    ...(scale === 1 ? {} : { retryAfter: '0' }),
  }
  const node = await startSimulatedNode(settings, signal)
  const ratePerSecond = Math.round((kmsPerSecond * scale) / CALLS_A_TRANSACTION)
  const governor = createSigningGovernor({ ratePerSecond })
  const authorizer = KmsAuthorizer.fromSigners(signers, {
    accessNode: node.urls[0],
    governor,
    replicas: 'together',
  })
  /** When each was told; some only when they were sealed already. */
  const executed = new Map()
  const jobs = { next: 0 }
  const relay = await startRelay(
    node.urls,
    { address: simulatedAddress, authorizer },
    {
      store: createMemoryStore(),
      pollMs: Math.round(pollMs / scale),
      sendsPerSecond: sendsPerSecond * scale,
      onEvent(event) {
        const { kind, transactionId } = event
        if ((kind === 'executed' || kind === 'sealed') && !executed.has(transactionId))
          executed.set(transactionId, performance.now())
      },
    },
  )
  try {
    const feed = setInterval(() => refill(relay, jobs, keys, executed), 10)
    await modelTime(WARM_UP_S)
    const started = performance.now()
    await modelTime(MEASURED_S)
    clearInterval(feed)
    const times = [...executed.values()].filter((at) => at >= started)
    return { perSecond: rateOf(times) / scale, scale }
  } finally {
    await relay.close({ timeoutMs: 1 })
    await node.stop()
  }

  async function modelTime(seconds) {
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, (seconds * 1_000) / scale))
  }
}

/** They come in waves, one with each block: the slope of their number against time, a second. */
function rateOf(times) {
  const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length
  const [middleAt, middleIndex] = [mean(times), (times.length - 1) / 2]
  let [covariance, variance] = [0, 0]
  for (const [index, at] of times.entries()) {
    covariance += (at - middleAt) * (index - middleIndex)
    variance += (at - middleAt) ** 2
  }
  return variance === 0 ? 0 : (1_000 * covariance) / variance
}

/** As fast as one core can follow, so that our own time weighs as little as it can. */
function scaleOf({ keys, nodes, regions }) {
  const { executionMs, sendsPerSecond, kmsPerSecond } = mainnet
  const signed = (regions * kmsPerSecond) / CALLS_A_TRANSACTION
  const expected = Math.min((keys * 1_000) / executionMs, nodes * sendsPerSecond, signed)
  return Math.max(1, Math.min(MAX_SCALE, Math.floor(MOST_A_SECOND / expected)))
}

/** One key, in each Region under a quota of its own. */
async function makeSigners(regions) {
  const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
  return Array.from({ length: regions }, (_, index) =>
    Object.freeze({ ...signer, id: `region-${index}`, quota: () => `region-${index}` }),
  )
}

/** There is always more to send than can be sent. */
function refill(relay, jobs, keys, executed) {
  while (jobs.next - executed.size < 3 * keys) {
    jobs.next += 1
    relay.submit({ id: `job-${jobs.next}`, cadence: noop, limit: 100 }).catch(() => undefined)
  }
}
