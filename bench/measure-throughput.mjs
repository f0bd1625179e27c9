/** Thousands of transactions from one account: the second half of the table. @module */
import * as fcl from '@onflow/fcl'
import { openDatabases } from './databases.mjs'
import { measureMutate, measureSubmit } from './fcl-throughput.mjs'
import { measureGovernor } from './governor-rate.mjs'
import { measureMemory, measureMemoryAt } from './memory.mjs'
import { measureMints, prepareDrop } from './mints.mjs'
import { importFromRoot } from './own-package.mjs'
import { measurePeer } from './peer-throughput.mjs'
import { measurePoolCost } from './pool-cost.mjs'
import { startProgram } from './program.mjs'
import { measureRelay } from './relay-throughput.mjs'
import { startServers } from './servers.mjs'
import {
  createFullKmsAccount,
  createKmsAccount,
  createSoftwareAccount,
  growServiceAccount,
} from './throughput-accounts.mjs'

const { startEmulator } = await importFromRoot('fcl-kms/testing')

/** Proposal keys of the accounts, and transactions that FCL sends at once. */
const KEYS = 200
const RELAYED = 2_000
/** About 2.5 s each way. */
const ROUNDS = 4
const BLOCK_MS = 250
/** As on mainnet: what FCL sends at once comes into one block or two. */
const MAINNET_BLOCK_MS = 800
/** For few transactions at a time. */
const SHORT_BLOCK_MS = 100
/** Long enough to submit between two blocks. */
const LONG_BLOCK_MS = 2_500
const MEMORY = { count: 10_000, warmUp: 2_000, step: 500 }

/**
 * @param {import('./scope.mjs').Scope} scope
 * @param {{ full: boolean }} options `full`: memory is measured on the emulator, too
 */
export async function measureThroughput(scope, { full }) {
  const { signal, say, stopAll } = scope
  const kms = await measureKmsAccount(scope)
  await stopAll()
  const software = await measureSoftwareAccount(scope)
  await stopAll()
  const poolCost = await measureCost(scope)
  await stopAll()
  const submit = await measureSubmission(scope)
  await stopAll()
  say('sending ten thousand transactions to a simulated node')
  const memory = { simulated: await measureMemory(MEMORY, scope) }
  if (full) memory.emulator = await measureMemoryOnEmulator(scope)
  await stopAll()
  say('keeping rates')
  const governor = await measureGovernor(signal)
  return { keys: KEYS, ...kms, ...software, poolCost, submit, memory, governor }
}

/** What is signed by the AWS endpoint. */
async function measureKmsAccount(scope) {
  const { signal, say } = scope
  say('starting servers, and an account of two KMS keys with 200 proposal keys')
  const servers = await startServers({ ...scope, blockTimeMs: MAINNET_BLOCK_MS })
  const { flow, kms, kmsConfig, kmsProxy } = servers
  const account = await createKmsAccount(flow, kms, KEYS)
  const full = await createFullKmsAccount(flow, kms)
  const url = await patient(flow.url, scope)
  fcl.config({ 'accessNode.api': url })
  say(`sending ${ROUNDS} times ${KEYS} transactions by fcl.mutate, and bare`)
  const mutate = await measureMutate({ url, kmsProxy }, account, {
    count: KEYS,
    rounds: ROUNDS,
    signal,
  })
  say('sending by fcl-kms-authorizer')
  const peer = await measurePeer(url, kmsConfig, full, { count: 20, signal })
  const { pglite } = await openDatabases(scope)
  say(`relaying ${RELAYED} transactions signed by KMS, and sending them bare`)
  const amounts = { count: RELAYED, signal }
  const relayKms = await measureRelay(flow.url, account, { pglite }, amounts)
  return { mutate, peer, relayKms }
}

/** What is signed in this process, so that nothing competes with the network for the processor. */
async function measureSoftwareAccount(scope) {
  const { signal, say } = scope
  const flow = await startEmulator({ blockTimeMs: BLOCK_MS, signal })
  scope.onStop(() => flow.stop())
  fcl.config({ 'accessNode.api': flow.url, 'flow.network': 'local', 'logger.level': 1 })
  const account = await growServiceAccount(flow, KEYS)
  const databases = await openDatabases(scope)
  const names = Object.keys(databases).join(' and ')
  say(`relaying ${RELAYED} transactions with ${names}, and sending them bare`)
  const relaySoftware = await measureRelay(flow.url, account, databases, { count: RELAYED, signal })
  say('minting')
  const drop = await prepareDrop(flow.url, account)
  const amounts = { singles: 60, batched: 1_600, rounds: 3, signal }
  const mints = await measureMints(flow.url, account, drop, amounts)
  return { relaySoftware, mints }
}

async function measureCost(scope) {
  scope.say('sending from pools of 10, 100 and 1,000 keys')
  const flow = await startEmulator({ blockTimeMs: SHORT_BLOCK_MS, signal: scope.signal })
  scope.onStop(() => flow.stop())
  return measurePoolCost(flow, { perRound: 20, rounds: 20, warmUp: 100, ...scope })
}

async function measureSubmission(scope) {
  scope.say('submitting with and without the sequence numbers of a pool')
  const flow = await startEmulator({ blockTimeMs: LONG_BLOCK_MS, signal: scope.signal })
  scope.onStop(() => flow.stop())
  const url = await patient(flow.url, scope)
  fcl.config({ 'accessNode.api': url })
  const account = await growServiceAccount(flow, KEYS)
  return measureSubmit(url, account, { count: KEYS, signal: scope.signal })
}

async function measureMemoryOnEmulator(scope) {
  scope.say('sending ten thousand transactions to an emulator')
  const flow = await startEmulator({ blockTimeMs: BLOCK_MS, signal: scope.signal })
  try {
    const { address, privateKey } = await createSoftwareAccount(flow, 500)
    return await measureMemoryAt({ url: flow.url, address, privateKey, ...MEMORY }, scope)
  } finally {
    await flow.stop()
  }
}

/** @returns The URL of a proxy that waits where the emulator is busy. */
async function patient(url, { signal, onStop }) {
  const proxy = startProgram('patient-proxy.mjs', { url }, { signal })
  onStop(proxy.stop)
  return (await proxy.next()).url
}
